// workspace-inl.h: what lies where in the packed weights, in saved and in scratch. Each carve_* is run twice: over a
// null base to learn the size (rnn_sizes), and over the caller's buffer.

// A cell's constants without its type, for what is compiled once for all cells.
struct CellInfo {
  int gates, first_gates, saved, slots;
  const int* slot_gate;
  bool cell_state, product;
  int units;  // vectors of per-unit weights
  const int* unit_gate;
  const UnitOperand* unit_operand;
  bool two_products() const { return first_gates < gates; }
  int first_slot() const { return slots - gates; }  // of the gradients of gh
};

// Hands out pieces of a buffer, each a multiple of 64 bytes from its start, and adds up their floats. The buffer itself
// is taken as it comes (aligned to 64 bytes it is fastest), so that packed weights and saved may be copied elsewhere.
struct Carver {
  float* base;  // null: only count
  uint64_t floats;
  bool overflow;

  explicit Carver(float* buffer) : base(buffer), floats(0), overflow(false) {}

  float* take(uint64_t a, uint64_t b = 1, uint64_t c = 1) {
    uint64_t n;
    overflow |= __builtin_mul_overflow(a, b, &n) || __builtin_mul_overflow(n, c, &n) || n > UINT64_MAX / 4;
    if (overflow) return nullptr;
    float* piece = base ? base + floats : nullptr;
    overflow |= __builtin_add_overflow(floats, (n + 15) & ~(uint64_t)15, &floats);
    return piece;
  }
  int32_t* take_ints(uint64_t n) { return (int32_t*)take(n); }
  bool fits() const { return !overflow && floats <= PTRDIFF_MAX / sizeof(float); }
};

// ---- packed weights
// ---------------------------------------------------------------------------------------------------

struct Packed {
  float* w_ih;           // for gemm_packed: x W_ih^T, columns [block][gate][LANES] with zeros past H
  float *b_ih, *b_hh;    // [block][gate][LANES]
  Panels first, second;  // W_hh by the product it belongs to
  Panels projection;     // W_hr
};
struct PackedLayer {
  Packed direction[2];
};
static PackedLayer carve_packed(Carver& carver, const CellInfo& cell, const Shape& shape) {
  PackedLayer layer = {};
  const int units = shape.units(), columns = cell.gates * units;
  for (int d = 0; d < shape.D; d++) {
    Packed& p = layer.direction[d];
    p.first = {nullptr, cell.product ? cell.first_gates : 0, units, shape.R};
    p.second = {nullptr, cell.gates - cell.first_gates, units, shape.R};
    p.projection = {nullptr, shape.has(U_PROJECTION), shape.outputs(), shape.H};
    p.w_ih = carver.take(packed_floats(shape.I, columns));
    p.b_ih = carver.take(columns);
    p.b_hh = carver.take(columns);
    p.first.weights = carver.take(panel_floats(p.first));
    p.second.weights = carver.take(panel_floats(p.second));
    p.projection.weights = carver.take(panel_floats(p.projection));
  }
  return layer;
}

// The columns of x W^T for gemm_packed, W [gates*H, I]: all gates of LANES units, then those of the next, as the cell
// reads them.
static void pack_gates(u_ctx* ctx, float* to, const float* w, int gates, int H, int I) {
  const int blocks = (H + LANES - 1) / LANES, columns = blocks * gates * LANES;
  in_ranges(ctx, blocks * gates, (double)columns * I, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (int vector = (int)begin; vector < end; vector++) {
      const int n = vector * LANES, panel = n / NR * NR, gate = vector % gates, unit = vector / gates * LANES;
      const float* rows = w + ((ptrdiff_t)gate * H + unit) * I;
      pack_transposed(to + (ptrdiff_t)panel * I + (n - panel), least(NR, columns - panel), rows, I,
                      least(LANES, H - unit), I);
    }
  });
}
// A bias [gates*H] (null: zeros) in the same order.
static void interleave_bias(float* to, const float* b, int gates, int H) {
  for (int unit = 0; unit < H; unit += LANES) {
    for (int gate = 0; gate < gates; gate++, to += LANES) {
      store(to, b ? load_up_to(b + (ptrdiff_t)gate * H + unit, H - unit) : zero());
    }
  }
}

// A layer's weights as the kernels' arguments give them; [1]: the reverse direction's.
struct Weights {
  const float *w_ih[2], *w_hh[2], *b_ih[2], *b_hh[2];
  const float* w_hr;  // with U_PROJECTION, which has one direction
};

