// check.cc: the parts below the kernels, on every instruction set of this CPU: the errors of exp, log, tanh and sigmoid
// over millions of floats, and the matrix product against a plain one in double. From the top of the repository:
//   g++ -std=gnu++17 -O2 -ffp-contract=fast -pthread native/test/check.cc native/runtime/*.cc -o check && ./check
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../runtime/ctx.h"

static bool failed = false;

static void report(const char* isa, const char* what, double measured, double allowed) {
  const bool ok = measured <= allowed;  // false for NaN
  std::printf("%s %-7s %-40s %.3g (at most %.3g)\n", ok ? "ok  " : "FAIL", isa, what, measured, allowed);
  if (!ok) failed = true;
}

// Error of `got` in units of the last place of a float near `exact`; two infinities or two NaNs agree.
static double ulps(float got, double exact) {
  if (std::isnan(exact) || std::isnan(got)) return std::isnan(exact) && std::isnan(got) ? 0 : 1e9;
  const float near = (float)exact;
  if (std::isinf(near) || std::isinf(got)) return near == got ? 0 : 1e9;
  int exponent;
  std::frexp(exact, &exponent);
  const double unit = std::ldexp(1.0, exponent - 24 < -149 ? -149 : exponent - 24);
  return std::fabs((double)got - exact) / unit;
}

#define U_BODY "check-inl.h"
#include "targets-inl.h"

int main() {
#if defined(__x86_64__) || defined(_M_X64)
  unrolled::avx512::check(U_ISA_AVX512);
  unrolled::avx2::check(U_ISA_AVX2);
  unrolled::sse::check(U_ISA_SSE);
#elif defined(__aarch64__)
  unrolled::neon::check(U_ISA_NEON);
#else
  unrolled::wasm::check(u_isa_best());
#endif
  return failed;
}
