// sequence-inl.h: the shape of a batch of sequences, and the order in which the driver works through it.
// Rows are sorted by length, longest first, so that the rows still active at step s are the first active(s) ones. A
// `place` is the number of a (step, row) pair in the packed arrays, which have room for valid steps only. Without
// ragged lengths places are time-major as in x, in both directions, and nothing needs a table or a copy.

struct Shape {
  int T, B, I, H, D, rows;
  int R = H;             // the size of h: H unless it is projected
  int features = 0;      // of u_feature
  bool reverse = false;  // the only direction is the reverse one
  int keep = 0;          // n > 0: states are kept before every n-th step, and all between is computed again
  bool one_hot = false;  // the input is ids

  bool ragged() const { return rows < (int64_t)T * B; }
  bool has(int feature) const { return features & feature; }
  bool backwards(int d) const { return reverse || d == 1; }
  int units() const { return (H + LANES - 1) / LANES * LANES; }
  int outputs() const { return (R + LANES - 1) / LANES * LANES; }  // floats in a row of h
};

struct Sequence {
  Shape shape;
  int steps;  // of the longest row
  // Tables of a ragged batch:
  int32_t* order;      // [B] the caller's row of each sorted row
  int32_t* length;     // [B] sorted
  int32_t* active_at;  // [T+1]
  int32_t* start;      // [T+1] first place of a step
  int32_t* source[2];  // [rows] of each direction: the row of x, y (as [T*B, ..]) that a place stands for

  int active(int s) const { return shape.ragged() ? active_at[s] : s < shape.T ? shape.B : 0; }
  int caller_row(int r) const { return shape.ragged() ? order[r] : r; }
  int valid(int r) const { return shape.ragged() ? length[r] : shape.T; }
  int64_t place(int d, int s) const {  // of row 0 at step s; the rows follow
    return shape.ragged() ? start[s] : (int64_t)(shape.backwards(d) ? shape.T - 1 - s : s) * shape.B;
  }
  // States lie as places do, with one more block of B rows for h0: this is where the state before step s starts.
  int64_t state(int d, int s) const {
    if (!shape.ragged()) return (int64_t)(shape.backwards(d) ? shape.T - s : s) * shape.B;
    return s == 0 ? 0 : (int64_t)shape.B + start[s - 1];
  }
};

// Of the places, or of the states, of steps [first, last): where the lowest stands.
static int64_t lowest_place(const Sequence& q, int d, int first, int last) {
  return q.place(d, q.shape.ragged() || !q.shape.backwards(d) ? first : last - 1);
}
static int64_t lowest_state(const Sequence& q, int d, int first, int last) {
  return q.state(d, q.shape.ragged() || !q.shape.backwards(d) ? first : last);
}

// A run of whole steps, short enough that what one phase makes is still in the cache when the next reads it.
struct Chunk {
  int first, last;  // steps [first, last)
  int rows;
};
static int64_t first_place(const Sequence& q, int d, const Chunk& c) { return lowest_place(q, d, c.first, c.last); }
// The longest that starts at `first` and does not go past `end`; that ends at `last` and does not start before `begin`.
static Chunk chunk_from(const Sequence& q, int first, int end, int most_rows) {
  Chunk c = {first, first + 1, q.active(first)};
  while (c.last < end && q.active(c.last) <= most_rows - c.rows) c.rows += q.active(c.last++);
  return c;
}
static Chunk chunk_until(const Sequence& q, int begin, int last, int most_rows) {
  Chunk c = {last - 1, last, q.active(last - 1)};
  while (c.first > begin && q.active(c.first - 1) <= most_rows - c.rows) c.rows += q.active(--c.first);
  return c;
}
// Rows of the largest chunk, when about `rows` are wanted: at least a step.
static int chunk_capacity(const Shape& shape, int rows) {
  const int most = rows > shape.B ? rows : shape.B;
  return most < shape.rows ? most : shape.rows;
}

