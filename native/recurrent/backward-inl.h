// backward-inl.h: the time loop backward (BPTT). A chunk of steps at a time, last to first: step by step the cell's
// gate gradients dg and dh = dg W_hh; then, over all rows of the chunk at once, the gradients of weights, biases and x.

struct Gradients {  // [1]: the reverse direction's; any may be null
  float *dw_ih[2], *dw_hh[2], *db_ih[2], *db_hh[2];
};

struct Backward {
  const CellInfo* cell = nullptr;
  const Sequence* sequence = nullptr;
  BackwardLayer* scratch = nullptr;
  const SavedLayer* saved = nullptr;  // with `keep`: the steps at hand
  const Kept* kept = nullptr;
  const Weights* weights = nullptr;
  Gradients gradients = {};
  float *dx = nullptr, *dh0 = nullptr, *dc0 = nullptr;        // may be null
  const float *dy = nullptr, *dhn = nullptr, *dcn = nullptr;  // may be null: zeros
  ptrdiff_t dy_row = 0;                                       // floats from row to row of dy
  const float* x = nullptr;
  const int32_t* ids = nullptr;  // in place of x
  bool add_dx = false;           // dx is added to, not overwritten
  const Extra* extra = nullptr;  // with features
  ExtraGradients extra_gradients = {};
  const Report* report = nullptr;  // what to tell of each step
  Chunk chunk = {};
};

// The time loops of a cell.
struct BackwardTasks {
  RowsTask rows;
  void (*units)(u_ctx* ctx, const Backward& b);
};
struct CellTasks {
  ForwardTasks forward;
  BackwardTasks backward;
};

static void clear(const Sum& sum, size_t width) {
  __builtin_memset(sum.total, 0, width * sizeof(float));
  __builtin_memset(sum.lost, 0, width * sizeof(float));
}

// What one step works on, from the first row on.
struct StepBackward {
  int H;
  size_t units;
  const float *h_old, *h_new, *c_old, *c_new;  // [rows,units]
  const float* gates;                          // [rows], each [block][SAVED][LANES]
  float* dg;                                   // [rows], each [SLOTS,units]
  int gates_row, dg_row;                       // floats from row to row
  float *dh, *dc;                              // [rows,units]
  float* u;                                    // [rows,units]
  const float* dy;                             // [..,dy_row], at the direction's half, or null
  ptrdiff_t dy_row;
  const int32_t* source;  // the row of x, y and dy, if ragged; else first and those that follow
  int64_t first;

  int64_t row_at(int r) const { return source ? source[r] : first + r; }
  const float* dy_at(int r) const { return dy ? dy + row_at(r) * dy_row : nullptr; }
};

// The cell's pointwise part; dh and dc keep what the old state's gradients get without passing through gh.
template <class Cell, bool REPORT>
static void differentiate_cell(const StepBackward& step, int rows, const Report* report) {
  const size_t units = step.units;
  for (int r = 0; r < rows; r++) {
    StepReport<Cell> seen = {};
    const float* dy = step.dy_at(r);
    const float* gates = step.gates + (ptrdiff_t)r * step.gates_row;
    float* slots = step.dg + (ptrdiff_t)r * step.dg_row;
    for (size_t unit = 0; unit < units; unit += LANES) {
      const size_t state = r * units + unit;
      vf dg[Cell::SLOTS] = {}, saved[Cell::SAVED + 1], c_old = {}, c_new = {}, dc = {};
      for (int k = 0; k < Cell::SAVED; k++) saved[k] = load(gates + unit * Cell::SAVED + k * LANES);
      // The same place of the next row: what forward left is long out of the cache.
      for (int k = 0; k < Cell::SAVED * LANES; k += 16)
        __builtin_prefetch(gates + step.gates_row + unit * Cell::SAVED + k);
      for (int k = 0; k < Cell::SLOTS; k++) __builtin_prefetch(slots + step.dg_row + k * units + unit, 1);
      if (Cell::CELL_STATE) __builtin_prefetch(step.c_old + state + units);
      if (dy) __builtin_prefetch(dy + step.dy_row + unit);
      vf dh = load(step.dh + state);
      if (dy) dh += load_up_to(dy + unit, step.H - (int)unit);
      if (Cell::CELL_STATE) {
        c_old = load(step.c_old + state);
        c_new = load(step.c_new + state);
        dc = load(step.dc + state);
      }
      const vf h_new = load(step.h_new + state);
      if constexpr (REPORT) seen.add_h(dh), seen.add_gates(saved, h_new, step.H - (int)unit);
      if constexpr (Cell::CELL_STATE) Cell::backward_output(dg, dh, dc, saved, c_new, Own<Cell>{});
      if constexpr (Cell::CELL_STATE) dc += dh;
      if constexpr (REPORT && Cell::CELL_STATE) seen.add_c(dc);
      Cell::backward(dg, dh, dc, saved, load(step.h_old + state), h_new, c_old, Own<Cell>{});
      for (int k = 0; k < Cell::SLOTS; k++) store(slots + k * units + unit, dg[k]);
      store(step.dh + state, dh);
      if (Cell::CELL_STATE) store(step.dc + state, dc);
    }
    if constexpr (REPORT) seen.store(*report, step.row_at(r), step.H);
  }
}

