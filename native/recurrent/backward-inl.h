// backward-inl.h: the time loop backward (BPTT). A chunk of steps at a time, last to first: step by step the cell's
// gate gradients dg and dh = dg W_hh; then, over all rows of the chunk at once, the gradients of weights, biases and x.

struct Gradients {  // [1]: the reverse direction's; any may be null
  float *dw_ih[2], *dw_hh[2], *db_ih[2], *db_hh[2];
};

struct Backward {
  const CellInfo& cell;
  const Sequence& sequence;
  const BackwardLayer& scratch;
  const SavedLayer& saved;
  const Weights& weights;
  const Gradients& gradients;
  float *dx, *dh0, *dc0;        // may be null
  const float *dy, *dhn, *dcn;  // may be null: zeros
  const float* x;
  Chunk chunk;
};

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
  const int32_t* source;  // the row of dy, if ragged; else dy_first and those that follow
  int64_t dy_first;

  const float* dy_at(int r) const { return dy ? dy + (source ? source[r] : dy_first + r) * dy_row : nullptr; }
};

// The cell's pointwise part; dh and dc keep what the old state's gradients get without passing through gh.
template <class Cell>
static void differentiate_cell(const StepBackward& step, int rows) {
  const size_t units = step.units;
  for (int r = 0; r < rows; r++) {
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
      Cell::backward(dg, dh, dc, saved, load(step.h_old + state), load(step.h_new + state), c_old, c_new);
      for (int k = 0; k < Cell::SLOTS; k++) store(slots + k * units + unit, dg[k]);
      store(step.dh + state, dh);
      if (Cell::CELL_STATE) store(step.dc + state, dc);
    }
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
        Cell::backward_first(dg, dh, u, load(sum), saved, load(step.h_old + state));
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

// The sorted rows [low, high) of one direction through a chunk. A row joins at its own last step, where dh and dc still
// hold the gradients of its final state.
template <class Cell>
static void backward_rows(void* arg, int d, int low, int high) {
  const Backward& b = *(const Backward*)arg;
  const Sequence& q = b.sequence;
  const Shape& shape = q.shape;
  const Saved& saved = b.saved.direction[d];
  const BackwardScratch& scratch = b.scratch.direction[d];
  const size_t units = shape.units();
  for (int s = b.chunk.last - 1; s >= b.chunk.first; s--) {
    const int end = high < q.active(s) ? high : q.active(s), rows = end - low;
    if (rows <= 0) continue;
    const int64_t place = q.place(d, s) + low, in_chunk = place - first_place(q, d, b.chunk);
    const size_t before = (q.state(d, s) + low) * units, after = (q.state(d, s + 1) + low) * units;
    StepBackward step = {};
    step.H = shape.H;
    step.units = units;
    step.h_old = saved.h + before;
    step.h_new = saved.h + after;
    step.dh = scratch.dh + low * units;
    if constexpr (Cell::CELL_STATE) {
      step.c_old = saved.c + before;
      step.c_new = saved.c + after;
      step.dc = scratch.dc + low * units;
    }
    step.gates_row = row_floats(Cell::SAVED * units);
    step.dg_row = row_floats(Cell::SLOTS * units);
    step.gates = saved.gates + place * step.gates_row;
    step.dg = scratch.dg + in_chunk * step.dg_row;
    if (b.dy) step.dy = b.dy + d * (ptrdiff_t)shape.H;
    step.dy_row = (ptrdiff_t)shape.D * shape.H;
    if (shape.ragged()) step.source = q.source[d] + place;
    step.dy_first = place;

    differentiate_cell<Cell>(step, rows);
    const float* dgh = step.dg + (Cell::SLOTS - Cell::GATES) * units;
    const ptrdiff_t record = step.dg_row;
    if constexpr (Cell::FIRST_GATES < Cell::GATES) {
      step.u = scratch.u + in_chunk * units;
      const Rows second = {dgh + Cell::FIRST_GATES * units, record};
      step_product<1>(BackwardFirst<Cell>{step}, second, scratch.second, rows, all_panels(scratch.second));
    }
    step_product<1>(AddToDh{step}, Rows{dgh, record}, scratch.first, rows, all_panels(scratch.first));
  }
}

// sum += the rows of dg. Compensated (Kahan): the error does not grow with the number of rows.
static void add_rows(float* sum, float* lost, const float* dg, int rows, size_t width, size_t row) {
  for (size_t column = 0; column < width; column += LANES) {
    vf total = load(sum + column), missing = load(lost + column);
    for (int r = 0; r < rows; r += 16) {
      vf part = load(dg + r * row + column);
      for (int k = r + 1; k < r + 16 && k < rows; k++) part += load(dg + k * row + column);
      const vf corrected = part - missing, next = total + corrected;
      missing = (next - total) - corrected;
      total = next;
    }
    store(sum + column, total);
    store(lost + column, missing);
  }
}

// db[gate] += the sum in its slot.
static void add_bias(float* db, const float* sum, const int32_t* weight_row, int count) {
  for (int k = 0; db && k < count; k++) {
    if (weight_row[k] >= 0) db[weight_row[k]] += sum[k];
  }
}

// The states before each of a chunk's steps, in the order of the places: as saved, or if ragged a copy without the rows
// that ended in between.
static const float* chunk_of_old_states(const Sequence& q, int d, const Chunk& chunk, const float* h,
                                        float* scratch_h) {
  const size_t units = q.shape.units();
  if (!q.shape.ragged()) return h + q.state(d, d == 0 ? chunk.first : chunk.last - 1) * units;
  float* to = scratch_h;
  for (int s = chunk.first; s < chunk.last; s++) {
    const size_t count = q.active(s) * units;
    __builtin_memcpy(to, h + q.state(d, s) * units, count * sizeof(float));
    to += count;
  }
  return scratch_h;
}

// forward was: gx = x W_ih^T + b_ih,  gh = h W_hh^T + b_hh (the last gates: u W_hh^T + b_hh)
static void chunk_gradients(u_ctx* ctx, const Backward& b, int d) {
  const Sequence& q = b.sequence;
  const Shape& shape = q.shape;
  const CellInfo& cell = b.cell;
  const BackwardScratch& scratch = b.scratch.direction[d];
  const int units = shape.units(), columns = cell.gates * units, rows = b.chunk.rows;
  const ptrdiff_t record = row_floats(cell.slots * units);
  const float *dgx = scratch.dg, *dgh = scratch.dg + cell.first_slot() * units;

  if (b.gradients.dw_ih[d]) {
    const float* x = chunk_of_x(q, d, b.chunk, b.x, scratch.x);
    const GemmOut dw_ih = {b.gradients.dw_ih[d], shape.I, nullptr, true, b.scratch.row_ih};
    gemm(ctx, dw_ih, Strided{dgx, 1, record}, Strided{x, shape.I, 1}, columns, shape.I, rows);
  }
  if (b.gradients.dw_hh[d]) {
    const float* h = chunk_of_old_states(q, d, b.chunk, b.saved.direction[d].h, scratch.h);
    const int first = cell.first_gates * units;
    GemmOut dw_hh = {b.gradients.dw_hh[d], shape.H, nullptr, true, b.scratch.row_hh};
    gemm(ctx, dw_hh, Strided{dgh, 1, record}, Strided{h, units, 1}, first, shape.H, rows);
    if (cell.two_products()) {
      dw_hh.row_map += first;
      gemm(ctx, dw_hh, Strided{dgh + first, 1, record}, Strided{scratch.u, units, 1}, columns - first, shape.H, rows);
    }
  }
  if (b.gradients.db_ih[d] || b.gradients.db_hh[d])
    add_rows(scratch.sum, scratch.lost, dgx, rows, cell.slots * units, record);
  if (b.dx) {
    const int64_t first = first_place(q, d, b.chunk);
    GemmOut dx = {b.dx, shape.I, nullptr, shape.D == 2, nullptr};
    if (shape.ragged()) {
      dx.row_map = q.source[d] + first;
    } else {
      dx.c += first * shape.I;
    }
    gemm_packed(ctx, dx, Strided{dgx, record, 1}, scratch.w_ih, rows, shape.I, columns);
  }
}

// Gradients of the states, by the caller's rows; null: not wanted.
static void store_states(float* to, const float* from, const Sequence& q, int d) {
  const Shape& shape = q.shape;
  for (int r = 0; to && r < shape.B; r++) {
    __builtin_memcpy(to + ((size_t)d * shape.B + q.caller_row(r)) * shape.H, from + (size_t)r * shape.units(),
                     shape.H * sizeof(float));
  }
}

// W_ih for dx: its rows in the order of the slots, zeros past H.
static void pack_slots(u_ctx* ctx, const Backward& b, int d) {
  const CellInfo& cell = b.cell;
  const Shape& shape = b.sequence.shape;
  const BackwardScratch& scratch = b.scratch.direction[d];
  const int H = shape.H, I = shape.I, units = shape.units(), columns = cell.gates * units;
  in_ranges(ctx, (I + NR - 1) / NR, (double)columns * I, [&](ptrdiff_t begin, ptrdiff_t end) {
    const int first = (int)begin * NR, width = least(I, (int)end * NR) - first;
    for (int gate = 0; gate < cell.gates; gate++) {
      const float* from = b.weights.w_ih[d] + (size_t)cell.slot_gate[gate] * H * I + first;
      float* to = scratch.w_ih_padded + (size_t)gate * units * I + first;
      for (int unit = 0; unit < H; unit++, from += I, to += I) __builtin_memcpy(to, from, width * sizeof(float));
      for (int unit = H; unit < units; unit++, to += I) __builtin_memset(to, 0, width * sizeof(float));
    }
    pack_b(scratch.w_ih + (ptrdiff_t)first * columns, Strided{scratch.w_ih_padded + first, I, 1}, columns, width);
  });
}

static void prepare_backward(u_ctx* ctx, const Backward& b) {
  const Shape& shape = b.sequence.shape;
  const CellInfo& cell = b.cell;
  const int H = shape.H, I = shape.I, units = shape.units(), columns = cell.gates * units;
  for (int k = 0; k < columns; k++) {
    const int gate = k / units, unit = k % units;
    b.scratch.row_ih[k] = unit < H ? cell.slot_gate[gate] * H + unit : -1;
    b.scratch.row_hh[k] = unit < H ? gate * H + unit : -1;
  }
  for (int d = 0; d < shape.D; d++) {
    const BackwardScratch& scratch = b.scratch.direction[d];
    const float* w_hh = b.weights.w_hh[d];
    pack_panels(ctx, scratch.first, w_hh, H, {H, units}, H, 0, 1);
    if (cell.two_products())
      pack_panels(ctx, scratch.second, w_hh + (size_t)cell.first_gates * H * H, H, {H, units}, H, 0, 1);
    if (b.dx) pack_slots(ctx, b, d);
    load_states(scratch.dh, b.dhn, b.sequence, d);
    if (cell.cell_state) load_states(scratch.dc, b.dcn, b.sequence, d);
    const size_t slots = (size_t)cell.slots * units;
    __builtin_memset(scratch.sum, 0, slots * sizeof(float));
    __builtin_memset(scratch.lost, 0, slots * sizeof(float));
  }
  if (!b.dx) return;
  if (shape.D == 2) {  // both directions add to it
    __builtin_memset(b.dx, 0, (size_t)shape.T * shape.B * I * sizeof(float));
  } else {
    zero_padding(b.dx, b.sequence, I);
  }
}

static void backward_layer(u_ctx* ctx, Backward& b, RowsTask rows_task) {
  const Sequence& q = b.sequence;
  const Shape& shape = q.shape;
  const int columns = b.cell.gates * shape.units(), capacity = backward_chunk_rows(b.cell, shape);
  prepare_backward(ctx, b);
  for (int s = q.steps; s > 0; s = b.chunk.first) {
    b.chunk = chunk_until(q, s, capacity);
    parallel_rows(ctx, q, b.chunk, 2 * (int64_t)columns * shape.H, rows_task, &b);
    for (int d = 0; d < shape.D; d++) chunk_gradients(ctx, b, d);
  }
  for (int d = 0; d < shape.D; d++) {
    const BackwardScratch& scratch = b.scratch.direction[d];
    add_bias(b.gradients.db_ih[d], scratch.sum, b.scratch.row_ih, columns);
    add_bias(b.gradients.db_hh[d], scratch.sum + b.cell.first_slot() * shape.units(), b.scratch.row_hh, columns);
    store_states(b.dh0, scratch.dh, q, d);
    store_states(b.dc0, scratch.dc, q, d);
  }
}
