// matrix-inl.h: batched matrix products and the linear layer, over gemm.

static GemmOut rows_of(float* c, int columns) { return {c, columns, nullptr, false, nullptr}; }
static Strided plain(const float* p, int columns) { return {p, columns, 1}; }
static Strided transposed(const float* p, int columns) { return {p, 1, columns}; }

// body(p, thread) for P products: each on one thread where there are enough of them, else each on all threads.
template <class F>
static void each_product(u_ctx* ctx, int P, const F& body) {
  if (P < 2 * ctx->threads || ctx->threads == 1) {
    for (int p = 0; p < P; p++) body((ptrdiff_t)p, ALL_THREADS);
    return;
  }
  in_parts(ctx, P, body);
}

U_KERNEL(matmul_forward)
(u_ctx* ctx, float* y, const float* a, const float* b, int32_t P, int32_t M, int32_t N, int32_t K) {
  if (!sizes_fit(P, M, N) || !sizes_fit(P, M, K) || !sizes_fit(P, K, N)) return U_ERR_SIZE;
  each_product(ctx, P, [&](ptrdiff_t p, int thread) {
    gemm(ctx, rows_of(y + p * M * N, N), plain(a + p * M * K, K), plain(b + p * K * N, N), M, N, K, thread);
  });
  return U_OK;
}

U_KERNEL(matmul_backward)
(u_ctx* ctx, float* da, float* db, const float* dy, const float* a, const float* b, int32_t P, int32_t M, int32_t N,
 int32_t K) {
  if (!sizes_fit(P, M, N) || !sizes_fit(P, M, K) || !sizes_fit(P, K, N)) return U_ERR_SIZE;
  each_product(ctx, P, [&](ptrdiff_t p, int thread) {
    const float* g = dy + p * M * N;
    // forward was: y = a b
    if (da) gemm(ctx, rows_of(da + p * M * K, K), plain(g, N), transposed(b + p * K * N, N), M, K, N, thread);
    if (db) gemm(ctx, rows_of(db + p * K * N, N), transposed(a + p * M * K, K), plain(g, N), K, N, M, thread);
  });
  return U_OK;
}

U_KERNEL(linear_forward)
(u_ctx* ctx, float* y, const float* x, const float* w, const float* b, int32_t N, int32_t I, int32_t O) {
  if (!sizes_fit(N, I) || !sizes_fit(N, O) || !sizes_fit(O, I)) return U_ERR_SIZE;
  GemmOut out = rows_of(y, O);
  out.bias = b;
  gemm(ctx, out, plain(x, I), transposed(w, I), N, O, I);
  return U_OK;
}

U_KERNEL(linear_backward)
(u_ctx* ctx, float* dx, float* dw, float* db, const float* dy, const float* x, const float* w, int32_t N, int32_t I,
 int32_t O) {
  if (!sizes_fit(N, I) || !sizes_fit(N, O) || !sizes_fit(O, I)) return U_ERR_SIZE;
  // forward was: y = x w^T + b
  if (dx) gemm(ctx, rows_of(dx, I), plain(dy, O), plain(w, I), N, I, O);
  if (dw) {
    GemmOut out = rows_of(dw, I);
    out.accumulate = true;
    gemm(ctx, out, transposed(dy, O), plain(x, I), O, I, N);
  }
  if (db)
    column_sums(
        ctx, N, O, [&](ptrdiff_t n, ptrdiff_t o, auto get) { return get(dy + n * O + o); },
        [&](ptrdiff_t o, auto at, vf sum) { at.put(db + o, at(db + o) + sum); });
  return U_OK;
}