// Epilogue of the second product's adjoint, whose sum is du: the first gates' dg, and u once more for their weight
// gradient.
template <class Cell>
struct BackwardFirst {
  const StepBackward& step;

  void fetch(const StepTile&) const {}  // differentiate_cell has just been there

  void apply(const StepTile& tile) const {
    constexpr int FROM = Cell::SLOTS - Cell::GATES;
    const size_t units = step.units;
    const float* sum = tile.sum;
    for (int r = tile.row; r < tile.row + tile.rows; r++) {
      const float* gates = step.gates + (ptrdiff_t)r * step.gates_row;
      float* slots = step.dg + (ptrdiff_t)r * step.dg_row;
      for (int block = tile.block; block < tile.block + tile.blocks; block++, sum += LANES) {
        const size_t unit = (size_t)block * LANES, state = r * units + unit;
        vf dg[Cell::SLOTS], saved[Cell::SAVED + 1], u;
        for (int k = FROM; k < FROM + Cell::FIRST_GATES; k++) dg[k] = load(slots + k * units + unit);
        for (int k = 0; k < Cell::SAVED; k++) saved[k] = load(gates + unit * Cell::SAVED + k * LANES);
        vf dh = load(step.dh + state);
        Cell::backward_first(dg, dh, u, load(sum), saved, load(step.h_old + state), Own<Cell>{});
        for (int k = FROM; k < FROM + Cell::FIRST_GATES; k++) store(slots + k * units + unit, dg[k]);
        store(step.dh + state, dh);
        store(step.u + state, u);
      }
    }
  }
};

// Epilogue of the first product's adjoint: dh += dg W_hh.
struct AddToDh {
  const StepBackward& step;

  void fetch(const StepTile&) const {}  // differentiate_cell has just been there

  void apply(const StepTile& tile) const {
    const float* sum = tile.sum;
    for (int r = tile.row; r < tile.row + tile.rows; r++) {
      float* dh = step.dh + r * step.units + (size_t)tile.block * LANES;
      for (int k = 0; k < tile.blocks; k++, dh += LANES, sum += LANES) store(dh, load(dh) + load(sum));
    }
  }
};

// What step s works on in the rows from `low` on.
template <class Cell>
static StepBackward step_back_at(const Backward& b, int d, int s, int low) {
  const Sequence& q = *b.sequence;
  const Shape& shape = q.shape;
  const Saved& saved = b.saved->direction[d];
  const BackwardScratch& scratch = b.scratch->direction[d];
  const size_t units = shape.units(), outputs = shape.outputs();
  const int64_t place = q.place(d, s) + low, in_chunk = place - first_place(q, d, b.chunk);
  const int64_t before = q.state(d, s) + low - saved.first_state, after = q.state(d, s + 1) + low - saved.first_state;
  StepBackward step = {};
  step.H = shape.H;
  step.units = units;
  step.h_old = saved.h + before * outputs;
  step.h_new = saved.h + after * outputs;
  step.dh = scratch.dh + low * outputs;
  if constexpr (Cell::CELL_STATE) {
    step.c_old = saved.c + before * units;
    step.c_new = saved.c + after * units;
    step.dc = scratch.dc + low * units;
  }
  step.gates_row = row_floats(Cell::SAVED * units);
  step.dg_row = row_floats(Cell::SLOTS * units);
  step.gates = saved.gates + (place - saved.first_place) * step.gates_row;
  step.dg = scratch.dg + in_chunk * step.dg_row;
  if constexpr (Cell::FIRST_GATES < Cell::GATES) step.u = scratch.u + in_chunk * units;
  if (b.dy) step.dy = b.dy + d * (ptrdiff_t)shape.R;
  step.dy_row = b.dy_row;
  if (shape.ragged()) step.source = q.source[d] + place;
  step.first = place;
  return step;
}