static void pack_layer(u_ctx* ctx, const PackedLayer& layer, const CellInfo& cell, const Shape& shape,
                       const Weights& weights) {
  const int H = shape.H, R = shape.R;
  const ptrdiff_t gate = (ptrdiff_t)H * R;
  for (int d = 0; d < shape.D; d++) {
    const Packed& p = layer.direction[d];
    pack_gates(ctx, p.w_ih, weights.w_ih[d], cell.gates, H, shape.I);
    interleave_bias(p.b_ih, weights.b_ih[d], cell.gates, H);
    interleave_bias(p.b_hh, weights.b_hh[d], cell.gates, H);
    if (cell.product) pack_panels(ctx, p.first, weights.w_hh[d], H, {R, R}, 1, gate, R);
    if (cell.two_products())
      pack_panels(ctx, p.second, weights.w_hh[d] + cell.first_gates * gate, H, {R, R}, 1, gate, R);
    if (shape.has(U_PROJECTION)) pack_panels(ctx, p.projection, weights.w_hr, R, {H, H}, 1, 0, H);
  }
}

// Floats from one row of a buffer of gates to the next. Rows 1 KiB or a multiple of it apart would all compete for the
// same few sets of L1.
static int row_floats(int floats) { return floats % 256 ? floats : floats + 16; }

// ---- saved: kept from forward for backward
// -----------------------------------------------------------------------------

struct Saved {
  float *h, *c;          // [states,outputs], [states,units] as Sequence::state places them; c null if the cell has none
  float* gates;          // [places], each [block][SAVED][LANES] and row_floats from the next
  float* candidate;      // [places,units] with zoneout: c', or the h' of a cell that reads it in backward
  float *hat_x, *hat_h;  // [places], each [block][gate][LANES] and row_floats from the next: gx and gh, normalised
  float* moments;        // [places,MOMENTS] with normalisation: see Moment
  int64_t first_place, first_state;  // where these arrays begin
};
enum Moment { RSTD_X, RSTD_FIRST, RSTD_SECOND, MEAN_C, RSTD_C, MOMENTS };  // FIRST, SECOND: of the two products
// With `keep`: the states before every so many steps.
struct Kept {
  float *h, *c;  // [states kept], each [B,outputs] or [B,units] by sorted rows
};
struct SavedLayer {
  Saved direction[2];
  Kept kept[2];
};

// Whether backward needs a candidate that zoneout hides.
static bool saves_candidate(const CellInfo& cell, const Shape& shape) {
  return shape.has(U_ZONEOUT) && (cell.cell_state || cell.saved == 0);
}
static Saved carve_steps(Carver& carver, const CellInfo& cell, const Shape& shape, uint64_t places) {
  Saved s = {};
  const uint64_t states = places + shape.B, gates = row_floats(cell.gates * shape.units());
  s.h = carver.take(states, shape.outputs());
  if (cell.cell_state) s.c = carver.take(states, shape.units());
  s.gates = carver.take(places, row_floats(cell.saved * shape.units()));
  if (saves_candidate(cell, shape)) s.candidate = carver.take(places, shape.units());
  if (!shape.has(U_NORM)) return s;
  s.hat_x = carver.take(places, gates);
  if (cell.product) s.hat_h = carver.take(places, gates);
  s.moments = carver.take(places, MOMENTS);
  return s;
}
static int kept_states(const Shape& shape) { return (int)(((int64_t)shape.T + shape.keep - 1) / shape.keep); }
static SavedLayer carve_saved(Carver& carver, const CellInfo& cell, const Shape& shape) {
  SavedLayer layer = {};
  for (int d = 0; d < shape.D; d++) {
    if (shape.keep == 0) {
      layer.direction[d] = carve_steps(carver, cell, shape, shape.rows);
      continue;
    }
    layer.kept[d].h = carver.take(kept_states(shape), shape.B, shape.outputs());
    if (cell.cell_state) layer.kept[d].c = carver.take(kept_states(shape), shape.B, shape.units());
  }
  return layer;
}

// ---- scratch
// -----------------------------------------------------------------------------------------------------------

static Sequence carve_sequence(Carver& carver, const Shape& shape) {
  Sequence q = {};
  q.shape = shape;
  if (!shape.ragged()) return q;
  q.order = carver.take_ints(shape.B);
  q.length = carver.take_ints(shape.B);
  q.active_at = carver.take_ints((uint64_t)shape.T + 1);
  q.start = carver.take_ints((uint64_t)shape.T + 1);
  for (int d = 0; d < shape.D; d++) q.source[d] = carver.take_ints(shape.rows);
  return q;
}

