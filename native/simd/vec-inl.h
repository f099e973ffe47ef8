// vec-inl.h: the lane type of one instruction set. Included once per target, inside its namespace; U_LANES floats a
// register. Vectors are GNU vector extensions: width must equal the register's, and no vector crosses a call that is
// not inlined. No include guard: re-included on purpose.

#define U_INLINE static inline __attribute__((always_inline, unused))
#define U_INLINE_METHOD inline __attribute__((always_inline))

// What is compiled between these need not be unrolled as far as a compiler would go: everybody has to install it.
#if defined(__GNUC__) && !defined(__clang__)
#define U_O2_BEGIN _Pragma("GCC push_options") _Pragma("GCC optimize(\"O2\")")
#define U_O2_END _Pragma("GCC pop_options")
#else
#define U_O2_BEGIN
#define U_O2_END
#endif
// The same, and in WASM, which a page has to load, as small as it gets.
#ifdef __wasm__
#define U_SMALL_BEGIN _Pragma("clang attribute push(__attribute__((minsize)), apply_to = function)")
#define U_SMALL_END _Pragma("clang attribute pop")
#else
#define U_SMALL_BEGIN U_O2_BEGIN
#define U_SMALL_END U_O2_END
#endif

constexpr int LANES = U_LANES;
typedef float vf __attribute__((vector_size(4 * U_LANES)));
typedef int32_t vi __attribute__((vector_size(4 * U_LANES)));
typedef float vf_unaligned __attribute__((vector_size(4 * U_LANES), aligned(4), may_alias));

U_INLINE vf load(const float* p) { return *(const vf_unaligned*)p; }
U_INLINE void store(float* p, vf v) { *(vf_unaligned*)p = v; }
U_INLINE vf splat(float x) { return x - (vf){}; }
U_INLINE vi splat_int(int32_t x) { return x - (vi){}; }
U_INLINE vf zero() { return (vf){}; }

// The first n lanes, 0 < n <= LANES; the others are 0. For tails: never reads or writes past n.
U_INLINE vf load_n(const float* p, int n) {
  vf v = {};
  __builtin_memcpy(&v, p, 4 * (size_t)n);
  return v;
}
U_INLINE void store_n(float* p, vf v, int n) { __builtin_memcpy(p, &v, 4 * (size_t)n); }

// The first min(n, LANES) lanes, n > 0.
U_INLINE vf load_up_to(const float* p, int n) { return n >= LANES ? load(p) : load_n(p, n); }
U_INLINE void store_up_to(float* p, vf v, int n) {
  if (n >= LANES) {
    store(p, v);
  } else {
    store_n(p, v, n);
  }
}

// Lanewise choice: mask lanes are all ones or all zeros, as comparisons give.
U_INLINE vf select(vi mask, vf a, vf b) { return mask ? a : b; }
// Whether a mask is set in every lane.
U_INLINE bool all(vi mask) {
#if U_LANES == 16
  return (uint16_t)__builtin_ia32_cvtd2mask512(mask) == 0xffff;
#elif U_LANES == 8
  return __builtin_ia32_movmskps256((vf)mask) == 0xff;
#elif defined(__x86_64__) || defined(_M_X64)
  return __builtin_ia32_movmskps((vf)mask) == 0xf;
#elif defined(__wasm_simd128__)
  return __builtin_wasm_all_true_i32x4(mask);
#else
  return (mask[0] & mask[1] & mask[2] & mask[3]) != 0;
#endif
}
// Where either is NaN the result is b.
#ifdef __wasm_simd128__
// Written out because clang takes the comparison below for relaxed_max, which may drop the NaN.
U_INLINE vf vmax(vf a, vf b) { return __builtin_wasm_pmax_f32x4(b, a); }
U_INLINE vf vmin(vf a, vf b) { return __builtin_wasm_pmin_f32x4(b, a); }
#else
U_INLINE vf vmax(vf a, vf b) { return a > b ? a : b; }
U_INLINE vf vmin(vf a, vf b) { return a < b ? a : b; }
#endif

// Sum of the lanes by halving, the same order on every call: results do not depend on who calls.
U_INLINE float sum_lanes(vf v) {
#if U_LANES == 16
  v += __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
  v += __builtin_shufflevector(v, v, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3);
#elif U_LANES == 8
  v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3);
  v += __builtin_shufflevector(v, v, 2, 3, 2, 3, 2, 3, 2, 3);
#else
  v += __builtin_shufflevector(v, v, 2, 3, 2, 3);
#endif
  return v[0] + v[1];
}

// a0 b0 a1 b1 ... of the lower halves, and of the upper halves.
U_INLINE vf zip_low(vf a, vf b) {
#if U_LANES == 16
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
#elif U_LANES == 8
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
#else
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
#endif
}
U_INLINE vf zip_high(vf a, vf b) {
#if U_LANES == 16
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif U_LANES == 8
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
}

// Completely unrolls the loop below it: what keeps a tile of accumulators in registers.
#ifdef __clang__
#define U_UNROLL _Pragma("unroll")
#else
#define U_UNROLL _Pragma("GCC unroll 32")
#endif

// Transposes LANES vectors in place: log2(LANES) perfect shuffles.
U_INLINE void transpose_lanes(vf (&v)[LANES]) {
  U_UNROLL for (int round = 1; round < LANES; round *= 2) {
    vf next[LANES];
    U_UNROLL for (int i = 0; i < LANES / 2; i++) {
      next[2 * i] = zip_low(v[i], v[i + LANES / 2]);
      next[2 * i + 1] = zip_high(v[i], v[i + LANES / 2]);
    }
    U_UNROLL for (int i = 0; i < LANES; i++) v[i] = next[i];
  }
}