// Gate gradients of a step's rows, for the products that follow. Not inlined: both time loops call it.
template <class Cell>
static __attribute__((noinline)) void differentiate_rows(const Backward& b, const StepBackward& step, int rows) {
  if (b.report && b.report->steps) {
    differentiate_cell<Cell, true>(step, rows, b.report);
  } else {
    differentiate_cell<Cell, false>(step, rows, nullptr);
  }
}
// The adjoints of the step's products: of the second, if there is one, and of the first.
template <class Cell>
static void second_adjoint(const StepBackward& step, const BackwardScratch& scratch, int rows, Span panels) {
  if constexpr (Cell::FIRST_GATES < Cell::GATES) {
    const Rows dg = {step.dg + (Cell::SLOTS - Cell::GATES + Cell::FIRST_GATES) * step.units, step.dg_row};
    step_product<1>(BackwardFirst<Cell>{step}, dg, scratch.second, rows, panels);
  }
}
template <class Cell>
static void first_adjoint(const StepBackward& step, const BackwardScratch& scratch, int rows, Span panels) {
  const Rows dg = {step.dg + (Cell::SLOTS - Cell::GATES) * step.units, step.dg_row};
  step_product<1>(AddToDh{step}, dg, scratch.first, rows, panels);
}

// The sorted rows [low, high) of one direction through a chunk. A row joins at its own last step, where dh and dc still
// hold the gradients of its final state.
template <class Cell>
static void backward_rows(void* arg, int d, int low, int high) {
  const Backward& b = *(const Backward*)arg;
  const Sequence& q = *b.sequence;
  const BackwardScratch& scratch = b.scratch->direction[d];
  for (int s = b.chunk.last - 1; s >= b.chunk.first; s--) {
    const int end = high < q.active(s) ? high : q.active(s), rows = end - low;
    if (rows <= 0) continue;
    const StepBackward step = step_back_at<Cell>(b, d, s, low);
    differentiate_rows<Cell>(b, step, rows);
    second_adjoint<Cell>(step, scratch, rows, all_panels(scratch.second, s));
    first_adjoint<Cell>(step, scratch, rows, all_panels(scratch.first, s));
  }
}

// The same for all rows where the threads share the units of each step: see forward_units.
template <class Cell>
static void backward_units(u_ctx* ctx, const Backward& b) {
  const Sequence& q = *b.sequence;
  for (int s = b.chunk.last - 1; s >= b.chunk.first; s--) {
    const int rows = q.active(s);
    for (int d = 0; d < q.shape.D; d++) {
      const BackwardScratch& scratch = b.scratch->direction[d];
      const StepBackward step = step_back_at<Cell>(b, d, s, 0);
      in_ranges(ctx, rows, (double)rows * Cell::SLOTS * step.units, [&](ptrdiff_t first, ptrdiff_t last) {
        differentiate_rows<Cell>(b, step_back_at<Cell>(b, d, s, (int)first), (int)(last - first));
      });
      if (Cell::FIRST_GATES < Cell::GATES)
        share_panels(ctx, scratch.second, s, [&](Span panels) { second_adjoint<Cell>(step, scratch, rows, panels); });
      share_panels(ctx, scratch.first, s, [&](Span panels) { first_adjoint<Cell>(step, scratch, rows, panels); });
    }
  }
}

