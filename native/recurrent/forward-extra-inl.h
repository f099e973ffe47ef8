// forward-extra-inl.h: the time loop forward of layers with features. Unlike forward-inl.h's, the cell is not the
// epilogue of the product's tiles: normalisation needs all of a row's gates before the first can be used, and a
// projection all of its units. So the products leave their sums, and then each row goes through the cell as a whole.

// One step of the rows from `low` on.
template <class Cell>
struct ExtraForward {
  const Forward& f;
  const Extra& extra;
  const StepForward& step;
  const ForwardScratch& scratch;
  const Saved* saved;  // null: inference
  const Packed& packed;
  int low;
  int64_t place;  // in `saved`, of row `low`

  const Shape& shape() const { return f.sequence->shape; }
  float* gx(int r) const { return step.gx + (ptrdiff_t)r * step.gx_row; }
  float* gh(int r) const { return scratch.gh + (ptrdiff_t)(low + r) * step.gx_row; }
  float* gates(int r) const {
    return step.gates ? step.gates + (ptrdiff_t)r * step.gates_row
                      : scratch.gates + (ptrdiff_t)(low + r) * Cell::SAVED * step.units;
  }
  float* moments(int r) const { return saved->moments + (place + r) * MOMENTS; }
  int64_t row_of_x(int r) const { return step.source ? step.source[r] : step.y_first + r; }
  // h as the products see it.
  const float* left() const {
    return shape().has(U_DROP) ? scratch.h_dropped + (ptrdiff_t)low * shape().outputs() : step.states.h_old;
  }

  void normalise_gx(int r) const {
    if (!shape().has(U_NORM)) return;
    float* hat = saved ? saved->hat_x + (place + r) * step.gx_row : nullptr;
    normalise_gates(gx(r), step.H, {Cell::GATES, 0, Cell::GATES}, extra.eps, extra.gain_x, packed.b_ih, hat,
                    saved ? moments(r) + RSTD_X : nullptr);
  }
  // gh of the gates of one product, from its sums.
  void finish_gh(int r, Gates which, Moment rstd) const {
    if (!shape().has(U_NORM)) return add_gate_bias(gh(r), step.H, which, packed.b_hh);
    float* hat = saved ? saved->hat_h + (place + r) * step.gx_row : nullptr;
    normalise_gates(gh(r), step.H, which, extra.eps, extra.gain_h, packed.b_hh, hat,
                    saved ? moments(r) + rstd : nullptr);
  }

  void load_units(Given& o, size_t unit) const {
    for (int k = 0; k < Cell::UNITS; k++) o.unit[k] = load(extra.unit + unit * Cell::UNITS + k * LANES);
  }

  // The first gates replace their gx, and make u.
  void first_part(int r) const {
    if constexpr (Cell::FIRST_GATES < Cell::GATES) {
      normalise_gx(r);
      finish_gh(r, {Cell::GATES, 0, Cell::FIRST_GATES}, RSTD_FIRST);
      const Given o = extra.functions;
      const float* h = left() + (ptrdiff_t)r * step.units;
      for (size_t unit = 0; unit < step.units; unit += LANES) {
        float* x = gx(r) + unit * Cell::GATES;
        vf g[Cell::GATES], a[Cell::GATES], u;
        for (int k = 0; k < Cell::FIRST_GATES; k++) {
          g[k] = load(x + k * LANES);
          a[k] = load(gh(r) + unit * Cell::GATES + k * LANES);
        }
        Cell::forward_first(u, g, a, load(h + unit), o);
        for (int k = 0; k < Cell::FIRST_GATES; k++) store(x + k * LANES, g[k]);
        store(step.u + r * step.units + unit, first_lanes(u, step.H - (int)unit));
      }
    }
  }

  // From the gates' arguments to h', or to what is projected.
  void cell(int r) const {
    constexpr bool TWO = Cell::FIRST_GATES < Cell::GATES;
    if (!TWO) normalise_gx(r);
    if constexpr (Cell::PRODUCT)
      finish_gh(r, {Cell::GATES, TWO ? Cell::FIRST_GATES : 0, TWO ? Cell::GATES - Cell::FIRST_GATES : Cell::GATES},
                TWO ? RSTD_SECOND : RSTD_FIRST);
    Given o = extra.functions;
    const size_t units = step.units;
    for (size_t unit = 0; unit < units; unit += LANES) {
      vf g[Cell::GATES], a[Cell::GATES], keep[Cell::SAVED + 1], c = {}, h = {};
      load_units(o, unit);
      for (int k = 0; k < Cell::GATES; k++) {
        g[k] = load(gx(r) + unit * Cell::GATES + k * LANES);
        if (Cell::PRODUCT) a[k] = load(gh(r) + unit * Cell::GATES + k * LANES);
        if (!Cell::PRODUCT) a[k] = o.unit[0] * load(left() + r * units + unit) + load(packed.b_hh + unit + k * LANES);
      }
      if (Cell::CELL_STATE) c = load(step.states.c_old + r * units + unit);
      if (!Cell::CELL_STATE) h = load(step.states.h_old + r * units + unit);
      Cell::forward(h, c, keep, g, a, o);
      for (int k = 0; k < Cell::SAVED; k++) store(gates(r) + unit * Cell::SAVED + k * LANES, keep[k]);
      if (Cell::CELL_STATE) {
        store(c_new(r) + unit, first_lanes(c, step.H - (int)unit));
      } else {
        leave_h(r, unit, h);
      }
    }
    if constexpr (Cell::CELL_STATE) output(r);
  }