// gx of a chunk: half a megabyte, which the second-level cache keeps until the time loop has read it; more where W_ih
// is so large that reading it again for every few rows takes longer.
static int forward_chunk_rows(const CellInfo& cell, const Shape& shape) {
  constexpr int FEWEST = LANES == 16 ? TILES * TILE_ROWS : 64;
  const int rows = 128 * 1024 / (cell.gates * shape.units());
  return chunk_capacity(shape, rows > FEWEST ? rows : FEWEST);
}
struct ForwardScratch {
  float* gx;        // [chunk], each [block][gate][LANES] and row_floats from the next
  float* x;         // [chunk,I] the valid rows of x, if ragged
  float* u;         // [B,units] the second product's operand, if there is one
  float *h[2], *c;  // [B,outputs], [B,units] inference: the states before and after a step
  // Only with features, [B] rows of each:
  float* gh;         // [block][gate][LANES], row_floats from the next
  float* gates;      // [block][SAVED][LANES] inference
  float* h_dropped;  // [outputs] drop*h, with dropout
  float* c_new;      // [units] c'
  float* c_hat;      // [units] c' normalised
  float* m;          // [units] what is projected
};
struct ForwardLayer {
  Sequence sequence;
  PackedLayer packed;  // for calls without packed weights
  ForwardScratch direction[2];
};
static void carve_forward_work(Carver& carver, ForwardLayer& layer, const CellInfo& cell, const Shape& shape,
                               bool training) {
  const int units = shape.units(), chunk = forward_chunk_rows(cell, shape), B = shape.B;
  layer.packed = carve_packed(carver, cell, shape);
  for (int d = 0; d < shape.D; d++) {
    ForwardScratch& s = layer.direction[d];
    s.gx = carver.take(chunk, row_floats(cell.gates * units));
    if (shape.ragged() && !shape.one_hot) s.x = carver.take(chunk, shape.I);
    if (cell.two_products()) s.u = carver.take(B, units);
    if (!training) {
      for (float*& h : s.h) h = carver.take(B, shape.outputs());
      if (cell.cell_state) s.c = carver.take(B, units);
    }
    if (shape.features == 0) continue;
    s.gh = carver.take(B, row_floats(cell.gates * units));
    if (!training) s.gates = carver.take(B, cell.saved, units);
    if (shape.has(U_DROP)) s.h_dropped = carver.take(B, shape.outputs());
    if (cell.cell_state) s.c_new = carver.take(B, units);
    if (cell.cell_state && shape.has(U_NORM)) s.c_hat = carver.take(B, units);
    if (shape.has(U_PROJECTION)) s.m = carver.take(B, units);
  }
}
static ForwardLayer carve_forward(Carver& carver, const CellInfo& cell, const Shape& shape, bool training) {
  ForwardLayer layer = {};
  layer.sequence = carve_sequence(carver, shape);
  carve_forward_work(carver, layer, cell, shape, training && shape.keep == 0);
  return layer;
}

// Gate gradients of a chunk: deep enough that the weight gradients, updated once a chunk, are not bound by that update.
static int backward_chunk_rows(const CellInfo& cell, const Shape& shape) {
  const int rows = 512 * 1024 / (cell.slots * shape.units());
  return chunk_capacity(shape, rows < 256 ? 256 : rows > 1024 ? 1024 : rows);
}
// A sum over rows, and what rounding took from it.
struct Sum {
  float *total, *lost;
};
static Sum carve_sum(Carver& carver, uint64_t width) { return {carver.take(width), carver.take(width)}; }

