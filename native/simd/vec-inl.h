// vec-inl.h: the lane type of one instruction set. Included once per target, inside its namespace; U_LANES floats a register.
// Vectors are GNU vector extensions: width must equal the register's, and no vector crosses a call that is not inlined.
// No include guard: re-included on purpose.

#define U_INLINE static inline __attribute__((always_inline))

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

// Lanewise choice: mask lanes are all ones or all zeros, as comparisons give.
U_INLINE vf select(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }
U_INLINE vf vmax(vf a, vf b) { return select(a > b, a, b); }
U_INLINE vf vmin(vf a, vf b) { return select(a < b, a, b); }

// Sum of the lanes by halving, the same order on every call: results do not depend on who calls.
U_INLINE float sum_lanes(vf v) {
  float lane[LANES];
  store(lane, v);
  for (int half = LANES / 2; half; half /= 2)
    for (int k = 0; k < half; k++) lane[k] += lane[k + half];
  return lane[0];
}
