// backward-extra-inl.h: the time loop backward of layers with features; the adjoint of forward-extra-inl.h, row by row.

// One step of the rows from `low` on.
template <class Cell>
struct ExtraBackward {
  const Backward& b;
  const Extra& extra;
  const StepBackward& step;
  const BackwardScratch& scratch;
  const Saved& saved;
  int low;
  int64_t place, in_chunk;  // of row `low`: in `saved`, in the chunk

  static constexpr int FIRST_SLOT = Cell::SLOTS - Cell::GATES;
  const Shape& shape() const { return b.sequence->shape; }
  const float* gates(int r) const { return step.gates + (ptrdiff_t)r * step.gates_row; }
  float* slots(int r) const { return step.dg + (ptrdiff_t)r * step.dg_row; }
  ptrdiff_t gates_row() const { return row_floats(Cell::GATES * (int)step.units); }
  float* dgx(int r) const { return scratch.dgx + (in_chunk + r) * gates_row(); }
  float* dgh(int r) const { return scratch.dgh + (in_chunk + r) * gates_row(); }
  const float* moments(int r) const { return saved.moments + (place + r) * MOMENTS; }
  float* dm(int r) const { return scratch.dm + (ptrdiff_t)(low + r) * step.units; }
  float* dc_new(int r) const { return scratch.dc_new + (ptrdiff_t)(low + r) * step.units; }
  const float* candidate(int r) const { return saved.candidate + (place + r) * step.units; }
  const float* c_new(int r) const { return saves_c() ? candidate(r) : step.c_new + r * step.units; }
  bool saves_c() const { return Cell::CELL_STATE && saved.candidate; }
  vf drop(int r, size_t unit) const {
    const int R = shape().R;
    return load_up_to(extra.drop + (ptrdiff_t)b.sequence->caller_row(low + r) * R + unit, R - (int)unit);
  }
  void load_units(Given& o, size_t unit) const {
    for (int k = 0; k < Cell::UNITS; k++) o.unit[k] = load(extra.unit + unit * Cell::UNITS + k * LANES);
  }

  // forward was: h = h_old + share*(h' - h_old), y = h.  dh keeps what goes to h_old directly.
  void output(int r, StepReport<Cell>* seen) const {
    const size_t outputs = shape().outputs();
    const int R = shape().R;
    const float* dy = step.dy_at(r);
    float* dh = step.dh + r * outputs;
    float* dh_new = shape().has(U_PROJECTION) ? scratch.dh_new + (in_chunk + r) * outputs : dm(r);
    for (size_t unit = 0; unit < outputs; unit += LANES) {
      vf d = load(dh + unit), carried = zero();
      if (dy) d += load_up_to(dy + unit, R - (int)unit);
      if (seen) seen->add_h(d);
      if (shape().has(U_ZONEOUT)) {
        const vf share = zone(extra.zone_h, extra.new_h, step.row_at(r), R, (int)unit);
        carried = first_lanes((splat(1.0f) - share) * d, R - (int)unit);
        d = share * d;
      }
      store(dh_new + unit, d);
      store(dh + unit, carried);
    }
  }

  // c' normalised, without gain.
  U_INLINE_METHOD vf c_hat(int r, size_t unit) const {
    const vf centred = load(c_new(r) + unit) - splat(moments(r)[MEAN_C]);
    return first_lanes(centred * splat(moments(r)[RSTD_C]), step.H - (int)unit);
  }

