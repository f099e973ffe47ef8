// forward-inl.h: the time loop forward. A chunk of steps at a time: gx = W_ih x + b_ih as one large product, then step
// by step gh = W_hh h + b_hh with the cell as the epilogue of the product's tiles. Only the second part is sequential.

struct Forward {
  const CellInfo* cell = nullptr;
  const Sequence* sequence = nullptr;
  const PackedLayer* packed = nullptr;
  const ForwardLayer* scratch = nullptr;
  const SavedLayer* saved = nullptr;                 // null: inference
  float *y = nullptr, *hn = nullptr, *cn = nullptr;  // cn may be null; both are where steps are computed again
  ptrdiff_t y_row = 0;                               // floats from row to row of y
  const float *x = nullptr, *h0 = nullptr, *c0 = nullptr;
  const int32_t* ids = nullptr;  // in place of x
  const Kept* kept = nullptr;    // of each direction: where to keep every so many states
  const Extra* extra = nullptr;  // with features
  Chunk chunk = {};
};

// The states before and after a step.
struct States {
  float *h_old, *c_old, *h_new, *c_new;
};
static States states_at(const Forward& f, int d, int s, int low) {
  const Sequence& q = *f.sequence;
  const ForwardScratch& scratch = f.scratch->direction[d];
  States at = {scratch.h[s % 2], scratch.c, scratch.h[(s + 1) % 2], scratch.c};
  int64_t before = low, after = low;
  if (f.saved) {
    const Saved& saved = f.saved->direction[d];
    at = {saved.h, saved.c, saved.h, saved.c};
    before += q.state(d, s) - saved.first_state;
    after += q.state(d, s + 1) - saved.first_state;
  }
  const ptrdiff_t outputs = q.shape.outputs(), units = q.shape.units();
  at.h_old += before * outputs, at.h_new += after * outputs;
  if (f.cell->cell_state) at.c_old += before * units, at.c_new += after * units;
  return at;
}

// What one step works on, from the first row of the product on.
struct StepForward {
  int H;
  size_t units;
  const float* b_hh;      // [block][GATES][LANES]
  float* gx;              // [rows], each [block][GATES][LANES]
  float* gates;           // [rows], each [block][SAVED][LANES]: saved, or null
  int gx_row, gates_row;  // floats from row to row
  States states;          // [rows,units]
  float* u;               // [rows,units]
  float* y;               // [..,y_row], at the direction's half
  ptrdiff_t y_row;
  const int32_t* source;  // the row of y, if ragged; else y_first and those that follow
  int64_t y_first;

  float* y_at(int r) const { return y + (source ? source[r] : y_first + r) * y_row; }
};

// gh of one row and block.
template <int COUNT>
U_INLINE void add_biases(vf* gh, const float* sum, const float* b_hh) {
  for (int k = 0; k < COUNT; k++) gh[k] = load(sum + k * LANES) + load(b_hh + k * LANES);
}

// Epilogue of the first of two products: replaces its gates' gx by the gates, and leaves u.
template <class Cell>
struct ForwardFirst {
  const StepForward& step;

  void fetch(const StepTile&) const {}  // no memory that is new to this step but gx

  void apply(const StepTile& tile) const {
    constexpr int COUNT = Cell::FIRST_GATES;
    const size_t units = step.units;
    const float* sum = tile.sum;
    for (int r = tile.row; r < tile.row + tile.rows; r++) {
      for (int block = tile.block; block < tile.block + tile.blocks; block++, sum += COUNT * LANES) {
        const size_t unit = (size_t)block * LANES, state = r * units + unit;
        float* gates = step.gx + (ptrdiff_t)r * step.gx_row + unit * Cell::GATES;
        vf gx[COUNT], gh[COUNT], u;
        for (int k = 0; k < COUNT; k++) gx[k] = load(gates + k * LANES);
        add_biases<COUNT>(gh, sum, step.b_hh + unit * Cell::GATES);
        Cell::forward_first(u, gx, gh, load(step.states.h_old + state), Own<Cell>{});
        for (int k = 0; k < COUNT; k++) store(gates + k * LANES, gx[k]);
        store(step.u + state, u);
      }
    }
  }
};

// Epilogue of the only product, or of the second: leaves h', c', y and what is saved.
template <class Cell>
struct ForwardLast {
  const StepForward& step;

