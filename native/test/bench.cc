// bench.cc: how fast the matrix product and the functions are here, each instruction set apart. From the top of the
// repository:
//   g++ -std=gnu++17 -O3 -ffp-contract=fast -pthread native/test/bench.cc native/runtime/*.cc -o bench && ./bench
#include <chrono>
#include <cstdio>
#include <vector>

#include "../runtime/ctx.h"

// The best of runs over about 60 ms.
template <class F>
static double best_time(F run) {
  using clock = std::chrono::steady_clock;
  const auto seconds = [](clock::duration d) { return std::chrono::duration<double>(d).count(); };
  run();
  int batch = 1;
  double best = 1e9;
  for (const auto start = clock::now(); seconds(clock::now() - start) < 0.06;) {
    const auto begin = clock::now();
    for (int k = 0; k < batch; k++) run();
    const double each = seconds(clock::now() - begin) / batch;
    if (each < best) best = each;
    if (each * batch < 20e-6) batch *= 2;
  }
  return best;
}

#define U_BODY "bench-inl.h"
#include "targets-inl.h"

int main() {
#if defined(__x86_64__) || defined(_M_X64)
  unrolled::avx512::bench(U_ISA_AVX512);
  unrolled::avx2::bench(U_ISA_AVX2);
  unrolled::sse::bench(U_ISA_SSE);
#elif defined(__aarch64__)
  unrolled::neon::bench(U_ISA_NEON);
#else
  unrolled::wasm::bench(u_isa_best());
#endif
}
