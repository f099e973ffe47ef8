// ctc-inl.h: connectionist temporal classification. Everything stays in logarithms; each step's are kept near 0 by
// taking their maximum away, so that float is enough: what was taken is added up in double.

// The target's states are vectors' lanes: a step is three unaligned loads of the step before it.
// out[s] = log(e^a[s] + e^b[s] + e^(c[s] + skip[s])) + add[s], and then their maximum is subtracted, unless it is -inf.
// add may be null: 0. Returns the maximum.
static float ctc_step(float* out, const float* a, const float* b, const float* c, const float* skip, const float* add,
                      int n) {
  // One loop for vectors and what is left of one, and one for the three terms: the code is in it once, not eight times.
  for (int s = 0; s < n; s += LANES) {
    const int left = n - s;
    vf from[3] = {load_up_to(a + s, left), load_up_to(b + s, left),
                  load_up_to(c + s, left) + load_up_to(skip + s, left)};
    // Bounded, so that the difference of two -inf does not become NaN: e^-inf is 0, and log 0 is -inf again.
    const vf most = vmax(vmax(splat(-3.402823466e38f), from[0]), vmax(from[1], from[2]));
    vf sum = zero();
    for (vf log : from) sum += vexp(log - most);
    const vf all = most + vlog(sum);
    store_up_to(out + s, add ? all + load_up_to(add + s, left) : all, left);
  }
  const float max = row_max(out, n);
  if (max > -__builtin_inff()) {
    const vf most = splat(max);
    map(out, out, n, [&](vf v) { return v - most; });
  }
  return max;
}

static void ctc_fill(float* x, float value, ptrdiff_t n) {
  for (ptrdiff_t k = 0; k < n; k++) x[k] = value;
}

// What PyTorch's mean divides a row's loss by.
U_INLINE double ctc_mean_over(int U) { return U > 1 ? U : 1; }

// The target of one row, with blanks around each of its classes.
struct CtcTarget {
  const int32_t* classes;
  int states;  // 2 U + 1
  int blank;
  CtcTarget(const int32_t* of_row, int U, int blank_class) : classes(of_row), states(2 * U + 1), blank(blank_class) {}
  U_INLINE_METHOD int operator[](int s) const { return s & 1 ? classes[s >> 1] : blank; }
  // skip[s]: 0 where a path may come from state s - 2, else -inf.
  void skips(float* skip) const {
    for (int s = 0; s < states; s++)
      skip[s] = (s & 1) && s > 1 && classes[s >> 1] != classes[(s >> 1) - 1] ? 0.0f : -__builtin_inff();
  }
};

static int32_t ctc_check(const int32_t* targets, const int32_t* input_lengths, const int32_t* target_lengths, int T,
                         int B, int C, int S, int L, int blank, int reduction) {
  if (!sizes_fit(T, B, C) || !sizes_fit(T, B, 2.0 * S + 1)) return U_ERR_SIZE;
  if (const int32_t error = check_loss(B, L, reduction)) return error;
  if (blank < 0 || blank >= C) return U_ERR_INDEX;
  for (ptrdiff_t b = 0; b < B; b++) {
    const int U = target_lengths[b];
    if (input_lengths[b] < 0 || input_lengths[b] > T || U < 0 || U > S) return U_ERR_LENGTHS;
    if (!indices_fit(targets + b * S, U, C)) return U_ERR_INDEX;
    for (int u = 0; u < U; u++)
      if (targets[b * S + u] == blank) return U_ERR_INDEX;
  }
  return U_OK;
}

