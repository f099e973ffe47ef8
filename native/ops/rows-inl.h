// rows-inl.h: softmax, log softmax, layer norm (each row of [N,C] apart) and the embedding table.

// f(row) for N rows of C elements over the threads.
template <class F>
static void each_row(u_ctx* ctx, int N, int C, const F& f) {
  in_ranges(ctx, N, (double)N * C, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t row = begin; row < end; row++) f(row);
  });
}

// NaNs may be passed over: they come back with exp(x - max).
static float row_max(const float* x, int C) {
  vf most = splat(-__builtin_inff());
  int k = 0;
  for (; k + LANES <= C; k += LANES) most = vmax(load(x + k), most);
  float lane[LANES];
  store(lane, most);
  float max = -__builtin_inff();
  for (float m : lane) max = m > max ? m : max;
  for (; k < C; k++) max = x[k] > max ? x[k] : max;
  return max;
}

// y = exp(x - max x); returns the sum and gives the maximum.
static float exp_row(float* y, const float* x, int C, float* max) {
  *max = row_max(x, C);
  const vf most = splat(*max);
  map(y, x, C, [&](vf v) { return vexp(v - most); });
  return pairwise_sum(y, C);
}

U_KERNEL(softmax_forward)(u_ctx* ctx, float* y, const float* x, int32_t N, int32_t C) {
  if (!sizes_fit(N, C)) return U_ERR_SIZE;
  each_row(ctx, N, C, [&](ptrdiff_t row) {
    float max;
    float* to = y + row * C;
    const vf sum = splat(exp_row(to, x + row * C, C, &max));
    map(to, to, C, [&](vf v) { return v / sum; });
  });
  return U_OK;
}

U_KERNEL(softmax_backward)(u_ctx* ctx, float* dx, const float* dy, const float* y, int32_t N, int32_t C) {
  if (!sizes_fit(N, C)) return U_ERR_SIZE;
  each_row(ctx, N, C, [&](ptrdiff_t row) {
    const float *g = dy + row * C, *out = y + row * C;
    // forward was: y = exp(x - max x) / sum
    const vf dot = splat(pairwise_sum(0, C, [&](ptrdiff_t k, auto get) { return get(g + k) * get(out + k); }));
    map(dx + row * C, g, out, C, [&](vf d, vf p) { return p * (d - dot); });
  });
  return U_OK;
}

static void log_softmax_row(float* y, const float* x, int C) {
  float max;
  const float sum = exp_row(y, x, C, &max);  // y holds the exponentials for a moment
  float log_sum[LANES];
  store(log_sum, vlog(splat(sum)));
  const vf most = splat(max), shift = splat(log_sum[0]);
  map(y, x, C, [&](vf v) { return (v - most) - shift; });
}

U_KERNEL(log_softmax_forward)(u_ctx* ctx, float* y, const float* x, int32_t N, int32_t C) {
  if (!sizes_fit(N, C)) return U_ERR_SIZE;
  each_row(ctx, N, C, [&](ptrdiff_t row) { log_softmax_row(y + row * C, x + row * C, C); });
  return U_OK;
}

U_KERNEL(log_softmax_backward)(u_ctx* ctx, float* dx, const float* dy, const float* y, int32_t N, int32_t C) {
  if (!sizes_fit(N, C)) return U_ERR_SIZE;
  each_row(ctx, N, C, [&](ptrdiff_t row) {
    // forward was: y = x - max x - log(sum(exp(x - max x)))
    const vf sum = splat(pairwise_sum(dy + row * C, C));
    map(dx + row * C, dy + row * C, y + row * C, C, [&](vf d, vf out) { return d - vexp(out) * sum; });
  });
  return U_OK;
}

