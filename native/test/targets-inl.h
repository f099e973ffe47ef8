// targets-inl.h: compiles U_BODY once for each instruction set of this architecture, in namespaces, as native/targets
// do, but with the parts below the kernels only: what check.cc and bench.cc look at.
#if defined(__x86_64__) || defined(_M_X64)

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")
#endif
#define U_TARGET avx512
#define U_LANES 16
#include "parts-inl.h"
#undef U_TARGET
#undef U_LANES
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define U_TARGET avx2
#define U_LANES 8
#include "parts-inl.h"
#undef U_TARGET
#undef U_LANES
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#define U_TARGET sse

#elif defined(__aarch64__)
#define U_TARGET neon
#else
#define U_TARGET wasm
#endif

#define U_LANES 4
#include "parts-inl.h"
#undef U_TARGET
#undef U_LANES
