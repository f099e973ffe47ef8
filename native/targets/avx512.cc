// avx512.cc: the kernels for x86-64 with AVX-512. Empty on other architectures.
#if defined(__x86_64__) || defined(_M_X64)
#include "../runtime/calls.h"

// The library's own headers come first: nothing that is not a kernel may be compiled for this instruction set.
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")
#endif
#define U_TARGET avx512
#define U_LANES 16
#include "../target-inl.h"
#undef U_TARGET
#undef U_LANES
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const u_call* unrolled::calls_avx512() { return unrolled::avx512::table; }
#endif
