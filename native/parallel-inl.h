// parallel-inl.h: work cut into ranges, one a thread, or into shares by the threads' speed. No include guard: compiled
// once per instruction set.

// Whether there can be more than one thread: a WASM without shared memory leaves out what is only for them.
#if defined(__wasm__) && !defined(__wasm_atomics__)
constexpr bool MANY_THREADS = false;
#else
constexpr bool MANY_THREADS = true;
#endif

// f(k, thread) for k = 0..parts-1, on whichever thread is free.
template <class F>
static void in_parts(u_ctx* ctx, int parts, const F& f) {
  u_parallel(
      ctx, [](void* arg, int k, int thread) { (*(const F*)arg)(k, thread); }, (void*)&f, parts);
}

// f(begin, end) over 0..n-1, cut into one range a thread if the work (in elements touched) is worth waking them. Once
// for all callers: the WASM has to be small. A build without threads has the same: with f within its caller the
// compiler would fuse other multiplications and additions, and its bits be others than with threads.
constexpr double WORTH_THREADS = 1 << 16;
typedef void (*RangeTask)(const void* f, ptrdiff_t begin, ptrdiff_t end);

static __attribute__((noinline, unused)) void run_ranges(u_ctx* ctx, ptrdiff_t n, double work, RangeTask task,
                                                         const void* f) {
  const int parts = (int)(n < ctx->threads ? n : ctx->threads);
  if (parts < 2 || work < WORTH_THREADS) return task(f, 0, n);
  in_parts(ctx, parts, [&](int k, int) {
    const auto cut = [&](int i) { return n / parts * i + (i < n % parts ? i : n % parts); };
    task(f, cut(k), cut(k + 1));
  });
}
template <class F>
static void in_ranges(u_ctx* ctx, ptrdiff_t n, double work, const F& f) {
  const auto task = [](const void* self, ptrdiff_t begin, ptrdiff_t end) { (*(const F*)self)(begin, end); };
  run_ranges(ctx, n, work, task, &f);
}

// ---- shares: one part a thread, as large as the thread is fast ------------------------------------------------------
//
// Cores of one machine are not alike: there are large and small ones, and on a shared machine some have neighbours.
// With equal parts all would wait for the slowest. So every thread keeps to a part of its own (what it has in its
// caches is there the next time), is timed, and has its share moved to where all would have ended together. Where the
// cuts are cannot be seen in a result.

// Part k is [cut[k], cut[k + 1]), a fraction work[k] of the whole.
struct Shares {
  int parts;
  ptrdiff_t cut[U_MAX_THREADS + 1];
  float work[U_MAX_THREADS];
};

// Where each thread's part begins in a whole of 1, and at [threads] the end. Nearly equal shares are equal: what is
// between them is noise.
struct Cuts {
  double at[U_MAX_THREADS + 1];
};
static __attribute__((noinline)) Cuts cuts_of(const u_ctx* ctx) {
  constexpr float NOISE = 0.1f;
  const int threads = ctx->threads;
  float most = 0, all = 0;
  for (int k = 0; k < threads; k++) {
    all += ctx->share[k];
    most = ctx->share[k] > most ? ctx->share[k] : most;
  }
  const bool equal = most * (float)threads < (1 + NOISE) * all;
  Cuts cuts = {};
  for (int k = 1; k < threads; k++) cuts.at[k] = equal ? (double)k / threads : cuts.at[k - 1] + ctx->share[k - 1] / all;
  cuts.at[threads] = 1;
  return cuts;
}

// 0..n-1 by the threads' shares.
static __attribute__((noinline)) Shares shares_of(const u_ctx* ctx, ptrdiff_t n) {
  const Cuts cuts = cuts_of(ctx);
  Shares shares;
  shares.parts = ctx->threads;
  for (int k = 0; k <= shares.parts; k++) shares.cut[k] = (ptrdiff_t)(cuts.at[k] * (double)n + 0.5);
  for (int k = 0; k < shares.parts; k++) shares.work[k] = (float)(shares.cut[k + 1] - shares.cut[k]) / (float)n;
  return shares;
}

// Moves each thread's share a sixteenth of the way to what it should have been, if every thread did its own part (by[k]
// did part k) and took long enough for the clock, which in a browser may be as coarse as 20 us.
static void learn_shares(u_ctx* ctx, const Shares& shares, const int* by, const uint64_t* ns) {
#ifdef __wasm__
  constexpr uint64_t LEAST_NS = 200000;
#else
  constexpr uint64_t LEAST_NS = 5000;
#endif
  float speed[U_MAX_THREADS], all = 0;
  for (int k = 0; k < shares.parts; k++) {
    if (by[k] != k || ns[k] < LEAST_NS) return;
    all += speed[k] = shares.work[k] / (float)ns[k];
  }
  // Who was kept from its core for a moment is not that slow. (The shares then add up to more than 1.)
  const float least_share = 0.25f / (float)shares.parts;
  for (int k = 0; k < shares.parts; k++) {
    const float right = speed[k] / all;
    ctx->share[k] += ((right > least_share ? right : least_share) - ctx->share[k]) / 16;
  }
}

// f(begin, end, thread) for each part. A thread takes its own, or if somebody has it already, that of one who has not
// come.
typedef void (*ShareTask)(const void* f, ptrdiff_t begin, ptrdiff_t end, int thread);

static __attribute__((noinline)) void run_shares(u_ctx* ctx, const Shares& shares, ShareTask task, const void* f) {
  uint64_t taken = 0, ns[U_MAX_THREADS];
  int by[U_MAX_THREADS];
  const auto take = [&](int k) { return !(__atomic_fetch_or(&taken, uint64_t(1) << k, __ATOMIC_RELAXED) >> k & 1); };
  in_parts(ctx, shares.parts, [&](int, int thread) {
    int part = thread;
    if (!take(part))
      for (part = 0; !take(part);) part++;
    const uint64_t start = u_now();
    if (shares.cut[part] < shares.cut[part + 1]) task(f, shares.cut[part], shares.cut[part + 1], thread);
    ns[part] = u_now() - start;
    by[part] = thread;
  });
  learn_shares(ctx, shares, by, ns);
}
template <class F>
static void in_shares(u_ctx* ctx, const Shares& shares, const F& f) {
  const auto task = [](const void* self, ptrdiff_t begin, ptrdiff_t end, int by) { (*(const F*)self)(begin, end, by); };
  run_shares(ctx, shares, task, &f);
}
