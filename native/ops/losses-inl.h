// losses-inl.h: cross entropy, binary cross entropy with logits, squared, absolute and Huber error.

static int32_t check_loss(int32_t n, int32_t L, int32_t reduction) {
  if (reduction != U_NONE && reduction != U_MEAN && reduction != U_SUM) return U_ERR_KIND;
  return L != (reduction == U_NONE ? n : 1) ? U_ERR_SIZE : U_OK;
}

U_KERNEL(cross_entropy_forward)
(u_ctx* ctx, float* loss, float* logp, float* denominator, const float* logits, const int32_t* target,
 const float* weight, int32_t N, int32_t C, int32_t L, int32_t ignore_index, double label_smoothing,
 int32_t reduction) {
  if (!sizes_fit(N, C)) return U_ERR_SIZE;
  if (const int32_t error = check_loss(N, L, reduction)) return error;
  for (int k = 0; k < N; k++)
    if (target[k] != ignore_index && (target[k] < 0 || target[k] >= C)) return U_ERR_INDEX;

  each_row(ctx, N, C, [&](ptrdiff_t row) { log_softmax_row(logp + row * C, logits + row * C, C); });
  double total = 0, weights = 0;  // N of them: double costs nothing and keeps the mean of a large batch exact
  for (ptrdiff_t row = 0; row < N; row++) {
    const int t = target[row];
    double of_row = 0;
    if (t != ignore_index) {
      const float* lp = logp + row * C;
      const double w = weight ? weight[t] : 1.0;
      of_row = -(1 - label_smoothing) * w * lp[t];
      if (label_smoothing != 0)  // not multiplied by 0: a class may have log probability -inf
        of_row -= label_smoothing / C * pairwise_sum(0, C, [&](ptrdiff_t k, auto get) {
                    return weight ? get(weight + k) * get(lp + k) : get(lp + k);
                  });
      weights += w;
    }
    total += of_row;
    if (reduction == U_NONE) loss[row] = (float)of_row;
  }
  denominator[0] = reduction == U_MEAN ? (float)weights : 1.0f;
  if (reduction != U_NONE) loss[0] = (float)(reduction == U_MEAN ? total / weights : total);
  return U_OK;
}

U_KERNEL(cross_entropy_backward)
(u_ctx* ctx, float* dlogits, const float* dloss, const float* logp, const float* denominator, const int32_t* target,
 const float* weight, int32_t N, int32_t C, int32_t L, int32_t ignore_index, double label_smoothing,
 int32_t reduction) {
  if (!sizes_fit(N, C)) return U_ERR_SIZE;
  if (const int32_t error = check_loss(N, L, reduction)) return error;
  for (int k = 0; k < N; k++)
    if (target[k] != ignore_index && (target[k] < 0 || target[k] >= C)) return U_ERR_INDEX;

  const float spread = C ? (float)(label_smoothing / C) : 0.0f;
  const float spread_sum = spread == 0 ? 0.0f : spread * (weight ? pairwise_sum(weight, C) : (float)C);
  each_row(ctx, N, C, [&](ptrdiff_t row) {
    const int t = target[row];
    float* d = dlogits + row * C;
    const float* lp = logp + row * C;
    if (t == ignore_index) {
      each_vector(0, C, [&](ptrdiff_t k, auto at) { at.put(d + k, zero()); });
      return;
    }
    // forward was: loss = -sum_c q[c] logp[c] / denominator,  q[c] = w[t] (1 - s) [c = t] + w[c] s / C
    const float scale = dloss[reduction == U_NONE ? row : 0] / denominator[0];
    const float q_target = (weight ? weight[t] : 1.0f) * (float)(1 - label_smoothing);
    const vf all = splat(q_target + spread_sum);
    each_vector(0, C, [&](ptrdiff_t k, auto at) {
      const vf q = weight ? splat(spread) * at(weight + k) : splat(spread);
      at.put(d + k, splat(scale) * (all * vexp(at(lp + k)) - q));
    });
    d[t] -= scale * q_target;
  });
  return U_OK;
}

// loss = term of each element, its sum, or its mean.
template <class F>
static int32_t reduce_loss(u_ctx* ctx, float* loss, int n, int reduction, const F& term) {
  if (reduction == U_NONE) {
    elementwise(ctx, n, [&](ptrdiff_t k, auto at) { at.put(loss + k, term(k, at)); });
    return U_OK;
  }
  // Whole vectors, then the rest from memory that holds zeros behind it, for terms that are not 0 at 0.
  const int whole = n / LANES * LANES;
  float sum = pairwise_sum(0, whole, term);
  if (whole < n) {
    float rest[LANES];
    store(rest, term(whole, Part{n - whole}));
    float rest_sum = 0;
    for (int k = 0; k < n - whole; k++) rest_sum += rest[k];
    sum += rest_sum;
  }
  loss[0] = reduction == U_MEAN ? sum / (float)n : sum;
  return U_OK;
}

