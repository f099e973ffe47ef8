// target-inl.h: every kernel, compiled for one instruction set. A file of native/targets/ sets U_TARGET (the namespace)
// and U_LANES and switches the compiler's target on before it includes this. No STL here: an inlined library function
// compiled with AVX could be the copy the linker keeps for a CPU without it.
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "runtime/ctx.h"

namespace unrolled {
namespace U_TARGET {

#ifdef U_EXPORT_KERNELS  // WASM: the kernels are the module's exports
#define U_KERNEL(name) extern "C" int32_t u_##name
#else
#define U_KERNEL(name) static int32_t name
#endif
#include "abi.h"

#include "simd/vec-inl.h"
#include "simd/math-inl.h"
#include "simd/dot-inl.h"
#include "parallel-inl.h"
#include "gemm.h"
#include "gemm-inl.h"
#include "ops/common-inl.h"
#include "ops/elementwise-inl.h"
#include "ops/rows-inl.h"
#include "ops/pooling-inl.h"
U_O2_BEGIN
#include "ops/shape-inl.h"
#include "ops/matrix-inl.h"
U_O2_END
U_SMALL_BEGIN
#include "ops/optim-inl.h"
#include "ops/losses-inl.h"
#include "ops/ctc-inl.h"
U_SMALL_END
#include "ops/probes-inl.h"
#include "recurrent/recurrent-inl.h"
#include "recurrent/general-inl.h"
#include "recurrent/quantized-inl.h"

#ifndef U_EXPORT_KERNELS
#include "generated/calls-inl.h"
#endif

}  // namespace U_TARGET
}  // namespace unrolled
#undef U_KERNEL
#undef U_INLINE
#undef U_INLINE_METHOD
#undef U_UNROLL
#undef U_DOT_VNNI
#undef U_CELLS
#undef U_O2_BEGIN
#undef U_O2_END
#undef U_SMALL_BEGIN
#undef U_SMALL_END