// sum += at(row, column) of all rows, column a multiple of LANES below `width`. Compensated (Kahan): the error does not
// grow with the number of rows.
template <class At>
static void add_rows(const Sum& sum, int rows, size_t width, const At& at) {
  for (size_t column = 0; column < width; column += LANES) {
    vf total = load(sum.total + column), missing = load(sum.lost + column);
    for (int r = 0; r < rows; r += 16) {
      vf part = at(r, column);
      for (int k = r + 1; k < r + 16 && k < rows; k++) part += at(k, column);
      const vf corrected = part - missing, next = total + corrected;
      missing = (next - total) - corrected;
      total = next;
    }
    store(sum.total + column, total);
    store(sum.lost + column, missing);
  }
}

// db[gate] += the sum in its slot.
static void add_bias(float* db, const float* sum, const int32_t* weight_row, int count) {
  for (int k = 0; db && k < count; k++) {
    if (weight_row[k] >= 0) db[weight_row[k]] += sum[k];
  }
}

// The states before each of a chunk's steps, in the order of the places: as they lie in `states`, or a copy in `to` if
// ragged (without the rows that ended in between) or dropped.
static const float* chunk_of_old(const Backward& b, int d, const float* states, size_t width, float* to, bool dropped) {
  const Sequence& q = *b.sequence;
  const Shape& shape = q.shape;
  const Chunk& chunk = b.chunk;
  const auto at = [&](int s) { return states + (q.state(d, s) - b.saved->direction[d].first_state) * width; };
  if (!shape.ragged() && !dropped) return at(shape.backwards(d) ? chunk.last - 1 : chunk.first);
  for (int s = chunk.first; s < chunk.last; s++) {
    float* rows = to + (q.place(d, s) - first_place(q, d, chunk)) * width;
    if (dropped) {
      drop_rows(rows, at(s), *b.extra, q, 0, q.active(s));
    } else {
      __builtin_memcpy(rows, at(s), q.active(s) * width * sizeof(float));
    }
  }
  return to;
}

// In backward-extra-inl.h: the gradients of what a layer has beyond W_ih, W_hh and biases.
static void prepare_extra_backward(u_ctx* ctx, const Backward& b);
static void extra_gradients(u_ctx* ctx, const Backward& b, int d, const float* h);
static void finish_extra_backward(const Backward& b);
// In contributions-inl.h.
static void report_contributions(u_ctx* ctx, const Backward& b, int d, const ChunkOperands& of);

// forward was: gx = x W_ih^T + b_ih,  gh = h W_hh^T + b_hh (the last gates: u W_hh^T + b_hh)
static void chunk_gradients(u_ctx* ctx, const Backward& b, int d) {
  const Sequence& q = *b.sequence;
  const Shape& shape = q.shape;
  const CellInfo& cell = *b.cell;
  const BackwardScratch& scratch = b.scratch->direction[d];
  const int units = shape.units(), columns = cell.gates * units, rows = b.chunk.rows;
  // With normalisation the products' own gradients lie apart.
  const bool norm = shape.has(U_NORM);
  const ptrdiff_t record = row_floats((norm ? cell.gates : cell.slots) * units);
  const float* dgx = norm ? scratch.dgx : scratch.dg;
  const float* dgh = norm ? scratch.dgh : scratch.dg + cell.first_slot() * units;
  const bool contributions = b.report && b.report->contributions;
  const float* x = nullptr;
  if (!shape.one_hot && (b.gradients.dw_ih[d] || contributions)) x = chunk_of_x(q, d, b.chunk, b.x, scratch.x);
  const float* h = nullptr;
  if (b.gradients.dw_hh[d] || contributions || b.extra_gradients.w_unit)
    h = chunk_of_old(b, d, b.saved->direction[d].h, shape.outputs(), scratch.h, shape.has(U_DROP));

  if (b.gradients.dw_ih[d] && shape.one_hot) {
    add_one_hot(ctx, scratch.dw_ids, chunk_of_ids(q, d, b.chunk, b.ids), dgx, record, rows, columns);
  } else if (b.gradients.dw_ih[d]) {
    const GemmOut dw_ih = {b.gradients.dw_ih[d], shape.I, nullptr, true, b.scratch->row_ih};
    gemm(ctx, dw_ih, Strided{dgx, 1, record}, Strided{x, shape.I, 1}, columns, shape.I, rows);
  }
  if (b.gradients.dw_hh[d]) {
    const int first = cell.first_gates * units, outputs = shape.outputs();
    GemmOut dw_hh = {b.gradients.dw_hh[d], shape.R, nullptr, true, b.scratch->row_hh};
    gemm(ctx, dw_hh, Strided{dgh, 1, record}, Strided{h, outputs, 1}, first, shape.R, rows);
    if (cell.two_products()) {
      dw_hh.row_map += first;
      gemm(ctx, dw_hh, Strided{dgh + first, 1, record}, Strided{scratch.u, units, 1}, columns - first, shape.H, rows);
    }
  }
  if (b.gradients.db_ih[d] || b.gradients.db_hh[d]) {
    const ptrdiff_t row = row_floats(cell.slots * units);
    add_rows(scratch.slots, rows, cell.slots * units, [&](int r, size_t k) { return load(scratch.dg + r * row + k); });
  }
  if (b.extra) extra_gradients(ctx, b, d, h);
  if (contributions) report_contributions(ctx, b, d, {dgx, dgh, x, h, record});
  if (b.dx) {
    const int64_t first = first_place(q, d, b.chunk);
    GemmOut dx = {b.dx, shape.I, nullptr, shape.D == 2 || b.add_dx, nullptr};
    if (shape.ragged()) {
      dx.row_map = q.source[d] + first;
    } else {
      dx.c += first * shape.I;
    }
    gemm_packed(ctx, dx, Strided{dgx, record, 1}, scratch.w_ih, rows, shape.I, columns);
  }
}