// U_ERR_LENGTHS unless the lengths lie in 0..T and add up to rows.
static int check_lengths(const Shape& shape, const int32_t* lengths) {
  int64_t sum = 0;
  for (int b = 0; b < shape.B; b++) {
    const int length = lengths ? lengths[b] : shape.T;
    if (length < 0 || length > shape.T) return U_ERR_LENGTHS;
    sum += length;
  }
  return sum == shape.rows ? U_OK : U_ERR_LENGTHS;
}

// Fills the tables by a stable counting sort.
static void sort_by_length(Sequence& q, const int32_t* lengths) {
  const Shape& shape = q.shape;
  q.steps = shape.B ? shape.T : 0;
  if (!shape.ragged()) return;
  int32_t *longer = q.active_at, *next = q.start;  // rows longer than s; next sorted row of length s
  for (int s = 0; s <= shape.T; s++) next[s] = 0;
  for (int b = 0; b < shape.B; b++) next[lengths[b]]++;
  for (int s = shape.T, sum = 0; s >= 0; s--) {
    longer[s] = sum;
    sum += next[s];
    next[s] = longer[s];
  }
  for (int b = 0; b < shape.B; b++) {
    const int r = next[lengths[b]]++;
    q.order[r] = b;
    q.length[r] = lengths[b];
  }
  for (int s = 0, sum = 0; s <= shape.T; s++) {
    q.start[s] = sum;
    sum += q.active_at[s];
  }
  q.steps = q.length[0];
  for (int s = 0; s < q.steps; s++) {
    for (int r = 0; r < q.active_at[s]; r++) {
      const int place = q.start[s] + r;
      for (int d = 0; d < shape.D; d++) {
        const int time = shape.backwards(d) ? q.length[r] - 1 - s : s;
        q.source[d][place] = time * shape.B + q.order[r];
      }
    }
  }
}

// Calls task(arg, direction, first row, last row) over the rows of every direction; the rows are split between threads
// when that pays, so that each has about as many steps of the chunk to do, or with one direction as many as it is fast.
// Rows never meet, so the split cannot be seen.
typedef void (*RowsTask)(void* arg, int d, int low, int high);
static void parallel_rows(u_ctx* ctx, const Sequence& q, const Chunk& c, int64_t flops_a_row, RowsTask task,
                          void* arg) {
  const int D = q.shape.D, rows = q.active(c.first);
  const bool worth_it = MANY_THREADS && flops_a_row * c.rows > 4000000;  // some 20 us: a few times what waking costs
  const int wanted = worth_it ? (ctx->threads + D - 1) / D : 1, most = rows / 4 > 1 ? rows / 4 : 1;
  const int groups = wanted < most ? wanted : most;
  const bool by_speed = D == 1 && groups == ctx->threads;
  const Cuts cuts = cuts_of(ctx);
  Shares shares = {groups, {0}, {0}};
  int64_t done = 0, done_before = 0;
  for (int r = 0, group = 1; r < rows; r++) {
    const int valid = q.valid(r) < c.last ? q.valid(r) : c.last;
    done += valid - c.first;
    const auto end = [&] { return (by_speed ? cuts.at[group] : (double)group / groups) * c.rows; };
    while (group <= groups && (double)done >= end()) {
      shares.work[group - 1] = (float)(done - done_before) / (float)c.rows;
      done_before = done;
      shares.cut[group++] = r + 1;
    }
  }
  const auto part = [&](int k, int) {
    const int group = k % groups;
    task(arg, k / groups, (int)shares.cut[group], (int)shares.cut[group + 1]);
  };
  if (!worth_it || D * groups == 1) {
    for (int k = 0; k < D * groups; k++) part(k, 0);
  } else if (by_speed) {
    in_shares(ctx, shares, [&](ptrdiff_t low, ptrdiff_t high, int) { task(arg, 0, (int)low, (int)high); });
  } else {
    in_parts(ctx, D * groups, part);
  }
}
