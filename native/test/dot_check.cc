// dot_check.cc: the 8-bit products of simd/dot-inl.h against plain integers, for every path that this CPU can run. What
// it cannot run is put together from its parts: the path of vector extensions at 16 lanes, and that of AVX-512 VNNI
// with the one instruction written out. From the top of the repository:
//   g++ -std=gnu++17 -O2 -pthread native/test/dot_check.cc native/runtime/*.cc -o check && ./check
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../runtime/ctx.h"

static bool failed = false;
static void report(const char* name, const char* what, bool ok) {
  std::printf("%s %-10s %s\n", ok ? "ok  " : "FAIL", name, what);
  if (!ok) failed = true;
}

// Numbers in -127..127, the largest ones often, and with kind 0 no others.
static int8_t byte_of(int kind, unsigned* seed) {
  const unsigned bits = (*seed = *seed * 1664525u + 1013904223u) >> 8;
  if (kind == 0 || bits % 4 == 0) return bits & 16 ? 127 : -127;
  return (int8_t)((int)(bits / 32 % 255) - 127);
}

constexpr int GROUPS = 37;

#pragma GCC diagnostic ignored "-Wunused-function"  // the matrix product, which comes along
#define U_BODY "dot_check-inl.h"
#include "targets-inl.h"

// Vectors wider than the registers: slow, and not to be passed to code compiled otherwise, which nobody does here.
#pragma GCC diagnostic ignored "-Wpsabi"
#define U_DOT_PORTABLE
#define U_TARGET portable
#define U_LANES 16
#include "parts-inl.h"
#undef U_TARGET
#undef U_LANES

int main() {
#if defined(__x86_64__) || defined(_M_X64)
  if (u_isa_supported(U_ISA_AVX512)) unrolled::avx512::check("avx512");
  if (u_isa_supported(U_ISA_AVX2)) unrolled::avx2::check("avx2");
  unrolled::sse::check("sse");
#elif defined(__aarch64__)
  unrolled::neon::check("neon");
#else
  unrolled::wasm::check("wasm");
#endif
  unrolled::portable::check("portable");
  return failed;
}