// W_ih for dx: its rows in the order of the slots, zeros past H.
static void pack_slots(u_ctx* ctx, const Backward& b, int d) {
  const CellInfo& cell = *b.cell;
  const Shape& shape = b.sequence->shape;
  const BackwardScratch& scratch = b.scratch->direction[d];
  const int H = shape.H, I = shape.I, units = shape.units(), columns = cell.gates * units;
  in_ranges(ctx, (I + NR - 1) / NR, (double)columns * I, [&](ptrdiff_t begin, ptrdiff_t end) {
    const int first = (int)begin * NR, width = least(I, (int)end * NR) - first;
    for (int gate = 0; gate < cell.gates; gate++) {
      const float* from = b.weights->w_ih[d] + (size_t)cell.slot_gate[gate] * H * I + first;
      float* to = scratch.w_ih_padded + (size_t)gate * units * I + first;
      for (int unit = 0; unit < H; unit++, from += I, to += I) __builtin_memcpy(to, from, width * sizeof(float));
      for (int unit = H; unit < units; unit++, to += I) __builtin_memset(to, 0, width * sizeof(float));
    }
    pack_b(scratch.w_ih + (ptrdiff_t)first * columns, Strided{scratch.w_ih_padded + first, I, 1}, columns, width);
  });
}

static void prepare_backward(u_ctx* ctx, const Backward& b) {
  const Shape& shape = b.sequence->shape;
  const CellInfo& cell = *b.cell;
  const int H = shape.H, R = shape.R, I = shape.I, units = shape.units(), columns = cell.gates * units;
  for (int k = 0; k < columns; k++) {
    const int gate = k / units, unit = k % units;
    b.scratch->row_ih[k] = unit < H ? cell.slot_gate[gate] * H + unit : -1;
    b.scratch->row_hh[k] = unit < H ? gate * H + unit : -1;
  }
  for (int d = 0; d < shape.D; d++) {
    const BackwardScratch& scratch = b.scratch->direction[d];
    const float* w_hh = b.weights->w_hh[d];
    if (cell.product) pack_panels(ctx, scratch.first, w_hh, R, {H, units}, R, 0, 1);
    if (cell.two_products())
      pack_panels(ctx, scratch.second, w_hh + (size_t)cell.first_gates * H * R, H, {H, units}, R, 0, 1);
    if (b.dx) pack_slots(ctx, b, d);
    load_states(scratch.dh, b.dhn, *b.sequence, d, R);
    if (cell.cell_state) load_states(scratch.dc, b.dcn, *b.sequence, d, H);
    clear(scratch.slots, (size_t)cell.slots * units);
    if (shape.one_hot && b.gradients.dw_ih[d]) __builtin_memset(scratch.dw_ids, 0, (size_t)I * columns * sizeof(float));
  }
  if (!b.dx || b.add_dx) return;
  if (shape.D == 2) {  // both directions add to it
    __builtin_memset(b.dx, 0, (size_t)shape.T * shape.B * I * sizeof(float));
  } else {
    zero_padding(b.dx, *b.sequence, I, I);
  }
}

