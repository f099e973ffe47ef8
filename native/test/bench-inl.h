// bench-inl.h: timings of one instruction set. See bench.cc.

static void bench_gemm(u_ctx* ctx, const char* name, char form, bool packed, int M, int N, int K) {
  std::vector<float> a((size_t)M * K), b((size_t)K * N), c((size_t)M * N), p(packed_floats(K, N));
  for (size_t i = 0; i < a.size(); i++) a[i] = (float)(i % 13) - 6;
  for (size_t i = 0; i < b.size(); i++) b[i] = (float)(i % 7) - 3;
  const Strided A = form == 'x' ? Strided{a.data(), 1, M} : Strided{a.data(), K, 1};  // x: A^T B
  const Strided B = form == 'w' ? Strided{b.data(), 1, K} : Strided{b.data(), N, 1};  // w: A B^T
  pack_b(p.data(), B, K, N);
  const GemmOut out{c.data(), N, nullptr, false, nullptr};
  const double seconds =
      best_time([&] { packed ? gemm_packed(ctx, out, A, p.data(), M, N, K) : gemm(ctx, out, A, B, M, N, K); });
  std::printf("%-7s %d thread(s) %s %-8s M=%-5d N=%-5d K=%-5d %9.2f us %7.1f GFLOP/s\n", name, ctx->threads,
              form == 'x'   ? "A^T B"
              : form == 'w' ? "A B^T"
                            : "A B  ",
              packed ? "packed" : "", M, N, K, seconds * 1e6, 2e-9 * M * N * K / seconds);
}

template <vf (*F)(vf)>
static void apply(float* y, const float* x, int n) {
  for (int k = 0; k < n; k += LANES) store(y + k, F(load(x + k)));
}

template <vf (*F)(vf)>
static void bench_math(const char* name, const char* function) {
  std::vector<float> x(4096), y(4096);
  for (size_t i = 0; i < x.size(); i++) x[i] = (float)((int)(i % 97) - 48) / 10;
  const double seconds = best_time([&] { apply<F>(y.data(), x.data(), 4096); });
  std::printf("%-7s %-8s %.3f ns an element\n", name, function, seconds * 1e9 / 4096);
}

static void bench(int isa) {
  const char* name = u_isa_name(isa);
  for (int threads = 1; threads <= 2; threads++) {
    u_ctx* ctx = u_open(isa, threads);
    if (!ctx) return;
    for (int M : {1, 2, 4, 8, 16, 32, 64, 256, 6400}) bench_gemm(ctx, name, 'n', true, M, 1024, 256);
    for (int M : {1, 32, 6400}) bench_gemm(ctx, name, 'n', false, M, 1024, 256);
    for (int M : {1, 32, 6400}) bench_gemm(ctx, name, 'w', false, M, 1024, 256);
    bench_gemm(ctx, name, 'x', false, 1024, 256, 6400);
    bench_gemm(ctx, name, 'n', true, 32, 256, 1024);
    bench_gemm(ctx, name, 'n', true, 32, 128, 32);
    bench_gemm(ctx, name, 'n', false, 4, 4, 4);
    u_close(ctx);
  }
  bench_math<vexp>(name, "exp");
  bench_math<vlog>(name, "log");
  bench_math<vtanh>(name, "tanh");
  bench_math<vsigmoid>(name, "sigmoid");
}