U_KERNEL(layer_norm_forward)
(u_ctx* ctx, float* y, float* mean, float* rstd, const float* x, const float* gamma, const float* beta, int32_t N,
 int32_t C, double eps) {
  if (!sizes_fit(N, C)) return U_ERR_SIZE;
  each_row(ctx, N, C, [&](ptrdiff_t row) {
    const float* from = x + row * C;
    const float average = pairwise_sum(from, C) / (float)C;
    const vf center = splat(average);
    // The last vector is filled up with zeros, whose distance to the mean must not count: sum whole vectors, then the
    // rest.
    const int whole = C / LANES * LANES;
    float squares = pairwise_sum(0, whole, [&](ptrdiff_t k, auto get) {
      const vf d = get(from + k) - center;
      return d * d;
    });
    for (int k = whole; k < C; k++) squares += (from[k] - average) * (from[k] - average);
    const float scale = (float)(1 / __builtin_sqrt((double)(squares / (float)C) + eps));
    mean[row] = average;
    rstd[row] = scale;
    each_vector(0, C, [&](ptrdiff_t k, auto at) {
      vf v = (at(from + k) - center) * splat(scale);
      if (gamma) v *= at(gamma + k);
      if (beta) v += at(beta + k);
      at.put(y + row * C + k, v);
    });
  });
  return U_OK;
}

U_KERNEL(layer_norm_backward)
(u_ctx* ctx, float* dx, float* dgamma, float* dbeta, const float* dy, const float* x, const float* mean,
 const float* rstd, const float* gamma, int32_t N, int32_t C) {
  if (!sizes_fit(N, C)) return U_ERR_SIZE;
  // forward was: xhat = (x - mean) rstd,  y = gamma xhat + beta
  const auto xhat = [&](ptrdiff_t row, ptrdiff_t k, auto get) {
    return (get(x + row * C + k) - splat(mean[row])) * splat(rstd[row]);
  };
  const auto g = [&](ptrdiff_t row, ptrdiff_t k, auto get) {
    return gamma ? get(dy + row * C + k) * get(gamma + k) : get(dy + row * C + k);
  };
  if (dx)
    each_row(ctx, N, C, [&](ptrdiff_t row) {
      const vf mean_g = splat(pairwise_sum(0, C, [&](ptrdiff_t k, auto get) { return g(row, k, get); }) / (float)C);
      const vf mean_gx = splat(
          pairwise_sum(0, C, [&](ptrdiff_t k, auto get) { return g(row, k, get) * xhat(row, k, get); }) / (float)C);
      each_vector(0, C, [&](ptrdiff_t k, auto at) {
        at.put(dx + row * C + k, splat(rstd[row]) * (g(row, k, at) - mean_g - xhat(row, k, at) * mean_gx));
      });
    });
  if (dgamma)
    column_sums(
        ctx, N, C, [&](ptrdiff_t row, ptrdiff_t k, auto get) { return get(dy + row * C + k) * xhat(row, k, get); },
        [&](ptrdiff_t k, auto at, vf sum) { at.put(dgamma + k, at(dgamma + k) + sum); });
  if (dbeta)
    column_sums(
        ctx, N, C, [&](ptrdiff_t row, ptrdiff_t k, auto get) { return get(dy + row * C + k); },
        [&](ptrdiff_t k, auto at, vf sum) { at.put(dbeta + k, at(dbeta + k) + sum); });
  return U_OK;
}

U_KERNEL(embedding_forward)
(u_ctx* ctx, float* y, const float* w, const int32_t* index, int32_t N, int32_t V, int32_t E) {
  if (!sizes_fit(N, E) || !sizes_fit(V, E)) return U_ERR_SIZE;
  if (!indices_fit(index, N, V)) return U_ERR_INDEX;
  each_row(ctx, N, E, [&](ptrdiff_t k) { copy(y + k * E, w + (ptrdiff_t)index[k] * E, E); });
  return U_OK;
}

U_KERNEL(embedding_backward)
(u_ctx* ctx, float* dw, const float* dy, const int32_t* index, int32_t N, int32_t V, int32_t E, int32_t padding_idx) {
  if (!sizes_fit(N, E) || !sizes_fit(V, E)) return U_ERR_SIZE;
  if (!indices_fit(index, N, V)) return U_ERR_INDEX;
  // Threads take columns: two rows of dy may go to the same row of dw.
  in_ranges(ctx, E, (double)N * E, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t k = 0; k < N; k++) {
      if (index[k] == padding_idx) continue;
      float* to = dw + (ptrdiff_t)index[k] * E + begin;
      map(to, to, dy + k * E + begin, end - begin, [&](vf a, vf b) { return a + b; });
    }
  });
  return U_OK;
}