// What backward reads, if only some states were kept: steps [first, last) forward once more, from the state before
// them.
static void steps_again(u_ctx* ctx, const Backward& b, const ForwardTasks& tasks, int first, int last) {
  const Sequence& q = *b.sequence;
  const Shape& shape = q.shape;
  BackwardLayer& layer = *b.scratch;
  Forward f;
  f.cell = b.cell, f.sequence = &q, f.packed = &layer.again.packed, f.scratch = &layer.again;
  f.saved = &layer.segment;
  f.y = layer.y;  // every row there, as its stride is 0
  f.x = b.x, f.ids = b.ids;
  f.extra = b.extra;
  for (int d = 0; d < shape.D; d++) {
    Saved& segment = layer.segment.direction[d];
    const Kept& kept = b.kept[d];
    segment.first_place = lowest_place(q, d, first, last);
    segment.first_state = lowest_state(q, d, first, last);
    const States at = states_at(f, d, first, 0);
    const size_t rows = q.active(first), from = (size_t)(first / shape.keep) * shape.B;
    const size_t outputs = shape.outputs(), units = shape.units();
    __builtin_memcpy(at.h_old, kept.h + from * outputs, rows * outputs * sizeof(float));
    if (b.cell->cell_state) __builtin_memcpy(at.c_old, kept.c + from * units, rows * units * sizeof(float));
  }
  forward_steps(ctx, f, tasks, first, last);
}

static void backward_layer(u_ctx* ctx, Backward& b, const CellTasks& tasks) {
  const Sequence& q = *b.sequence;
  const Shape& shape = q.shape;
  const CellInfo& cell = *b.cell;
  const int columns = cell.gates * shape.units(), capacity = backward_chunk_rows(cell, shape);
  prepare_backward(ctx, b);
  if (b.extra) prepare_extra_backward(ctx, b);
  if (shape.keep) pack_layer(ctx, b.scratch->again.packed, cell, shape, *b.weights);
  for (int end = q.steps; end > 0;) {
    const int begin = shape.keep ? (end - 1) / shape.keep * shape.keep : 0;
    if (shape.keep) steps_again(ctx, b, tasks.forward, begin, end);
    for (int s = end; s > begin; s = b.chunk.first) {
      b.chunk = chunk_until(q, begin, s, capacity);
      if (tasks.backward.units && shares_units(ctx, shape, columns)) {
        tasks.backward.units(ctx, b);
      } else {
        parallel_rows(ctx, q, b.chunk, 2 * (int64_t)columns * shape.R, tasks.backward.rows, &b);
      }
      for (int d = 0; d < shape.D; d++) chunk_gradients(ctx, b, d);
    }
    end = begin;
  }
  for (int d = 0; d < shape.D; d++) {
    const BackwardScratch& scratch = b.scratch->direction[d];
    if (shape.one_hot && b.gradients.dw_ih[d])
      finish_one_hot(ctx, b.gradients.dw_ih[d], scratch.dw_ids, b.scratch->row_ih, columns, shape.I);
    add_bias(b.gradients.db_ih[d], scratch.slots.total, b.scratch->row_ih, columns);
    add_bias(b.gradients.db_hh[d], scratch.slots.total + cell.first_slot() * shape.units(), b.scratch->row_hh, columns);
    store_rows(b.dh0, scratch.dh, shape.outputs(), shape.R, q, d, 0, 0, shape.B);
    store_rows(b.dc0, scratch.dc, shape.units(), shape.H, q, d, 0, 0, shape.B);
  }
  if (b.extra) finish_extra_backward(b);
}