  // forward was: h' or m = o*output(c~), c~ = c' or gain*N(c') + shift;  c = c_old + share*(c' - c_old).
  // Leaves the gradient of c' in dc_new, and the output gate's in its slot.
  void cell_state(int r, StepReport<Cell>* seen) const {
    const size_t units = step.units;
    const int H = step.H;
    const bool norm = shape().has(U_NORM);
    Given o = extra.functions;
    float* dc_hat = norm ? scratch.dc_hat + (in_chunk + r) * units : nullptr;
    vf sum = zero(), products = zero();
    for (size_t unit = 0; unit < units; unit += LANES) {
      vf dg[Cell::SLOTS], keep[Cell::SAVED + 1];
      load_units(o, unit);
      for (int k = 0; k < Cell::SAVED; k++) keep[k] = load(gates(r) + unit * Cell::SAVED + k * LANES);
      vf dc = load(step.dc + r * units + unit), d = load(dm(r) + unit), c = load(c_new(r) + unit), hat = zero();
      if (shape().has(U_ZONEOUT)) dc = zone(extra.zone_c, extra.new_c, step.row_at(r), H, (int)unit) * dc;
      if (norm) {
        hat = c_hat(r, unit);
        c = load(extra.gain_c + unit) * hat + load(extra.shift_c + unit);
      }
      if (shape().has(U_PROJECTION)) {
        vf m;
        Cell::forward_output(m, keep, c, o);
        store(scratch.m + (in_chunk + r) * units + unit, first_lanes(m, H - (int)unit));
      }
      for (int k = 0; k < Cell::SLOTS; k++) dg[k] = zero();
      Cell::backward_output(dg, d, dc, keep, c, o);
      d = first_lanes(d, H - (int)unit);
      if (norm) {
        store(dc_hat + unit, d);
        d = d * load(extra.gain_c + unit);
        sum += d, products += d * hat;
        store(dm(r) + unit, d);
      } else {
        dc += d;
        if (seen) seen->add_c(dc);
      }
      store(dc_new(r) + unit, dc);
      for (int k = 0; k < Cell::SLOTS; k++) store(slots(r) + k * units + unit, dg[k]);
    }
    if (!norm) return;
    // forward was: hat = (c' - mean) rstd
    const vf mean = splat(sum_lanes(sum) / (float)H), slope = splat(sum_lanes(products) / (float)H);
    const vf scale = splat(moments(r)[RSTD_C]);
    for (size_t unit = 0; unit < units; unit += LANES) {
      const vf d = scale * (load(dm(r) + unit) - mean - c_hat(r, unit) * slope);
      const vf dc = load(dc_new(r) + unit) + first_lanes(d, H - (int)unit);
      if (seen) seen->add_c(dc);
      store(dc_new(r) + unit, dc);
    }
  }

  // The gate gradients, and what reaches the old states without a product.
  void cell(int r, StepReport<Cell>* seen) const {
    const size_t units = step.units;
    Given o = extra.functions;
    for (size_t unit = 0; unit < units; unit += LANES) {
      const size_t state = r * units + unit;
      const int valid = step.H - (int)unit;
      vf dg[Cell::SLOTS], keep[Cell::SAVED + 1], dh = {}, dc = {}, c_old = {}, h_old = {}, h_new = {};
      load_units(o, unit);
      for (int k = 0; k < Cell::SAVED; k++) keep[k] = load(gates(r) + unit * Cell::SAVED + k * LANES);
      for (int k = 0; k < Cell::SLOTS; k++) dg[k] = Cell::CELL_STATE ? load(slots(r) + k * units + unit) : zero();
      if (Cell::CELL_STATE) {
        c_old = load(step.c_old + state);
        dc = load(dc_new(r) + unit);
      } else {
        dh = load(dm(r) + unit);
        h_old = load(step.h_old + state);
        h_new = saved.candidate ? load(candidate(r) + unit) : load(step.h_new + state);
      }
      if (seen) seen->add_gates(keep, h_new, valid);
      Cell::backward(dg, dh, dc, keep, h_old, h_new, c_old, o);
      for (int k = 0; k < Cell::SLOTS; k++) {
        dg[k] = first_lanes(dg[k], valid);
        store(slots(r) + k * units + unit, dg[k]);
      }
      if (Cell::CELL_STATE) {
        if (shape().has(U_ZONEOUT)) {
          const vf share = zone(extra.zone_c, extra.new_c, step.row_at(r), step.H, (int)unit);
          dc += (splat(1.0f) - share) * load(step.dc + state);
        }
        store(step.dc + state, first_lanes(dc, valid));
      } else {
        if (!Cell::PRODUCT) {  // forward was: gh = unit*(drop*h) + b_hh
          const vf through = o.unit[0] * dg[FIRST_SLOT];
          dh += shape().has(U_DROP) ? drop(r, unit) * through : through;
        }
        store(step.dh + state, load(step.dh + state) + first_lanes(dh, valid));
      }
    }
  }