  // Most of it is new to the cache, in rows too short for the hardware to see a pattern.
  void fetch(const StepTile& tile) const {
    const size_t units = step.units;
    for (int r = tile.row; r < tile.row + tile.rows; r++) {
      for (int block = tile.block; block < tile.block + tile.blocks; block++) {
        const size_t unit = (size_t)block * LANES, state = r * units + unit;
        const float* gx = step.gx + (ptrdiff_t)r * step.gx_row + unit * Cell::GATES;
        for (int k = 0; k < Cell::GATES * LANES; k += 16) __builtin_prefetch(gx + k);
        float* gates = step.gates + (ptrdiff_t)r * step.gates_row + unit * Cell::SAVED;
        for (int k = 0; step.gates && k < Cell::SAVED * LANES; k += 16) __builtin_prefetch(gates + k, 1);
        __builtin_prefetch(step.states.h_new + state, 1);
        if (Cell::CELL_STATE) __builtin_prefetch(step.states.c_new + state, 1);
        __builtin_prefetch(step.y_at(r) + unit, 1);
      }
    }
  }

  void apply(const StepTile& tile) const {
    gates_of(tile);
    if constexpr (Cell::CELL_STATE) outputs_of(tile);
  }

 private:
  static constexpr int FROM = Cell::FIRST_GATES == Cell::GATES ? 0 : Cell::FIRST_GATES, COUNT = Cell::GATES - FROM;

  // Leaves what is saved, and h' and y; or c' and, in place of the first sum, the gate that makes h' of it.
  void gates_of(const StepTile& tile) const {
    const size_t units = step.units;
    float* sum = tile.sum;
    for (int r = tile.row; r < tile.row + tile.rows; r++) {
      float* y = step.y_at(r);
      for (int block = tile.block; block < tile.block + tile.blocks; block++, sum += COUNT * LANES) {
        const size_t unit = (size_t)block * LANES, state = r * units + unit;
        vf gx[Cell::GATES], gh[Cell::GATES], saved[Cell::SAVED + 1], c = {};
        const float* gates_x = step.gx + (ptrdiff_t)r * step.gx_row + unit * Cell::GATES;
        for (int k = 0; k < Cell::GATES; k++) gx[k] = load(gates_x + k * LANES);
        add_biases<COUNT>(gh + FROM, sum, step.b_hh + unit * Cell::GATES + FROM * LANES);
        vf h = load(step.states.h_old + state);
        if (Cell::CELL_STATE) c = load(step.states.c_old + state);
        Cell::forward(h, c, saved, gx, gh, Own<Cell>{});
        if (step.gates) {
          float* gates = step.gates + (ptrdiff_t)r * step.gates_row + unit * Cell::SAVED;
          for (int k = 0; k < Cell::SAVED; k++) store(gates + k * LANES, saved[k]);
        }
        if constexpr (Cell::CELL_STATE) {
          store(sum, saved[Cell::OUTPUT]);
          store(step.states.c_new + state, c);
        } else {
          store_outputs(h, state, y + unit, unit);
        }
      }
    }
  }

  // h' from c' once all rows have theirs: one row's chain of operations is so long that the next hardly begins before
  // it ends.
  void outputs_of(const StepTile& tile) const {
    const size_t units = step.units;
    const float* sum = tile.sum;
    for (int r = tile.row; r < tile.row + tile.rows; r++) {
      float* y = step.y_at(r);
      for (int block = tile.block; block < tile.block + tile.blocks; block++, sum += COUNT * LANES) {
        const size_t unit = (size_t)block * LANES, state = r * units + unit;
        vf h, saved[Cell::SAVED];
        saved[Cell::OUTPUT] = load(sum);
        Cell::forward_output(h, saved, load(step.states.c_new + state), Own<Cell>{});
        store_outputs(h, state, y + unit, unit);
      }
    }
  }

  U_INLINE_METHOD void store_outputs(vf h, size_t state, float* y, size_t unit) const {
    store(step.states.h_new + state, h);
    store_up_to(y, h, step.H - (int)unit);
  }
};

// [D,B,size] of the caller's rows from sorted rows [from, to), which start at `low` and are `row` floats apart.
static void store_rows(float* to, const float* rows, size_t row, size_t size, const Sequence& q, int d, int low,
                       int from, int end) {
  for (int r = from; to && r < end; r++) {
    __builtin_memcpy(to + ((size_t)d * q.shape.B + q.caller_row(r)) * size, rows + (r - low) * row,
                     size * sizeof(float));
  }
}
// Final states of the sorted rows [from, to), which have made their last step; h and c start at row `low`.
static void finish_rows(const Forward& f, int d, const float* h, const float* c, int low, int from, int to) {
  const Shape& shape = f.sequence->shape;
  store_rows(f.hn, h, shape.outputs(), shape.R, *f.sequence, d, low, from, to);
  store_rows(f.cn, c, shape.units(), shape.H, *f.sequence, d, low, from, to);
}

// Before step s: the states of rows [low, end), if this is one of the steps whose states are kept.
static void keep_states(const Forward& f, int d, int s, int low, int end) {
  const Shape& shape = f.sequence->shape;
  if (!f.kept || s % shape.keep) return;
  const States at = states_at(f, d, s, low);
  const size_t first = (size_t)(s / shape.keep) * shape.B + low, rows = end - low;
  __builtin_memcpy(f.kept[d].h + first * shape.outputs(), at.h_old, rows * shape.outputs() * sizeof(float));
  if (f.cell->cell_state)
    __builtin_memcpy(f.kept[d].c + first * shape.units(), at.c_old, rows * shape.units() * sizeof(float));
}