U_KERNEL(ctc_loss_forward)
(u_ctx* ctx, float* loss, float* logp, float* alpha, float* nll, float* scratch, const float* logits,
 const int32_t* targets, const int32_t* input_lengths, const int32_t* target_lengths, int32_t T, int32_t B, int32_t C,
 int32_t S, int32_t L, int32_t blank, int32_t reduction, int32_t zero_infinity) {
  if (const int32_t error = ctc_check(targets, input_lengths, target_lengths, T, B, C, S, L, blank, reduction))
    return error;
  const float none = -__builtin_inff();
  const ptrdiff_t most = 2 * (ptrdiff_t)S + 1;
  in_ranges(ctx, B, (double)T * B * (C + 8.0 * most), [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t b = begin; b < end; b++) {
      const CtcTarget target(targets + b * S, target_lengths[b], blank);
      const int n = target.states;
      // before[s]: alpha of the step before, with two states in front that no path is in.
      float *before = scratch + b * (3 * most + 4) + 2, *skip = before + most, *says = skip + most;
      target.skips(skip);
      // Before the first step a path is in state 0 and has said nothing: it may go on to 0 or 1.
      ctc_fill(before - 2, none, n + 2);
      before[0] = 0;
      double taken = 0;
      for (ptrdiff_t t = 0; t < T; t++) {
        const ptrdiff_t row = t * B + b;
        float *lp = logp + row * C, *to = alpha + row * most;
        if (t >= input_lengths[b]) {
          ctc_fill(lp, 0, C);
          ctc_fill(to, none, most);
          continue;
        }
        log_softmax_row(lp, logits + row * C, C);
        for (int s = 0; s < n; s++) says[s] = lp[target[s]];
        const float max = ctc_step(to, before, before - 1, before - 2, skip, says, n);
        taken += max;
        copy(before, to, n);
        ctc_fill(to + n, none, most - n);
      }
      float left;
      skip[0] = none;
      // Both of the last two states end a path; with an empty target the second lies in front, where none is.
      taken += ctc_step(&left, before + n - 1, before + n - 2, before + n - 2, skip, nullptr, 1);
      nll[b] = left == left ? (float)(0 - taken) : left;  // a maximum passes NaNs over, `left` has met them
    }
  });
  double total = 0;
  for (ptrdiff_t b = 0; b < B; b++) {
    const float of_row = zero_infinity && nll[b] == -none ? 0.0f : nll[b];
    if (reduction == U_NONE) loss[b] = of_row;
    total += reduction == U_MEAN ? of_row / ctc_mean_over(target_lengths[b]) : of_row;
  }
  if (reduction != U_NONE) loss[0] = (float)(reduction == U_MEAN ? total / B : total);
  return U_OK;
}

U_KERNEL(ctc_loss_backward)
(u_ctx* ctx, float* dlogits, float* scratch, const float* dloss, const float* logp, const float* alpha,
 const float* nll, const int32_t* targets, const int32_t* input_lengths, const int32_t* target_lengths, int32_t T,
 int32_t B, int32_t C, int32_t S, int32_t L, int32_t blank, int32_t reduction, int32_t zero_infinity) {
  if (const int32_t error = ctc_check(targets, input_lengths, target_lengths, T, B, C, S, L, blank, reduction))
    return error;
  const float none = -__builtin_inff();
  const ptrdiff_t most = 2 * (ptrdiff_t)S + 1;
  in_ranges(ctx, B, (double)T * B * (C + 8.0 * most), [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t b = begin; b < end; b++) {
      const CtcTarget target(targets + b * S, target_lengths[b], blank);
      const int n = target.states, steps = input_lengths[b];
      const bool lost = nll[b] == -none;
      for (ptrdiff_t t = T - 1; t >= (lost ? 0 : steps); t--)
        ctc_fill(dlogits + (t * B + b) * C, lost && !zero_infinity && t < steps ? __builtin_nanf("") : 0.0f, C);
      if (lost) continue;
      const float scale = dloss[reduction == U_NONE ? b : 0] *
                          (reduction == U_MEAN ? (float)(1.0 / (B * ctc_mean_over(target_lengths[b]))) : 1.0f);
      // after[s]: rest of the step behind, and what that step says, with two states behind that no path is in.
      float *rest = scratch + b * (3 * most + 4), *after = rest + most, *skip = after + most + 2;
      target.skips(skip);
      ctc_fill(skip + n, none, 2);
      ctc_fill(after, none, n + 2);
      after[n - 1] = 0;  // past the last step a path has said everything: it came from one of the last two states
      for (ptrdiff_t t = steps - 1; t >= 0; t--) {
        const ptrdiff_t row = t * B + b;
        const float *lp = logp + row * C, *forward = alpha + row * most;
        float* d = dlogits + row * C;
        ctc_step(rest, after, after + 1, after + 2, skip + 2, nullptr, n);
        // forward was: loss = -log sum_s exp(alpha + rest), the same sum at every step
        float max;
        map(after, forward, rest, n, [&](vf a, vf r) { return a + r; });
        const float share = scale / exp_row(after, after, n, &max);
        const vf each = splat(scale / exp_row(d, lp, C, &max));  // the sum is 1 but for the maximum taken away
        map(d, d, C, [&](vf e) { return e * each; });
        for (int s = 0; s < n; s++) d[target[s]] -= share * after[s];
        for (int s = 0; s < n; s++) after[s] = rest[s] + lp[target[s]];
        ctc_fill(after + n, none, 2);
      }
    }
  });
  return U_OK;
}