  float* c_new(int r) const { return scratch.c_new + (ptrdiff_t)(low + r) * step.units; }

  // c' -> h', and the c of the next step.
  void output(int r) const {
    const size_t units = step.units;
    const int H = step.H;
    const float *c = c_new(r), *c_seen = c;
    if (shape().has(U_NORM)) {
      float* hat = scratch.c_hat + (ptrdiff_t)(low + r) * units;
      __builtin_memcpy(hat, c, units * sizeof(float));
      float mean;
      const float rstd = normalise(hat, H, {1, 0, 1}, extra.eps, &mean);
      if (saved) moments(r)[MEAN_C] = mean, moments(r)[RSTD_C] = rstd;
      for (size_t unit = 0; unit < units; unit += LANES)
        store(hat + unit, load(extra.gain_c + unit) * load(hat + unit) + load(extra.shift_c + unit));
      c_seen = hat;
    }
    for (size_t unit = 0; unit < units; unit += LANES) {
      vf keep[Cell::SAVED + 1], h;
      for (int k = 0; k < Cell::SAVED; k++) keep[k] = load(gates(r) + unit * Cell::SAVED + k * LANES);
      Cell::forward_output(h, keep, load(c_seen + unit), extra.functions);
      if (shape().has(U_PROJECTION)) {
        store(scratch.m + (low + r) * units + unit, first_lanes(h, H - (int)unit));
      } else {
        leave_h(r, unit, h);
      }
      vf left_c = load(c + unit);
      if (shape().has(U_ZONEOUT)) {
        const vf share = zone(extra.zone_c, extra.new_c, row_of_x(r), H, (int)unit);
        if (saved && saved->candidate) store(saved->candidate + (place + r) * units + unit, left_c);
        left_c = share * left_c + (splat(1.0f) - share) * load(step.states.c_old + r * units + unit);
      }
      store(step.states.c_new + r * units + unit, left_c);
    }
  }

  // h' -> the h of the next step, and y.
  U_INLINE_METHOD void leave_h(int r, size_t unit, vf h) const {
    const size_t outputs = shape().outputs();
    const int R = shape().R, valid = R - (int)unit;
    h = first_lanes(h, valid);
    if (shape().has(U_ZONEOUT)) {
      const vf share = zone(extra.zone_h, extra.new_h, row_of_x(r), R, (int)unit);
      if (!Cell::CELL_STATE && saved && saved->candidate) store(saved->candidate + (place + r) * outputs + unit, h);
      h = share * h + (splat(1.0f) - share) * load(step.states.h_old + r * outputs + unit);
    }
    store(step.states.h_new + r * outputs + unit, h);
    store_up_to(step.y_at(r) + unit, h, valid);
  }
};

// Epilogue of the projection.
template <class Cell>
struct LeaveProjected {
  const ExtraForward<Cell>& row;

  void fetch(const StepTile&) const {}

  void apply(const StepTile& tile) const {
    const float* sum = tile.sum;
    for (int r = tile.row; r < tile.row + tile.rows; r++) {
      for (int block = tile.block; block < tile.block + tile.blocks; block++, sum += LANES)
        row.leave_h(r, (size_t)block * LANES, load(sum));
    }
  }
};

// The sorted rows [low, high) through a chunk.
template <class Cell>
static void extra_rows(void* arg, int d, int low, int high) {
  const Forward& f = *(const Forward*)arg;
  const Sequence& q = *f.sequence;
  const Shape& shape = q.shape;
  const ForwardScratch& scratch = f.scratch->direction[d];
  const Packed& w = f.packed->direction[d];
  const ptrdiff_t outputs = shape.outputs();
  for (int s = f.chunk.first; s < f.chunk.last; s++) {
    const int active = q.active(s), end = high < active ? high : active, rows = end - low;
    if (rows <= 0) break;
    keep_states(f, d, s, low, end);
    const StepForward step = step_at<Cell>(f, d, s, low);
    const Saved* saved = f.saved ? &f.saved->direction[d] : nullptr;
    const int64_t place = saved ? q.place(d, s) + low - saved->first_place : 0;
    const ExtraForward<Cell> row = {f, *f.extra, step, scratch, saved, w, low, place};
    if (shape.has(U_DROP)) drop_rows(scratch.h_dropped + low * outputs, step.states.h_old, *f.extra, q, low, end);
    if constexpr (Cell::PRODUCT) {
      const StoreSums<Cell::FIRST_GATES> sums = {row.gh(0), step.gx_row, Cell::GATES, 0};
      step_product<Cell::FIRST_GATES>(sums, Rows{row.left(), outputs}, w.first, rows, all_panels(w.first, s));
    }
    if constexpr (Cell::FIRST_GATES < Cell::GATES) {
      constexpr int COUNT = Cell::GATES - Cell::FIRST_GATES;
      for (int r = 0; r < rows; r++) row.first_part(r);
      const StoreSums<COUNT> sums = {row.gh(0), step.gx_row, Cell::GATES, Cell::FIRST_GATES};
      step_product<COUNT>(sums, Rows{step.u, (ptrdiff_t)step.units}, w.second, rows, all_panels(w.second, s));
    }
    for (int r = 0; r < rows; r++) row.cell(r);
    if constexpr (Cell::CELL_STATE) {
      if (shape.has(U_PROJECTION)) {
        const Rows m = {scratch.m + low * (ptrdiff_t)step.units, (ptrdiff_t)step.units};
        step_product<1>(LeaveProjected<Cell>{row}, m, w.projection, rows, all_panels(w.projection, s));
      }
    }
    finish_step(f, step, d, s, low, end);
  }
}