// The gradient that reaches each element: dloss, over n if the loss was a mean.
struct LossGradient {
  const float* dloss;
  bool each;
  float one;
  LossGradient(const float* d, int n, int reduction)
      : dloss(d),
        each(reduction == U_NONE),
        one(each                  ? 0.0f
            : reduction == U_MEAN ? d[0] / (float)n
                                  : d[0]) {}
  template <class Access>
  U_INLINE_METHOD vf operator()(ptrdiff_t k, const Access& get) const {
    return each ? get(dloss + k) : splat(one);
  }
};

U_KERNEL(bce_with_logits_forward)
(u_ctx* ctx, float* loss, const float* x, const float* t, const float* weight, const float* pos_weight, int32_t n,
 int32_t L, int32_t reduction) {
  if (n < 0) return U_ERR_SIZE;
  if (const int32_t error = check_loss(n, L, reduction)) return error;
  const vf one = splat(1.0f);
  return reduce_loss(ctx, loss, n, reduction, [&](ptrdiff_t k, auto get) {
    const vf in = get(x + k), label = get(t + k);
    const vf soft = vlog1p(vexp(-vabs(in)));  // log(1 + e^-|x|)
    vf l;
    if (pos_weight) {
      l = (one - label) * in + (one + (get(pos_weight + k) - one) * label) * (soft + vmax(zero(), -in));
    } else {
      l = vmax(zero(), in) - in * label + soft;
    }
    return weight ? l * get(weight + k) : l;
  });
}

U_KERNEL(bce_with_logits_backward)
(u_ctx* ctx, float* dx, const float* dloss, const float* x, const float* t, const float* weight,
 const float* pos_weight, int32_t n, int32_t L, int32_t reduction) {
  if (n < 0) return U_ERR_SIZE;
  if (const int32_t error = check_loss(n, L, reduction)) return error;
  const LossGradient gradient(dloss, n, reduction);
  const vf one = splat(1.0f);
  elementwise(ctx, n, [&](ptrdiff_t k, auto at) {
    const vf in = at(x + k), label = at(t + k);
    // forward was: (1 - t) x + (1 + (p - 1) t) log(1 + e^-x);  1 - sigmoid(x) = sigmoid(-x). With p = 1: sigmoid(x) -
    // t.
    vf d =
        pos_weight ? (one - label) - (one + (at(pos_weight + k) - one) * label) * vsigmoid(-in) : vsigmoid(in) - label;
    if (weight) d *= at(weight + k);
    at.put(dx + k, d * gradient(k, at));
  });
  return U_OK;
}

U_KERNEL(regression_loss_forward)
(u_ctx* ctx, float* loss, const float* x, const float* t, int32_t n, int32_t L, int32_t reduction, int32_t kind,
 double delta) {
  if (n < 0) return U_ERR_SIZE;
  if (const int32_t error = check_loss(n, L, reduction)) return error;
  const vf edge = splat((float)delta), half = splat(0.5f);
  const auto run = [&](auto f) {
    return reduce_loss(ctx, loss, n, reduction, [&](ptrdiff_t k, auto get) { return f(get(x + k) - get(t + k)); });
  };
  switch (kind) {
    case U_MSE:
      return run([&](vf d) { return d * d; });
    case U_MAE:
      return run([&](vf d) { return vabs(d); });
    case U_HUBER:
      return run([&](vf d) { return select(vabs(d) <= edge, half * d * d, edge * (vabs(d) - half * edge)); });
  }
  return U_ERR_KIND;
}

U_KERNEL(regression_loss_backward)
(u_ctx* ctx, float* dx, float* dt, const float* dloss, const float* x, const float* t, int32_t n, int32_t L,
 int32_t reduction, int32_t kind, double delta) {
  if (n < 0) return U_ERR_SIZE;
  if (const int32_t error = check_loss(n, L, reduction)) return error;
  const LossGradient gradient(dloss, n, reduction);
  const vf edge = splat((float)delta);
  // forward was: d = x - t, loss = f(d)
  const auto run = [&](auto derivative) {
    elementwise(ctx, n, [&](ptrdiff_t k, auto at) {
      const vf g = gradient(k, at) * derivative(at(x + k) - at(t + k));
      if (dx) at.put(dx + k, g);
      if (dt) at.put(dt + k, -g);
    });
    return U_OK;
  };
  switch (kind) {
    case U_MSE:
      return run([&](vf d) { return d + d; });
    case U_MAE:
      return run([&](vf d) { return sign(d); });
    case U_HUBER:
      return run([&](vf d) { return vmin(edge, vmax(-edge, d)); });
  }
  return U_ERR_KIND;
}