// What step s works on in the rows from `low` on.
template <class Cell>
static StepForward step_at(const Forward& f, int d, int s, int low) {
  const Sequence& q = *f.sequence;
  const Shape& shape = q.shape;
  const ForwardScratch& scratch = f.scratch->direction[d];
  const size_t units = shape.units();
  const int64_t place = q.place(d, s) + low, in_chunk = place - first_place(q, d, f.chunk);
  StepForward step = {};
  step.H = shape.H;
  step.units = units;
  step.b_hh = f.packed->direction[d].b_hh;
  step.gx_row = row_floats(Cell::GATES * units);
  step.gates_row = row_floats(Cell::SAVED * units);
  step.gx = scratch.gx + in_chunk * step.gx_row;
  if (f.saved) {
    const Saved& saved = f.saved->direction[d];
    step.gates = saved.gates + (place - saved.first_place) * step.gates_row;
  }
  step.states = states_at(f, d, s, low);
  if (Cell::FIRST_GATES < Cell::GATES) step.u = scratch.u + low * units;
  step.y = f.y + d * (ptrdiff_t)shape.R;
  step.y_row = f.y_row;
  if (shape.ragged()) step.source = q.source[d] + place;
  step.y_first = place;
  return step;
}

// The step's only product, or if a cell has two, the first and the second.
template <class Cell>
static void first_product(const StepForward& step, const Packed& w, int rows, Span panels) {
  const Rows h = {step.states.h_old, (ptrdiff_t)step.units};
  if constexpr (Cell::FIRST_GATES < Cell::GATES) {
    step_product<Cell::FIRST_GATES>(ForwardFirst<Cell>{step}, h, w.first, rows, panels);
  } else {
    step_product<Cell::GATES>(ForwardLast<Cell>{step}, h, w.first, rows, panels);
  }
}
template <class Cell>
static void second_product(const StepForward& step, const Packed& w, int rows, Span panels) {
  if constexpr (Cell::FIRST_GATES < Cell::GATES) {
    const Rows u = {step.u, (ptrdiff_t)step.units};
    step_product<Cell::GATES - Cell::FIRST_GATES>(ForwardLast<Cell>{step}, u, w.second, rows, panels);
  }
}

static void finish_step(const Forward& f, const StepForward& step, int d, int s, int low, int end) {
  const int active_next = f.sequence->active(s + 1);
  finish_rows(f, d, step.states.h_new, step.states.c_new, low, active_next > low ? active_next : low, end);
}

// The sorted rows [low, high) of one direction through a chunk: the time loop of a thread that has rows of its own.
template <class Cell>
static void forward_rows(void* arg, int d, int low, int high) {
  const Forward& f = *(const Forward*)arg;
  const Packed& w = f.packed->direction[d];
  for (int s = f.chunk.first; s < f.chunk.last; s++) {
    const int active = f.sequence->active(s), end = high < active ? high : active, rows = end - low;
    if (rows <= 0) break;
    keep_states(f, d, s, low, end);
    const StepForward step = step_at<Cell>(f, d, s, low);
    first_product<Cell>(step, w, rows, all_panels(w.first, s));
    second_product<Cell>(step, w, rows, all_panels(w.second, s));
    finish_step(f, step, d, s, low, end);
  }
}

// f(panels) over all panels, a range of them for each thread.
template <class F>
static void share_panels(u_ctx* ctx, const Panels& w, int step, const F& f) {
  in_shares(ctx, shares_of(ctx, panel_count(w)),
            [&](ptrdiff_t begin, ptrdiff_t end, int) { f(panels_at(step, (int)begin, (int)end)); });
}
// The same for all rows where they are not to be shared: the threads share the units of each step, and meet after every
// product.
template <class Cell>
static void forward_units(u_ctx* ctx, const Forward& f) {
  for (int s = f.chunk.first; s < f.chunk.last; s++) {
    const int rows = f.sequence->active(s);
    for (int d = 0; d < f.sequence->shape.D; d++) {
      const Packed& w = f.packed->direction[d];
      keep_states(f, d, s, 0, rows);
      const StepForward step = step_at<Cell>(f, d, s, 0);
      share_panels(ctx, w.first, s, [&](Span panels) { first_product<Cell>(step, w, rows, panels); });
      if (Cell::FIRST_GATES < Cell::GATES)
        share_panels(ctx, w.second, s, [&](Span panels) { second_product<Cell>(step, w, rows, panels); });
      finish_step(f, step, d, s, 0, rows);
    }
  }
}
struct ForwardTasks {
  RowsTask rows;
  void (*units)(u_ctx* ctx, const Forward& f);
};
// Threads that share a step's units meet once a step: that takes a few microseconds, in WASM more.
#ifdef __wasm__
constexpr int64_t UNITS_WORTH = 400000;
#else
constexpr int64_t UNITS_WORTH = 100000;
#endif
// W_hh of 2 MB: more than a thread has of second-level cache. Threads that shared the rows would each read all of it.
constexpr int64_t UNITS_LARGE = 1 << 19;
static bool shares_units(const u_ctx* ctx, const Shape& shape, int columns) {
  const bool few_rows = shape.B < 4 * ctx->threads / shape.D;
  return ctx->threads > shape.D && (few_rows || (int64_t)columns * shape.H >= UNITS_LARGE) &&
         (int64_t)shape.B * columns * shape.H >= UNITS_WORTH;
}

