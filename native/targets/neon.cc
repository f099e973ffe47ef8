// neon.cc: the kernels for 64-bit ARM, whose baseline has NEON with fused multiply-add. Empty on other architectures.
#if defined(__aarch64__) || defined(_M_ARM64)
#include "../runtime/calls.h"

#define U_TARGET neon
#define U_LANES 4
#include "../target-inl.h"
#undef U_TARGET
#undef U_LANES

const u_call* unrolled::calls_neon() { return unrolled::neon::table; }
#endif
