// dot-inl.h: products of 8-bit integers, four to a 32-bit lane: sum += x w for the four bytes of each. x lies in
// -127..127 and w in -127..127, and every path gives the same integers. Which one it is, is a matter of what the
// instruction set multiplies:
//   U_DOT_MAGNITUDE  unsigned by signed bytes (AVX2, AVX-512 VNNI, relaxed WASM): |x| by w, negated where x is
//   negative.
//                    ~w is -w - 1 and costs one instruction less than -w, so sums are too small by |x| for each
//                    negative x, whatever the weights: they start from dot_start(x) instead of 0. A pair is at most 127
//                    * 127 + 127 * 128 = 32385 in size: what x86 and WASM may add up in 16 bits never saturates.
//   U_DOT_PAIRS      pairs of 16-bit integers (SSE2, AVX-512 without VNNI, WASM): bytes 0, 2 and bytes 1, 3 of a lane
//   neither          16-bit products by vector extensions (NEON): a sum of two, at most 32258, still fits. A test
//                    compiles it for the others too.

typedef int8_t vb __attribute__((vector_size(4 * U_LANES)));
typedef int16_t vh __attribute__((vector_size(4 * U_LANES)));

#if defined(U_DOT_PORTABLE)
#elif U_LANES == 8 || defined(__wasm_relaxed_simd__)
#define U_DOT_MAGNITUDE
#elif U_LANES == 16 || defined(__SSE2__) || defined(__wasm_simd128__)
#define U_DOT_PAIRS
#endif

// What n bytes of x, as magnitudes and flipped weights, leave out of every sum.
U_INLINE int32_t magnitude_start(const int8_t* x, int n) {
  int32_t start = 0;
  for (int k = 0; k < n; k++) start -= x[k] < 0 ? x[k] : 0;
  return start;
}

// |x|, and all ones where x is negative.
struct MagnitudeFactor {
  vb magnitude, negative;
};
U_INLINE MagnitudeFactor magnitude_factor(vi x) {
  const vb bytes = (vb)x, negative = bytes < 0;
  return {bytes < 0 ? -bytes : bytes, negative};
}
U_INLINE vb flipped(vi w, vb negative) { return (vb)w ^ negative; }

#ifdef U_DOT_MAGNITUDE

typedef MagnitudeFactor DotFactor;
U_INLINE int32_t dot_start(const int8_t* x, int n) { return magnitude_start(x, n); }
U_INLINE DotFactor dot_factor(vi x) { return magnitude_factor(x); }

U_INLINE vi dot4(vi sum, const DotFactor& x, vi w) {
#ifdef __wasm_relaxed_simd__
  // Not the instruction that also adds to the sum, which clang would make of extadd_pairwise: the baseline compiler of
  // V8 11.3 (Node 20) gets that one wrong.
  const vh pairs = __builtin_wasm_relaxed_dot_i8x16_i7x16_s_i16x8(flipped(w, x.negative), x.magnitude);
  return sum + __builtin_wasm_dot_s_i32x4_i16x8(pairs, (vh)splat_int(0x10001));
#else
  typedef char vc __attribute__((vector_size(4 * U_LANES)));  // as the compilers declare their builtins
  const vh pairs = __builtin_ia32_pmaddubsw256((vc)x.magnitude, (vc)flipped(w, x.negative));
  return sum + __builtin_ia32_pmaddwd256(pairs, (vh)splat_int(0x10001));
#endif
}

#else

struct DotFactor {
  vh even, odd;
};
U_INLINE int32_t dot_start(const int8_t*, int) { return 0; }
U_INLINE vh even_bytes(vi x) { return (vh)x << 8 >> 8; }
U_INLINE vh odd_bytes(vi x) { return (vh)x >> 8; }
U_INLINE DotFactor dot_factor(vi x) { return {even_bytes(x), odd_bytes(x)}; }

#ifdef U_DOT_PAIRS
// a[2i] b[2i] + a[2i+1] b[2i+1]
U_INLINE vi pair_products(vh a, vh b) {
#if defined(__wasm_simd128__)
  return __builtin_wasm_dot_s_i32x4_i16x8(a, b);
#elif U_LANES == 16 && defined(__clang__)
  return __builtin_ia32_pmaddwd512(a, b);
#elif U_LANES == 16
  return __builtin_ia32_pmaddwd512_mask(a, b, vi{}, 0xffff);
#else
  return __builtin_ia32_pmaddwd128(a, b);
#endif
}
U_INLINE vi dot4(vi sum, const DotFactor& x, vi w) {
  return sum + (pair_products(even_bytes(w), x.even) + pair_products(odd_bytes(w), x.odd));
}
#else
U_INLINE vi dot4(vi sum, const DotFactor& x, vi w) {
  const vi pairs = (vi)(even_bytes(w) * x.even + odd_bytes(w) * x.odd);
  return sum + (pairs << 16 >> 16) + (pairs >> 16);
}
#endif

#endif

#if U_LANES == 16 && !defined(U_DOT_PORTABLE)
#define U_DOT_VNNI
// For CPUs with AVX-512 VNNI, which multiplies and adds at one go: magnitudes and flipped weights again. As assembly
// because the instruction is not in the set that this file is compiled for: only who has asked has_vnni may come here.
// Sums start from magnitude_start(x).
// The operands are, in this syntax, the signed factor, the unsigned one and the sum.
U_INLINE bool has_vnni() { return __builtin_cpu_supports("avx512vnni"); }
U_INLINE vi vnni_dot4(vi sum, const MagnitudeFactor& x, vi w) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x.magnitude), "v"(flipped(w, x.negative)));
  return sum;
}
#endif

#undef U_DOT_MAGNITUDE
#undef U_DOT_PAIRS