// States [D,B,size] (null: zeros) by sorted rows, padded.
static void load_states(float* to, const float* from, const Sequence& q, int d, size_t size) {
  const size_t padded = (size + LANES - 1) / LANES * LANES, valid = from ? size : 0;
  for (int r = 0; r < q.shape.B; r++, to += padded) {
    if (from) __builtin_memcpy(to, from + ((size_t)d * q.shape.B + q.caller_row(r)) * size, size * sizeof(float));
    __builtin_memset(to + valid, 0, (padded - valid) * sizeof(float));
  }
}

// The valid rows of x in a chunk: x itself, or if ragged a copy in the order of the places.
static const float* chunk_of_x(const Sequence& q, int d, const Chunk& chunk, const float* x, float* scratch_x) {
  const size_t I = q.shape.I;
  const int64_t first = first_place(q, d, chunk);
  if (!q.shape.ragged()) return x + first * I;
  for (int k = 0; k < chunk.rows; k++) {
    __builtin_memcpy(scratch_x + k * I, x + q.source[d][first + k] * I, I * sizeof(float));
  }
  return scratch_x;
}

// Zeros at the padded positions of [T,B,width], rows `row` floats apart.
static void zero_padding(float* to, const Sequence& q, size_t width, size_t row) {
  const Shape& shape = q.shape;
  if (!shape.ragged()) return;
  for (int r = 0; r < shape.B; r++) {
    for (int t = q.length[r]; t < shape.T; t++) {
      __builtin_memset(to + ((size_t)t * shape.B + q.order[r]) * row, 0, width * sizeof(float));
    }
  }
}

// Steps [first, last) from the states that are there.
static void forward_steps(u_ctx* ctx, Forward& f, const ForwardTasks& tasks, int first, int last) {
  const Sequence& q = *f.sequence;
  const Shape& shape = q.shape;
  const int columns = f.cell->gates * shape.units(), capacity = forward_chunk_rows(*f.cell, shape);
  for (int s = first; s < last; s = f.chunk.last) {
    f.chunk = chunk_from(q, s, last, capacity);
    for (int d = 0; d < shape.D; d++) {
      const ForwardScratch& scratch = f.scratch->direction[d];
      const Packed& w = f.packed->direction[d];
      // Normalisation comes between the product and its bias.
      const GemmOut gx = {scratch.gx, row_floats(columns), shape.has(U_NORM) ? nullptr : w.b_ih, false, nullptr};
      if (shape.one_hot) {
        one_hot_rows(ctx, gx, chunk_of_ids(q, d, f.chunk, f.ids), w.w_ih, f.chunk.rows, columns, shape.I);
      } else {
        const float* x = chunk_of_x(q, d, f.chunk, f.x, scratch.x);
        gemm_packed(ctx, gx, Strided{x, shape.I, 1}, w.w_ih, f.chunk.rows, columns, shape.I);
      }
    }
    if (tasks.units && shares_units(ctx, shape, columns)) {
      tasks.units(ctx, f);
    } else {
      parallel_rows(ctx, q, f.chunk, 2 * (int64_t)columns * shape.R, tasks.rows, &f);
    }
  }
}

static void forward_layer(u_ctx* ctx, Forward& f, const ForwardTasks& tasks) {
  const Sequence& q = *f.sequence;
  const Shape& shape = q.shape;
  for (int d = 0; d < shape.D; d++) {
    const States initial = states_at(f, d, 0, 0);
    load_states(initial.h_old, f.h0, q, d, shape.R);
    if (f.cell->cell_state) load_states(initial.c_old, f.c0, q, d, shape.H);
    finish_rows(f, d, initial.h_old, initial.c_old, 0, q.active(0), shape.B);  // rows of length 0
  }
  zero_padding(f.y, q, (size_t)shape.D * shape.R, f.y_row);
  forward_steps(ctx, f, tasks, 0, q.steps);
}
