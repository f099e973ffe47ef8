// wasm.cc: the kernels for WASM SIMD, with relaxed SIMD (fused multiply-add) where the compiler is told so. They are
// the module's exports, u_<kernel>, so there is no call table. Empty on other architectures.
#ifdef __wasm_simd128__
#include "../runtime/ctx.h"

#define U_TARGET wasm
#define U_LANES 4
#define U_EXPORT_KERNELS
#include "../target-inl.h"
#endif