  // forward was: u = first gate * (drop*h);  du = dg of the second gates times their weights.
  void first_part(int r) const {
    if constexpr (Cell::FIRST_GATES < Cell::GATES) {
      const size_t units = step.units;
      const float* du = scratch.du + (ptrdiff_t)(low + r) * units;
      for (size_t unit = 0; unit < units; unit += LANES) {
        const size_t state = r * units + unit;
        const vf mask = shape().has(U_DROP) ? drop(r, unit) : splat(1.0f);
        vf dg[Cell::SLOTS], keep[Cell::SAVED + 1], dh = {}, u;
        for (int k = 0; k < Cell::SLOTS; k++) dg[k] = load(slots(r) + k * units + unit);
        for (int k = 0; k < Cell::SAVED; k++) keep[k] = load(gates(r) + unit * Cell::SAVED + k * LANES);
        const vf h_old = first_lanes(mask * load(step.h_old + state), step.H - (int)unit);
        Cell::backward_first(dg, dh, u, load(du + unit), keep, h_old, extra.functions);
        for (int k = FIRST_SLOT; k < FIRST_SLOT + Cell::FIRST_GATES; k++)
          store(slots(r) + k * units + unit, first_lanes(dg[k], step.H - (int)unit));
        store(step.dh + state, load(step.dh + state) + first_lanes(mask * dh, step.H - (int)unit));
        store(step.u + state, first_lanes(u, step.H - (int)unit));
      }
    }
  }

  // From gates [from, from + count) of one product back to its sums.
  void normalised_gh(int r, int from, int count, Moment rstd) const {
    if (!shape().has(U_NORM) || !Cell::PRODUCT) return;
    normalise_back(dgh(r), slots(r) + FIRST_SLOT * step.units, extra.gain_h, saved.hat_h + (place + r) * gates_row(),
                   step.H, step.units, {Cell::GATES, from, count}, nullptr, moments(r)[rstd]);
  }
  void normalised_gx(int r) const {
    if (!shape().has(U_NORM)) return;
    normalise_back(dgx(r), slots(r), extra.gain_x, saved.hat_x + (place + r) * gates_row(), step.H, step.units,
                   {Cell::GATES, 0, Cell::GATES}, Cell::SLOT_GATE, moments(r)[RSTD_X]);
  }
  // What went into the recurrent products: gradients of gates [gate ..] of the rows.
  Rows product_gradients(int gate) const {
    if (shape().has(U_NORM)) return {dgh(0) + gate * step.units, gates_row()};
    return {slots(0) + (FIRST_SLOT + gate) * step.units, (ptrdiff_t)step.dg_row};
  }
};

// Epilogue: dh += drop * (dg W_hh).
template <class Cell>
struct AddDropped {
  const ExtraBackward<Cell>& row;

  void fetch(const StepTile&) const {}

  void apply(const StepTile& tile) const {
    const size_t outputs = row.shape().outputs();
    const bool drop = row.shape().has(U_DROP);
    const float* sum = tile.sum;
    for (int r = tile.row; r < tile.row + tile.rows; r++) {
      for (int block = tile.block; block < tile.block + tile.blocks; block++, sum += LANES) {
        const size_t unit = (size_t)block * LANES;
        float* dh = row.step.dh + r * outputs + unit;
        const vf d = load(sum);
        store(dh, load(dh) + (drop ? row.drop(r, unit) * d : d));
      }
    }
  }
};

