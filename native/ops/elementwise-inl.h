// elementwise-inl.h: fill, axpy, affine, clamp, binary operations, activations, dropout, random numbers.

U_KERNEL(fill)(u_ctx* ctx, float* y, int32_t n, double value) {
  if (n < 0) return U_ERR_SIZE;
  const vf v = splat((float)value);
  elementwise(ctx, n, [&](ptrdiff_t k, auto at) { at.put(y + k, v); });
  return U_OK;
}

U_KERNEL(axpy)(u_ctx* ctx, float* y, const float* x, int32_t n, double alpha) {
  if (n < 0) return U_ERR_SIZE;
  const vf a = splat((float)alpha);
  elementwise(ctx, n, [&](ptrdiff_t k, auto at) { at.put(y + k, at(y + k) + a * at(x + k)); });
  return U_OK;
}

U_KERNEL(affine)(u_ctx* ctx, float* y, const float* x, int32_t n, double alpha, double beta) {
  if (n < 0) return U_ERR_SIZE;
  const vf a = splat((float)alpha), b = splat((float)beta);
  elementwise(ctx, n, [&](ptrdiff_t k, auto at) { at.put(y + k, a * at(x + k) + b); });
  return U_OK;
}

U_KERNEL(clamp)(u_ctx* ctx, float* y, const float* x, int32_t n, double low, double high) {
  if (n < 0) return U_ERR_SIZE;
  const vf lowest = splat((float)low), highest = splat((float)high);
  // The bounds come first: comparisons with NaN are false and leave x.
  elementwise(ctx, n, [&](ptrdiff_t k, auto at) { at.put(y + k, vmin(highest, vmax(lowest, at(x + k)))); });
  return U_OK;
}

U_KERNEL(binary_forward)(u_ctx* ctx, float* y, const float* a, const float* b, int32_t n, int32_t op) {
  if (n < 0) return U_ERR_SIZE;
  const auto run = [&](auto f) {
    elementwise(ctx, n, [&](ptrdiff_t k, auto at) { at.put(y + k, f(at(a + k), at(b + k))); });
    return U_OK;
  };
  switch (op) {
    case U_ADD:
      return run([&](vf p, vf q) { return p + q; });
    case U_SUB:
      return run([&](vf p, vf q) { return p - q; });
    case U_MUL:
      return run([&](vf p, vf q) { return p * q; });
    case U_DIV:
      return run([&](vf p, vf q) { return p / q; });
  }
  return U_ERR_KIND;
}

U_KERNEL(binary_backward)
(u_ctx* ctx, float* da, float* db, const float* dy, const float* a, const float* b, int32_t n, int32_t op) {
  if (n < 0) return U_ERR_SIZE;
  const auto run = [&](auto left, auto right) {
    elementwise(ctx, n, [&](ptrdiff_t k, auto at) {
      const vf g = at(dy + k), p = at(a + k), q = at(b + k);
      if (da) at.put(da + k, left(g, p, q));
      if (db) at.put(db + k, right(g, p, q));
    });
    return U_OK;
  };
  const auto pass = [&](vf g, vf, vf) { return g; };
  switch (op) {
    case U_ADD:
      return run(pass, pass);
    case U_SUB:
      return run(pass, [&](vf g, vf, vf) { return -g; });
    case U_MUL:
      return run([&](vf g, vf, vf q) { return g * q; }, [&](vf g, vf p, vf) { return g * p; });
    case U_DIV:
      return run([&](vf g, vf, vf q) { return g / q; }, [&](vf g, vf p, vf q) { return -g * p / (q * q); });
  }
  return U_ERR_KIND;
}

U_KERNEL(activation_forward)(u_ctx* ctx, float* y, const float* x, int32_t n, int32_t kind) {
  if (n < 0) return U_ERR_SIZE;
  const auto run = [&](auto f) {
    elementwise(ctx, n, [&](ptrdiff_t k, auto at) { at.put(y + k, f(at(x + k))); });
    return U_OK;
  };
  switch (kind) {
    case U_TANH:
      return run([&](vf v) { return vtanh(v); });
    case U_SIGMOID:
      return run([&](vf v) { return vsigmoid(v); });
    case U_RELU:
      return run([&](vf v) { return vmax(zero(), v); });
    case U_EXP:
      return run([&](vf v) { return vexp(v); });
    case U_LOG:
      return run([&](vf v) { return vlog(v); });
    case U_SQRT:
      return run([&](vf v) { return vsqrt(v); });
    case U_ABS:
      return run([&](vf v) { return vabs(v); });
  }
  return U_ERR_KIND;
}

