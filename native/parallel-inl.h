// parallel-inl.h: work cut into ranges, one a thread. No include guard: compiled once per instruction set.

// Whether there can be more than one thread: a WASM without shared memory leaves out what is only for them.
#if defined(__wasm__) && !defined(__wasm_atomics__)
constexpr bool MANY_THREADS = false;
#else
constexpr bool MANY_THREADS = true;
#endif

// f(begin, end) over 0..n-1, cut into one range a thread if the work (in elements touched) is worth waking them.
constexpr double WORTH_THREADS = 1 << 16;

template <class F>
static void in_ranges(u_ctx* ctx, ptrdiff_t n, double work, const F& f) {
  struct Ranges {
    const F* f;
    ptrdiff_t n;
    int parts;
  } ranges{&f, n, (int)(n < ctx->threads ? n : ctx->threads)};
  if (ranges.parts < 2 || work < WORTH_THREADS) return f((ptrdiff_t)0, n);
  const auto part = [](void* arg, int k, int) {
    const Ranges& r = *(const Ranges*)arg;
    const auto cut = [&](int i) { return r.n / r.parts * i + (i < r.n % r.parts ? i : r.n % r.parts); };
    (*r.f)(cut(k), cut(k + 1));
  };
  u_parallel(ctx, part, &ranges, ranges.parts);
}
