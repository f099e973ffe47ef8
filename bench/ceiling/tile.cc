// tile.cc: a product's innermost loop alone, on operands that lie in the first-level cache, and multiply-adds in
// registers. What this reaches, no product of the same shape does better. Compiled once for each instruction set, by
// ceiling.mjs:
//   LANES   floats a register                     ROWS, VECTORS   the register tile, as in native/gemm-inl.h
//   FUSED   multiply-add is one instruction; without it a multiplication and an addition
//   BY_HAND (x86, 4 x 2 vectors of 4, not fused) the loop in assembly, four multiplications before their four additions
typedef float vf __attribute__((vector_size(4 * LANES)));
typedef float vf_unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

constexpr int DEPTH = 256;
float left[ROWS * DEPTH], right[VECTORS * LANES * DEPTH], out[ROWS * VECTORS * LANES];
// Unknown to the compiler.
float* volatile operands[3] = {left, right, out};

static inline vf load(const float* p) { return *(const vf_unaligned*)p; }
static inline void multiply_add(vf& sum, vf a, vf b) {
#if defined(__wasm__) && defined(FUSED)
  sum = __builtin_wasm_relaxed_madd_f32x4(a, b, sum);
#else
  sum += a * b;  // the compiler fuses it where it may
#endif
}

// out = left^T right, all the depth.
static __attribute__((noinline)) void tile(const float* a, const float* b, float* c) {
#ifdef BY_HAND
  long k = DEPTH;
  asm volatile(
      ".intel_syntax noprefix\n"
      "vxorps xmm0, xmm0, xmm0\n vxorps xmm1, xmm1, xmm1\n vxorps xmm2, xmm2, xmm2\n vxorps xmm3, xmm3, xmm3\n"
      "vxorps xmm4, xmm4, xmm4\n vxorps xmm5, xmm5, xmm5\n vxorps xmm6, xmm6, xmm6\n vxorps xmm7, xmm7, xmm7\n"
      ".p2align 6\n"
      "1:\n"
      "vmovups xmm8, [%1]\n vmovups xmm9, [%1+16]\n"
      "vbroadcastss xmm10, [%0]\n vbroadcastss xmm11, [%0+4]\n"
      "vmulps xmm12, xmm10, xmm8\n vmulps xmm13, xmm10, xmm9\n vmulps xmm14, xmm11, xmm8\n vmulps xmm15, xmm11, xmm9\n"
      "vaddps xmm0, xmm0, xmm12\n vaddps xmm1, xmm1, xmm13\n vaddps xmm2, xmm2, xmm14\n vaddps xmm3, xmm3, xmm15\n"
      "vbroadcastss xmm10, [%0+8]\n vbroadcastss xmm11, [%0+12]\n"
      "vmulps xmm12, xmm10, xmm8\n vmulps xmm13, xmm10, xmm9\n vmulps xmm14, xmm11, xmm8\n vmulps xmm15, xmm11, xmm9\n"
      "vaddps xmm4, xmm4, xmm12\n vaddps xmm5, xmm5, xmm13\n vaddps xmm6, xmm6, xmm14\n vaddps xmm7, xmm7, xmm15\n"
      "add %0, 16\n add %1, 32\n dec %2\n jnz 1b\n"
      "vmovups [%3], xmm0\n vmovups [%3+16], xmm1\n vmovups [%3+32], xmm2\n vmovups [%3+48], xmm3\n"
      "vmovups [%3+64], xmm4\n vmovups [%3+80], xmm5\n vmovups [%3+96], xmm6\n vmovups [%3+112], xmm7\n"
      ".att_syntax\n"
      : "+r"(a), "+r"(b), "+r"(k)
      : "r"(c)
      : "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
        "xmm12", "xmm13", "xmm14", "xmm15");
#else
  vf sum[ROWS][VECTORS] = {};
  for (int k = 0; k < DEPTH; k++, a += ROWS, b += VECTORS * LANES) {
    vf row[VECTORS];
    UNROLL for (int v = 0; v < VECTORS; v++) row[v] = load(b + v * LANES);
    UNROLL for (int r = 0; r < ROWS; r++) {
      const vf factor = a[r] - vf{};
      UNROLL for (int v = 0; v < VECTORS; v++) multiply_add(sum[r][v], factor, row[v]);
    }
  }
  UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int v = 0; v < VECTORS; v++) *
      (vf_unaligned*)(c + (r * VECTORS + v) * LANES) = sum[r][v];
#endif
}

extern "C" {

// Floating-point operations of `times` tiles.
double tiles(int times) {
  for (int k = 0; k < times; k++) tile(operands[0], operands[1], operands[2]);
  return 2.0 * ROWS * VECTORS * LANES * DEPTH * times;
}

// Floating-point operations on registers alone, in as many chains as hide the latency.
double registers(int times) {
  constexpr int CHAINS = 12;
  const vf factor = operands[0][0] - vf{}, addend = operands[1][0] - vf{};
  vf chain[CHAINS];
  UNROLL for (int i = 0; i < CHAINS; i++) chain[i] = operands[1][i] - vf{};
  for (int r = 0; r < times * DEPTH; r++) {
    UNROLL for (int i = 0; i < CHAINS; i++) {
      vf sum = addend;
      multiply_add(sum, chain[i], factor);
      chain[i] = sum;
    }
  }
  vf sum = {};
  UNROLL for (int i = 0; i < CHAINS; i++) sum += chain[i];
  *(vf_unaligned*)operands[2] = sum;
  return 2.0 * CHAINS * LANES * DEPTH * times;
}
}

#ifndef __wasm__
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

// tile ROUNDS: GFLOP/s of both, the best of so many rounds.
int main(int, char** argv) {
  for (double (*measure)(int) : {tiles, registers}) {
    double best = 0;
    for (int round = atoi(argv[1]); round-- > 0;) {
      const auto begun = std::chrono::steady_clock::now();
      const double flops = measure(4000);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
      if (flops / seconds.count() > best) best = flops / seconds.count();
    }
    printf("%.2f\n", best / 1e9);
  }
}
#endif