U_KERNEL(activation_backward)
(u_ctx* ctx, float* dx, const float* dy, const float* x, const float* y, int32_t n, int32_t kind) {
  if (n < 0) return U_ERR_SIZE;
  const auto run = [&](auto f) {
    elementwise(ctx, n, [&](ptrdiff_t k, auto at) { at.put(dx + k, f(at(dy + k), at(x + k), at(y + k))); });
    return U_OK;
  };
  const vf one = splat(1.0f);
  switch (kind) {
    case U_TANH:
      return run([&](vf g, vf, vf out) { return g * (one - out * out); });
    case U_SIGMOID:
      return run([&](vf g, vf, vf out) { return g * out * (one - out); });
    case U_RELU:
      return run([&](vf g, vf in, vf) { return select(in > zero(), g, zero()); });
    case U_EXP:
      return run([&](vf g, vf, vf out) { return g * out; });
    case U_LOG:
      return run([&](vf g, vf in, vf) { return g / in; });
    case U_SQRT:
      return run([&](vf g, vf, vf out) { return g / (out + out); });
    case U_ABS:
      return run([&](vf g, vf in, vf) { return g * sign(in); });
  }
  return U_ERR_KIND;
}

// Philox4x32-10 (Salmon et al. 2011), one counter at a time: the processor overlaps several, and no compiler finds its
// vector form (a 32 x 32 -> 64 bit product) on every instruction set.
U_INLINE void philox(uint32_t* word, uint64_t counter, uint32_t key0, uint32_t key1) {
  uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32), c2 = 0, c3 = 0;
  for (int round = 0; round < 10; round++) {
    const uint64_t even = 0xD2511F53ull * c0, odd = 0xCD9E8D57ull * c2;
    c0 = (uint32_t)(odd >> 32) ^ c1 ^ key0;
    c1 = (uint32_t)odd;
    c2 = (uint32_t)(even >> 32) ^ c3 ^ key1;
    c3 = (uint32_t)even;
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  word[0] = c0;
  word[1] = c1;
  word[2] = c2;
  word[3] = c3;
}

U_KERNEL(dropout_forward)
(u_ctx* ctx, float* y, float* mask, const float* x, int32_t n, double p, int32_t seed_lo, int32_t seed_hi) {
  if (n < 0) return U_ERR_SIZE;
  typedef uint32_t vu __attribute__((vector_size(4 * U_LANES)));
  // word < p 2^32 in integers; where every word is, 0 is kept of it.
  const double dropped = p > 0 ? __builtin_ceil(p * 4294967296.0) : 0;
  const bool all = dropped >= 4294967296.0;
  const vu limit = (uint32_t)(all ? 0 : dropped) - (vu){};
  const vf keep = splat(all ? 0.0f : (float)(1 / (1 - p)));
  constexpr int GROUP = 16;
  in_ranges(ctx, ((ptrdiff_t)n + GROUP - 1) / GROUP, n, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t group = begin; group < end; group++) {
      uint32_t word[GROUP];
      for (int l = 0; l < GROUP; l += 4)
        philox(word + l, (uint64_t)(group * GROUP + l) / 4, (uint32_t)seed_lo, (uint32_t)seed_hi);
      float factor[GROUP];
      for (int l = 0; l < GROUP; l += LANES) {
        vu w;
        __builtin_memcpy(&w, word + l, sizeof w);
        store(factor + l, select(w < limit, zero(), keep));
      }
      const ptrdiff_t first = group * GROUP;
      const int count = n - first < GROUP ? (int)(n - first) : GROUP;
      copy(mask + first, factor, count);
      map(y + first, x + first, factor, count, [&](vf a, vf b) { return a * b; });
    }
  });
  return U_OK;
}

U_KERNEL(uniform)
(u_ctx* ctx, float* y, int32_t n, double low, double high, double drawn, int32_t seed_lo, int32_t seed_hi) {
  if (n < 0 || !(drawn >= 0 && drawn <= 9007199254740992.0)) return U_ERR_SIZE;
  const uint64_t first = (uint64_t)drawn;
  const double width = high - low;
  in_ranges(ctx, n, n, [&](ptrdiff_t begin, ptrdiff_t end) {
    uint32_t word[4];
    for (ptrdiff_t k = begin; k < end; k++) {
      const uint64_t j = first + (uint64_t)k;
      if (k == begin || j % 4 == 0) philox(word, j / 4, (uint32_t)seed_lo, (uint32_t)seed_hi);
      double part = width * ((word[j % 4] >> 8) * 0x1p-24);
      asm("" : "+m"(part));  // or it would be fused with the addition, where JavaScript rounds twice
      y[k] = (float)(low + part);
    }
  });
  return U_OK;
}
