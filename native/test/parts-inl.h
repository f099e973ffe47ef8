// parts-inl.h: the lane type, the functions over it and the matrix product in one instruction set's namespace, then
// U_BODY.
namespace unrolled {
namespace U_TARGET {
#include "../simd/vec-inl.h"
#include "../simd/math-inl.h"
#include "../simd/dot-inl.h"
#include "../parallel-inl.h"
#include "../gemm.h"
#include "../gemm-inl.h"
#include U_BODY
}  // namespace U_TARGET
}  // namespace unrolled
#undef U_INLINE
#undef U_INLINE_METHOD
#undef U_UNROLL
#undef U_O2_BEGIN
#undef U_O2_END
#undef U_SMALL_BEGIN
#undef U_SMALL_END
#undef U_DOT_VNNI
