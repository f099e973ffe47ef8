// ctx.cc: opens and closes an environment, and knows which instruction sets this build and this CPU have.
#include "ctx.h"

#include <stdlib.h>

#if defined(__x86_64__) || defined(_M_X64)
#define U_X86 1
#endif

static const size_t kAlign = 64;

// malloc's pointer is kept just before the aligned block. null on overflow too.
static float* aligned_floats(size_t count, size_t times) {
  const size_t extra = kAlign + sizeof(void*);
  if (times && count > (SIZE_MAX - extra) / sizeof(float) / times) return nullptr;
  char* raw = static_cast<char*>(malloc(count * times * sizeof(float) + extra));
  if (!raw) return nullptr;
  const uintptr_t first = reinterpret_cast<uintptr_t>(raw) + sizeof(void*);
  char* aligned = reinterpret_cast<char*>((first + kAlign - 1) & ~static_cast<uintptr_t>(kAlign - 1));
  reinterpret_cast<void**>(aligned)[-1] = raw;
  return reinterpret_cast<float*>(aligned);
}

static void aligned_free(float* p) {
  if (p) free(reinterpret_cast<void**>(p)[-1]);
}

extern "C" {

u_ctx* u_open(int isa, int threads) {
  if (!u_isa_supported(isa)) return nullptr;
  u_ctx* ctx = static_cast<u_ctx*>(calloc(1, sizeof(u_ctx)));
  if (!ctx) return nullptr;
  ctx->isa = isa;
  ctx->pack_floats = U_PACK_FLOATS;
  if (u_set_threads(ctx, threads) == U_OK) return ctx;
  free(ctx);
  return nullptr;
}

void u_close(u_ctx* ctx) {
  if (!ctx) return;
  u_pool_close(ctx->pool);
  aligned_free(ctx->pack);
  free(ctx);
}

int u_set_threads(u_ctx* ctx, int threads) {
  if (threads < 1) threads = 1;
  if (threads > U_MAX_THREADS) threads = U_MAX_THREADS;
  if (threads == ctx->threads) return U_OK;
  u_pool* pool = u_pool_open(threads);
  const int started = u_pool_threads(pool);
  float* pack = aligned_floats(ctx->pack_floats, static_cast<size_t>(started));
  if (!pack) {
    u_pool_close(pool);
    return U_ERR_SIZE;
  }
  u_pool_close(ctx->pool);
  aligned_free(ctx->pack);
  ctx->pool = pool;
  ctx->pack = pack;
  ctx->threads = started;
  for (int k = 0; k < started; k++) ctx->share[k] = 1.0f / static_cast<float>(started);
  return U_OK;
}

int u_isa_supported(int isa) {
  switch (isa) {
#ifdef U_X86
    case U_ISA_SSE:
      return 1;
    // These look at the operating system's support for the wide registers too.
    case U_ISA_AVX2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case U_ISA_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma");
#elif defined(__aarch64__) || defined(_M_ARM64)
    case U_ISA_NEON:
      return 1;
#elif defined(__wasm_relaxed_simd__)
    case U_ISA_WASM_RELAXED:
      return 1;
#elif defined(__wasm_simd128__)
    case U_ISA_WASM:
      return 1;
#endif
    default:
      return 0;
  }
}

int u_isa_best(void) {
  const int fastest_first[] = {U_ISA_AVX512, U_ISA_AVX2, U_ISA_SSE, U_ISA_NEON, U_ISA_WASM_RELAXED, U_ISA_WASM};
  for (int isa : fastest_first)
    if (u_isa_supported(isa)) return isa;
  return U_ISA_SCALAR;
}

const char* u_isa_name(int isa) {
  switch (isa) {
    case U_ISA_AVX512:
      return "avx512";
    case U_ISA_AVX2:
      return "avx2";
    case U_ISA_SSE:
      return "sse";
    case U_ISA_NEON:
      return "neon";
    case U_ISA_WASM:
      return "wasm-simd";
    case U_ISA_WASM_RELAXED:
      return "wasm-relaxed-simd";
    default:
      return "scalar";
  }
}

int u_abi_version(void) { return UNROLLED_ABI_VERSION; }

}  // extern "C"
