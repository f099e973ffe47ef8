// calls.h: the call tables, one per instruction set in the build. The addon indexes them by the generated kernel
// numbers.
#ifndef UNROLLED_CALLS_H
#define UNROLLED_CALLS_H
#include "ctx.h"

// Reads a kernel's arguments from a frame of doubles (pointers as addresses), calls it, returns its status.
typedef int32_t (*u_call)(u_ctx* ctx, const double* frame);

namespace unrolled {
const u_call* calls_avx512();
const u_call* calls_avx2();
const u_call* calls_sse();
const u_call* calls_neon();
}  // namespace unrolled
#endif
