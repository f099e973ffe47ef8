// sse.cc: the kernels for any x86-64: SSE2, no fused multiply-add. Empty on other architectures.
#if defined(__x86_64__) || defined(_M_X64)
#include "../runtime/calls.h"

// Smaller, not as fast: few CPUs are left that take this path, and everybody has to install it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2")
#endif
#define U_TARGET sse
#define U_LANES 4
#include "../target-inl.h"
#undef U_TARGET
#undef U_LANES

const u_call* unrolled::calls_sse() { return unrolled::sse::table; }
#endif
