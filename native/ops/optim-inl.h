// optim-inl.h: the sum of squares and the optimisers' updates, each one pass over a parameter.

U_KERNEL(sum_squares)(u_ctx*, double* out, const float* x, int32_t n) {
  if (n < 0) return U_ERR_SIZE;
  // In double, half as many lanes a register; four chains of additions.
  constexpr int HALF = LANES / 2;
  typedef double vd __attribute__((vector_size(4 * U_LANES)));
  typedef float half_unaligned __attribute__((vector_size(2 * U_LANES), aligned(4), may_alias));
  vd sum[4] = {};
  int k = 0;
  for (; k + 4 * HALF <= n; k += 4 * HALF) U_UNROLL for (int i = 0; i < 4; i++) {
      const vd v = __builtin_convertvector(*(const half_unaligned*)(x + k + i * HALF), vd);
      sum[i] += v * v;
    }
  const vd all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  double total = 0;
  for (int l = 0; l < HALF; l++) total += all[l];
  for (; k < n; k++) total += (double)x[k] * x[k];
  out[0] = total;
  return U_OK;
}

U_KERNEL(sgd_update)
(u_ctx* ctx, float* p, float* buf, const float* g, int32_t n, double lr, double momentum, double dampening,
 int32_t nesterov, double weight_decay, int32_t first) {
  if (n < 0) return U_ERR_SIZE;
  if (n > 0 && momentum != 0 && !buf) return U_ERR_NULL;
  const vf rate = splat((float)lr), decay = splat((float)weight_decay), keep = splat((float)momentum),
           add = splat((float)(1 - dampening));
  elementwise(ctx, n, [&](ptrdiff_t k, auto at) {
    vf d = at(g + k) + decay * at(p + k);
    if (momentum != 0) {
      const vf b = first ? d : keep * at(buf + k) + add * d;
      at.put(buf + k, b);
      d = nesterov ? d + keep * b : b;
    }
    at.put(p + k, at(p + k) - rate * d);
  });
  return U_OK;
}

U_KERNEL(adam_update)
(u_ctx* ctx, float* p, float* m, float* v, float* vmax_, const float* g, int32_t n, double lr, double beta1,
 double beta2, double eps, double weight_decay, int32_t decoupled, double step) {
  if (n < 0) return U_ERR_SIZE;
  const double correction1 = 1 - __builtin_pow(beta1, step), correction2 = 1 - __builtin_pow(beta2, step);
  const vf b1 = splat((float)beta1), c1 = splat((float)(1 - beta1)), b2 = splat((float)beta2),
           c2 = splat((float)(1 - beta2)), epsilon = splat((float)eps), rate = splat((float)(lr / correction1)),
           root = splat((float)(1 / __builtin_sqrt(correction2))), decay = splat((float)weight_decay),
           shrink = splat((float)(1 - lr * weight_decay));
  elementwise(ctx, n, [&](ptrdiff_t k, auto at) {
    vf w = at(p + k), d = at(g + k);
    if (decoupled) {
      w *= shrink;
    } else {
      d += decay * w;
    }
    const vf mean = b1 * at(m + k) + c1 * d, square = b2 * at(v + k) + c2 * (d * d);
    at.put(m + k, mean);
    at.put(v + k, square);
    vf scale = square;
    if (vmax_) {
      scale = vmax(at(vmax_ + k), square);
      at.put(vmax_ + k, scale);
    }
    at.put(p + k, w - rate * mean / (vsqrt(scale) * root + epsilon));
  });
  return U_OK;
}

U_KERNEL(rmsprop_update)
(u_ctx* ctx, float* p, float* sq, float* buf, float* gavg, const float* g, int32_t n, double lr, double alpha,
 double eps, double weight_decay, double momentum) {
  if (n < 0) return U_ERR_SIZE;
  if (n > 0 && momentum != 0 && !buf) return U_ERR_NULL;
  const vf rate = splat((float)lr), a = splat((float)alpha), c = splat((float)(1 - alpha)), epsilon = splat((float)eps),
           decay = splat((float)weight_decay), keep = splat((float)momentum);
  elementwise(ctx, n, [&](ptrdiff_t k, auto at) {
    const vf d = at(g + k) + decay * at(p + k);
    const vf square = a * at(sq + k) + c * (d * d);
    at.put(sq + k, square);
    vf variance = square;
    if (gavg) {
      const vf mean = a * at(gavg + k) + c * d;
      at.put(gavg + k, mean);
      variance = square - mean * mean;
    }
    vf update = d / (vsqrt(variance) + epsilon);
    if (buf) {
      update = keep * at(buf + k) + update;
      at.put(buf + k, update);
    }
    at.put(p + k, at(p + k) - rate * update);
  });
  return U_OK;
}

U_KERNEL(adagrad_update)
(u_ctx* ctx, float* p, float* sum, const float* g, int32_t n, double lr, double eps, double weight_decay) {
  if (n < 0) return U_ERR_SIZE;
  const vf rate = splat((float)lr), epsilon = splat((float)eps), decay = splat((float)weight_decay);
  elementwise(ctx, n, [&](ptrdiff_t k, auto at) {
    const vf d = at(g + k) + decay * at(p + k);
    const vf squares = at(sum + k) + d * d;
    at.put(sum + k, squares);
    at.put(p + k, at(p + k) - rate * d / (vsqrt(squares) + epsilon));
  });
  return U_OK;
}