// The sorted rows [low, high) through a chunk.
template <class Cell>
static void extra_backward_rows(void* arg, int d, int low, int high) {
  constexpr bool TWO = Cell::FIRST_GATES < Cell::GATES;
  const Backward& b = *(const Backward*)arg;
  const Sequence& q = *b.sequence;
  const Shape& shape = q.shape;
  const BackwardScratch& scratch = b.scratch->direction[d];
  const Saved& saved = b.saved->direction[d];
  const ptrdiff_t outputs = shape.outputs();
  const bool reports = b.report && b.report->steps;
  for (int s = b.chunk.last - 1; s >= b.chunk.first; s--) {
    const int end = high < q.active(s) ? high : q.active(s), rows = end - low;
    if (rows <= 0) continue;
    const StepBackward step = step_back_at<Cell>(b, d, s, low);
    const int64_t place = q.place(d, s) + low, in_chunk = place - first_place(q, d, b.chunk);
    const ExtraBackward<Cell> row = {b, *b.extra, step, scratch, saved, low, place - saved.first_place, in_chunk};
    const ptrdiff_t units = step.units;
    // What is told of a row comes from several passes over it: they follow each other, but for the projection between.
    const bool projects = Cell::CELL_STATE && shape.has(U_PROJECTION);
    const auto output = [&](int r, StepReport<Cell>* seen) { row.output(r, seen); };
    const auto rest = [&](int r, StepReport<Cell>* seen) {
      if constexpr (Cell::CELL_STATE) row.cell_state(r, seen);
      row.cell(r, seen);
      if constexpr (!TWO) row.normalised_gh(r, 0, Cell::GATES, RSTD_FIRST), row.normalised_gx(r);
      if constexpr (TWO) row.normalised_gh(r, Cell::FIRST_GATES, Cell::GATES - Cell::FIRST_GATES, RSTD_SECOND);
    };
    const auto each_row = [&](const auto& pass) {
      for (int r = 0; r < rows; r++) {
        StepReport<Cell> seen = {};
        pass(r, reports ? &seen : nullptr);
        if (reports) seen.store(*b.report, step.row_at(r), step.H);
      }
    };
    if (projects) {
      each_row(output);
      const Rows dh_new = {scratch.dh_new + in_chunk * outputs, outputs};
      const StoreSums<1> sums = {row.dm(0), units, 1, 0};
      step_product<1>(sums, dh_new, scratch.projection, rows, all_panels(scratch.projection, s));
      each_row([&](int r, StepReport<Cell>* seen) {
        if (seen) seen->resume(*b.report, step.row_at(r));
        rest(r, seen);
      });
    } else {
      each_row([&](int r, StepReport<Cell>* seen) {
        output(r, seen);
        rest(r, seen);
      });
    }
    if constexpr (TWO) {
      const StoreSums<1> sums = {scratch.du + low * units, units, 1, 0};
      step_product<1>(sums, row.product_gradients(Cell::FIRST_GATES), scratch.second, rows,
                      all_panels(scratch.second, s));
      for (int r = 0; r < rows; r++) {
        row.first_part(r);
        row.normalised_gh(r, 0, Cell::FIRST_GATES, RSTD_FIRST);
        row.normalised_gx(r);
      }
    }
    if constexpr (Cell::PRODUCT)
      step_product<1>(AddDropped<Cell>{row}, row.product_gradients(0), scratch.first, rows,
                      all_panels(scratch.first, s));
  }
}

// ---- gradients of a chunk's extra weights
// -----------------------------------------------------------------------------

// dln += dg*hat over the chunk's rows: slots [0, gates) of dg, of which `gate_of` says the gate.
static void gain_gradient(const Sum& sum, const Backward& b, const float* dg, ptrdiff_t dg_row, const float* hat,
                          const int* gate_of, int rows) {
  const CellInfo& cell = *b.cell;
  const int units = b.sequence->shape.units(), hat_row = row_floats(cell.gates * units);
  add_rows(sum, rows, (size_t)cell.gates * units, [&](int r, size_t column) {
    const int slot = (int)(column / units), unit = (int)(column % units), gate = gate_of ? gate_of[slot] : slot;
    return load(dg + r * dg_row + column) * load(hat + (ptrdiff_t)r * hat_row + unit * cell.gates + gate * LANES);
  });
}