struct BackwardScratch {
  Panels first, second;  // W_hh transposed, by the product it belongs to
  Panels projection;     // W_hr transposed
  float* w_ih_padded;    // [gates,units,I] in the order of the slots
  float* w_ih;           // the same for gemm_packed
  float* dw_ids;         // [I,columns] the gradient of w_ih by ids, in the order of the slots, if the input is ids
  float* dg;             // [chunk], each [slots,units] gate gradients and row_floats from the next
  float* u;              // [chunk,units] the second product's operand
  float *dh, *dc;        // [B,outputs], [B,units] gradients carried from step to step
  float *x, *h, *c;      // [chunk,I], [chunk,outputs], [chunk,units] rows of x and old states where they must be copied
  Sum slots;             // [slots,units] bias gradients
  // Only with features:
  float* dh_new;        // [chunk,outputs] gradient of h' before zoneout; it is projected
  float* dm;            // [B,units] gradient of m, then of c' normalised
  float* dc_new;        // [B,units] gradient of c'
  float* du;            // [B,units] gradient of the second product's operand
  float* m;             // [chunk,units] what is projected
  float *dgx, *dgh;     // [chunk], as dg has them: the gradients of W_ih x and W_hh h before normalisation
  float* dc_hat;        // [chunk,units] gradient of c' normalised
  Sum ln_ih, ln_hh;     // [gates,units] by slots of gx, and by gates
  Sum ln_c, ln_c_bias;  // [units]
  Sum unit;             // [vectors,units]
};
struct BackwardLayer {
  Sequence sequence;
  int32_t *row_ih, *row_hh;  // [gates*units] row of the weights for each gate gradient of gx and of gh; -1: padding
  int32_t* row_hr;           // [outputs] the same of W_hr
  BackwardScratch direction[2];
  // With `keep`: the steps from one kept state to the next, once more.
  ForwardLayer again;
  SavedLayer segment;
  float* y;  // [outputs] where their outputs go
};
static void carve_backward_features(Carver& carver, BackwardScratch& s, const CellInfo& cell, const Shape& shape,
                                    int chunk) {
  const int units = shape.units(), columns = cell.gates * units;
  if (shape.has(U_PROJECTION)) {
    s.dh_new = carver.take(chunk, shape.outputs());
    s.m = carver.take(chunk, units);
  }
  s.dm = carver.take(shape.B, units);
  if (cell.cell_state) s.dc_new = carver.take(shape.B, units);
  if (cell.two_products()) s.du = carver.take(shape.B, units);
  if (cell.cell_state && shape.ragged()) s.c = carver.take(chunk, units);
  s.unit = carve_sum(carver, (uint64_t)cell.units * units);
  if (!shape.has(U_NORM)) return;
  s.dgx = carver.take(chunk, row_floats(columns));
  s.ln_ih = carve_sum(carver, columns);
  if (cell.product) {
    s.dgh = carver.take(chunk, row_floats(columns));
    s.ln_hh = carve_sum(carver, columns);
  }
  if (!cell.cell_state) return;
  s.dc_hat = carver.take(chunk, units);
  s.ln_c = carve_sum(carver, units);
  s.ln_c_bias = carve_sum(carver, units);
}
static BackwardLayer carve_backward(Carver& carver, const CellInfo& cell, const Shape& shape) {
  BackwardLayer layer = {};
  const int units = shape.units(), columns = cell.gates * units, chunk = backward_chunk_rows(cell, shape);
  layer.sequence = carve_sequence(carver, shape);
  layer.row_ih = carver.take_ints(columns);
  layer.row_hh = carver.take_ints(columns);
  layer.row_hr = carver.take_ints(shape.has(U_PROJECTION) ? shape.outputs() : 0);
  for (int d = 0; d < shape.D; d++) {
    BackwardScratch& s = layer.direction[d];
    s.first = {nullptr, cell.product, shape.outputs(), cell.first_gates * units};
    s.second = {nullptr, cell.two_products(), units, (cell.gates - cell.first_gates) * units};
    s.projection = {nullptr, shape.has(U_PROJECTION), units, shape.R};
    s.first.weights = carver.take(panel_floats(s.first));
    s.second.weights = carver.take(panel_floats(s.second));
    s.projection.weights = carver.take(panel_floats(s.projection));
    if (shape.one_hot) {
      s.dw_ids = carver.take(shape.I, columns);
    } else {
      s.w_ih_padded = carver.take(columns, shape.I);
      s.w_ih = carver.take(packed_floats(columns, shape.I));
      if (shape.ragged()) s.x = carver.take(chunk, shape.I);
    }
    s.dg = carver.take(chunk, row_floats(cell.slots * units));
    if (cell.two_products()) s.u = carver.take(chunk, units);
    s.dh = carver.take(shape.B, shape.outputs());
    if (cell.cell_state) s.dc = carver.take(shape.B, units);
    if (shape.ragged() || shape.has(U_DROP)) s.h = carver.take(chunk, shape.outputs());
    s.slots = carve_sum(carver, (uint64_t)cell.slots * units);
    if (shape.features) carve_backward_features(carver, s, cell, shape, chunk);
  }
  if (shape.keep == 0) return layer;
  layer.again.sequence = layer.sequence;
  carve_forward_work(carver, layer.again, cell, shape, true);
  const uint64_t places = (uint64_t)(shape.keep < shape.T ? shape.keep : shape.T) * shape.B;
  for (int d = 0; d < shape.D; d++)
    layer.segment.direction[d] = carve_steps(carver, cell, shape, places < (uint64_t)shape.rows ? places : shape.rows);
  layer.y = carver.take(shape.outputs());
  return layer;
}
