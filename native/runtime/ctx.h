// ctx.h: what one environment owns: the instruction set's kernels, its threads, its packing buffers.
// Compiled for the baseline instruction set; kernels see only this header.
#ifndef UNROLLED_CTX_H
#define UNROLLED_CTX_H
#include <stddef.h>
#include <stdint.h>

#include "../abi.h"

struct u_pool;  // threads; null in builds without them

enum {
  U_MAX_THREADS = 64,
  U_PACK_FLOATS = 192 * 1024  // of packing buffer a thread: blocks of both operands of a product
};

struct u_ctx {
  int isa;       // u_isa
  int threads;   // at least 1, counting the caller
  u_pool* pool;  // null when threads == 1
  // Scratch of the matrix products, one slice a thread, 64-byte aligned; allocated at open so that kernels never
  // allocate.
  float* pack;  // [threads * pack_floats]
  size_t pack_floats;
  // What part of a job each thread can do while the others do theirs: see parallel-inl.h, in_shares.
  float share[U_MAX_THREADS];
};

enum u_isa {
  U_ISA_SCALAR = 0,
  U_ISA_SSE = 1,
  U_ISA_AVX2 = 2,
  U_ISA_AVX512 = 3,
  U_ISA_NEON = 4,
  U_ISA_WASM = 5,
  U_ISA_WASM_RELAXED = 6
};

extern "C" {
// null if out of memory, or if this build or CPU has no such isa (u_isa_best, u_isa_supported). Threads beyond
// U_MAX_THREADS, or that the system refuses, are done without: ctx->threads tells.
u_ctx* u_open(int isa, int threads);
void u_close(u_ctx* ctx);                    // joins the threads
int u_set_threads(u_ctx* ctx, int threads);  // status
int u_isa_best(void);
int u_isa_supported(int isa);
const char* u_isa_name(int isa);  // 'avx512', 'avx2', 'sse', 'neon', 'wasm-simd', 'wasm-relaxed-simd'
int u_abi_version(void);
}

// Runs task(arg, k, thread) for k = 0..tasks-1 over the context's threads and returns when all are done. Which thread
// runs which task never matters to the result: tasks write disjoint outputs and no sum is split between them.
void u_parallel(u_ctx* ctx, void (*task)(void* arg, int k, int thread), void* arg, int tasks);

// pool.cc. Starts up to `threads` - 1 threads beside the caller; null if there is none to start. u_pool_threads counts
// the caller.
u_pool* u_pool_open(int threads);
int u_pool_threads(const u_pool* pool);
void u_pool_close(u_pool* pool);
// A clock that only goes forward, in nanoseconds; where there is one thread only, it may stand still.
uint64_t u_now(void);
#endif