// From the chunk at hand; h: the old states as the products saw them.
static void extra_gradients(u_ctx* ctx, const Backward& b, int d, const float* h) {
  const Sequence& q = *b.sequence;
  const Shape& shape = q.shape;
  const CellInfo& cell = *b.cell;
  const BackwardScratch& scratch = b.scratch->direction[d];
  const Saved& saved = b.saved->direction[d];
  const ExtraGradients& to = b.extra_gradients;
  const int rows = b.chunk.rows, units = shape.units(), outputs = shape.outputs();
  const ptrdiff_t row = row_floats(cell.slots * units);
  const float *dg = scratch.dg, *dgh = dg + cell.first_slot() * units;
  const int64_t first = first_place(q, d, b.chunk), place = first - saved.first_place;
  // c', which zoneout may hide behind the c that the step left. That lies in the order of the places.
  const int64_t state = first + (shape.ragged() || !shape.backwards(d) ? shape.B : 0) - saved.first_state;
  const float* c_new = saved.candidate ? saved.candidate + place * units : saved.c + state * units;
  if (to.w_hr && shape.has(U_PROJECTION)) {
    const GemmOut dw_hr = {to.w_hr, shape.H, nullptr, true, b.scratch->row_hr};
    gemm(ctx, dw_hr, Strided{scratch.dh_new, 1, outputs}, Strided{scratch.m, units, 1}, outputs, shape.H, rows);
  }
  if (shape.has(U_NORM)) {
    const int hat_row = row_floats(cell.gates * units);
    if (to.ln_ih) gain_gradient(scratch.ln_ih, b, dg, row, saved.hat_x + place * hat_row, cell.slot_gate, rows);
    if (to.ln_hh && cell.product)
      gain_gradient(scratch.ln_hh, b, dgh, row, saved.hat_h + place * hat_row, nullptr, rows);
    const float* dc_hat = scratch.dc_hat;
    if (to.ln_c_bias && cell.cell_state)
      add_rows(scratch.ln_c_bias, rows, units, [&](int r, size_t k) { return load(dc_hat + r * units + k); });
    if (to.ln_c && cell.cell_state) {
      add_rows(scratch.ln_c, rows, units, [&](int r, size_t k) {
        const float* moments = saved.moments + (place + r) * MOMENTS;
        const vf c = load(c_new + r * units + k);
        return load(dc_hat + r * units + k) * ((c - splat(moments[MEAN_C])) * splat(moments[RSTD_C]));
      });
    }
  }
  if (!to.w_unit) return;
  const float* c_old = cell.cell_state ? chunk_of_old(b, d, saved.c, units, scratch.c, false) : nullptr;
  for (int k = 0; k < cell.units; k++) {
    const Sum sum = {scratch.unit.total + k * units, scratch.unit.lost + k * units};
    const float* dgate = dgh + cell.unit_gate[k] * units;
    const UnitOperand of = cell.unit_operand[k];
    const float* operand = of == OLD_H ? h : of == OLD_C ? c_old : c_new;
    const ptrdiff_t operand_row = of == OLD_H ? outputs : units;
    add_rows(sum, rows, units, [&](int r, size_t unit) {
      return load(dgate + r * row + unit) * load(operand + (ptrdiff_t)r * operand_row + unit);
    });
  }
}

static void prepare_extra_backward(u_ctx* ctx, const Backward& b) {
  const Shape& shape = b.sequence->shape;
  const CellInfo& cell = *b.cell;
  const BackwardScratch& scratch = b.scratch->direction[0];
  const size_t units = shape.units(), columns = cell.gates * units;
  if (shape.has(U_PROJECTION)) {
    for (int k = 0; k < shape.outputs(); k++) b.scratch->row_hr[k] = k < shape.R ? k : -1;
    pack_panels(ctx, scratch.projection, b.weights->w_hr, shape.H, {shape.R, shape.R}, shape.H, 0, 1);
  }
  clear(scratch.unit, cell.units * units);
  if (!shape.has(U_NORM)) return;
  clear(scratch.ln_ih, columns);
  if (cell.product) clear(scratch.ln_hh, columns);
  if (!cell.cell_state) return;
  clear(scratch.ln_c, units);
  clear(scratch.ln_c_bias, units);
}

static void finish_extra_backward(const Backward& b) {
  const Shape& shape = b.sequence->shape;
  const CellInfo& cell = *b.cell;
  const BackwardScratch& scratch = b.scratch->direction[0];
  const ExtraGradients& to = b.extra_gradients;
  const int units = shape.units(), columns = cell.gates * units;
  for (int k = 0; k < cell.units; k++)
    add_bias(to.w_unit ? to.w_unit + (size_t)k * shape.H : nullptr, scratch.unit.total + k * units, b.scratch->row_hh,
             units);
  if (!shape.has(U_NORM)) return;
  add_bias(to.ln_ih, scratch.ln_ih.total, b.scratch->row_ih, columns);
  if (cell.product) add_bias(to.ln_hh, scratch.ln_hh.total, b.scratch->row_hh, columns);
  if (!cell.cell_state) return;
  // The first gate's rows are the units' own numbers.
  add_bias(to.ln_c, scratch.ln_c.total, b.scratch->row_hh, units);
  add_bias(to.ln_c_bias, scratch.ln_c_bias.total, b.scratch->row_hh, units);
}
