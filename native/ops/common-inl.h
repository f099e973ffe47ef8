// common-inl.h: what the kernels share: argument checks, loops over vectors and their tails, sums.

// True if no size is negative and their product, in floats, can be addressed.
template <class... Sizes>
U_INLINE bool sizes_fit(Sizes... size) {
  double product = 4;
  const bool negative = (... || (size < 0));
  ((product *= (double)size), ...);
  return !negative && product <= (double)PTRDIFF_MAX;
}

// True if every index is in 0..n-1.
static bool indices_fit(const int32_t* index, ptrdiff_t count, int n) {
  uint32_t outside = 0;
  for (ptrdiff_t k = 0; k < count; k++) outside |= (uint32_t)index[k] >= (uint32_t)n;
  return !outside;
}

U_INLINE void copy(float* to, const float* from, ptrdiff_t n) {
  if (n > 0) __builtin_memcpy(to, from, sizeof(float) * (size_t)n);
}

// ---- loops over vectors: f for every vector of the arrays, the last one filled up with zeros ------------------------

template <class F>
U_INLINE void map(float* y, const float* a, ptrdiff_t n, const F& f) {
  ptrdiff_t k = 0;
  for (; k + LANES <= n; k += LANES) store(y + k, f(load(a + k)));
  if (k < n) store_n(y + k, f(load_n(a + k, (int)(n - k))), (int)(n - k));
}
template <class F>
U_INLINE void map(float* y, const float* a, const float* b, ptrdiff_t n, const F& f) {
  ptrdiff_t k = 0;
  for (; k + LANES <= n; k += LANES) store(y + k, f(load(a + k), load(b + k)));
  if (k < n) {
    const int rest = (int)(n - k);
    store_n(y + k, f(load_n(a + k, rest), load_n(b + k, rest)), rest);
  }
}

// For loops over more arrays than that: body(k, access), where access loads and stores a vector or what is left of one.
struct Whole {
  U_INLINE_METHOD vf operator()(const float* p) const { return load(p); }
  U_INLINE_METHOD void put(float* p, vf v) const { store(p, v); }
};
struct Part {
  int n;
  U_INLINE_METHOD vf operator()(const float* p) const { return load_n(p, n); }
  U_INLINE_METHOD void put(float* p, vf v) const { store_n(p, v, n); }
};
template <class F>
U_INLINE void each_vector(ptrdiff_t begin, ptrdiff_t end, const F& body) {
  ptrdiff_t k = begin;
  for (; k + LANES <= end; k += LANES) body(k, Whole{});
  if (k < end) body(k, Part{(int)(end - k)});
}

// Elementwise: body as in each_vector. Lanes never meet, so the cuts between threads leave no trace in the result.
template <class F>
static void elementwise(u_ctx* ctx, int n, const F& body) {
  in_ranges(ctx, n, n, [&](ptrdiff_t begin, ptrdiff_t end) { each_vector(begin, end, body); });
}

// ---- sums: lanes first, then blocks pairwise, so that the error grows with the logarithm of the count ---------------

// Sum over k of term(k, access), 0 past the end: a term must be 0 where all it loads is 0.
template <class F>
static float pairwise_sum(ptrdiff_t begin, ptrdiff_t end, const F& term) {
  constexpr ptrdiff_t BLOCK = 64 * LANES;
  if (end - begin > BLOCK) {
    const ptrdiff_t middle = begin + (end - begin + 2 * LANES - 1) / (2 * LANES) * LANES;
    return pairwise_sum(begin, middle, term) + pairwise_sum(middle, end, term);
  }
  vf sum[4] = {zero(), zero(), zero(), zero()};
  ptrdiff_t k = begin;
  for (; k + 4 * LANES <= end; k += 4 * LANES)
    U_UNROLL for (int i = 0; i < 4; i++) sum[i] += term(k + i * LANES, Whole{});
  each_vector(k, end, [&](ptrdiff_t at, auto access) { sum[0] += term(at, access); });
  return sum_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

U_INLINE float pairwise_sum(const float* x, ptrdiff_t n) {
  return pairwise_sum(0, n, [&](ptrdiff_t k, auto get) { return get(x + k); });
}

// sum[c] = sum over rows of term(row, column first + c, access), c < columns <= STRIP.
constexpr int STRIP = 8 * LANES;
template <class F>
static void pairwise_columns(float* sum, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t first, int columns, const F& term) {
  constexpr ptrdiff_t BLOCK = 32;
  if (end - begin <= BLOCK) {
    each_vector(0, columns, [&](ptrdiff_t c, auto access) {
      vf s = zero();
      for (ptrdiff_t row = begin; row < end; row++) s += term(row, first + c, access);
      access.put(sum + c, s);
    });
    return;
  }
  const ptrdiff_t middle = begin + (end - begin + 1) / 2;
  float other[STRIP];
  pairwise_columns(sum, begin, middle, first, columns, term);
  pairwise_columns(other, middle, end, first, columns, term);
  map(sum, sum, other, columns, [&](vf a, vf b) { return a + b; });
}

// use(column, access, sums) for the column sums of `rows` rows of term.
template <class F, class Use>
static void column_sums(u_ctx* ctx, ptrdiff_t rows, int columns, const F& term, const Use& use) {
  const ptrdiff_t strips = (columns + STRIP - 1) / STRIP;
  in_ranges(ctx, strips, (double)rows * columns, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t strip = begin; strip < end; strip++) {
      const ptrdiff_t first = strip * STRIP;
      const int width = least(STRIP, (int)(columns - first));
      float sum[STRIP];
      pairwise_columns(sum, 0, rows, first, width, term);
      each_vector(0, width, [&](ptrdiff_t c, auto access) { use(first + c, access, access(sum + c)); });
    }
  });
}
