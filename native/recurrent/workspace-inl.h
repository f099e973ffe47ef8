// workspace-inl.h: what lies where in the packed weights, in saved and in scratch. Each carve_* is run twice: over a
// null base to learn the size (rnn_sizes), and over the caller's buffer.

// A cell's constants without its type, for what is compiled once for all cells.
struct CellInfo {
  int gates, first_gates, saved, slots;
  const int* slot_gate;
  bool cell_state;
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
};
struct PackedLayer {
  Packed direction[2];
};
static PackedLayer carve_packed(Carver& carver, const CellInfo& cell, const Shape& shape) {
  PackedLayer layer = {};
  const int units = shape.units(), columns = cell.gates * units;
  for (int d = 0; d < shape.D; d++) {
    Packed& p = layer.direction[d];
    p.first = {nullptr, cell.first_gates, units, shape.H};
    p.second = {nullptr, cell.gates - cell.first_gates, units, shape.H};
    p.w_ih = carver.take(packed_floats(shape.I, columns));
    p.b_ih = carver.take(columns);
    p.b_hh = carver.take(columns);
    p.first.weights = carver.take(panel_floats(p.first));
    p.second.weights = carver.take(panel_floats(p.second));
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
};

static void pack_layer(u_ctx* ctx, const PackedLayer& layer, const CellInfo& cell, const Shape& shape,
                       const Weights& weights) {
  const int H = shape.H;
  const ptrdiff_t gate = (ptrdiff_t)H * H;
  for (int d = 0; d < shape.D; d++) {
    const Packed& p = layer.direction[d];
    pack_gates(ctx, p.w_ih, weights.w_ih[d], cell.gates, H, shape.I);
    interleave_bias(p.b_ih, weights.b_ih[d], cell.gates, H);
    interleave_bias(p.b_hh, weights.b_hh[d], cell.gates, H);
    pack_panels(ctx, p.first, weights.w_hh[d], H, {H, H}, 1, gate, H);
    if (cell.two_products())
      pack_panels(ctx, p.second, weights.w_hh[d] + cell.first_gates * gate, H, {H, H}, 1, gate, H);
  }
}

// Floats from one row of a buffer of gates to the next. Rows 1 KiB or a multiple of it apart would all compete for the
// same few sets of L1.
static int row_floats(int floats) { return floats % 256 ? floats : floats + 16; }

// ---- saved: kept from forward for backward
// -----------------------------------------------------------------------------

struct Saved {
  float *h, *c;  // [rows+B,units] states, as Sequence::state places them; c null if the cell has none
  float* gates;  // [rows], each [block][SAVED][LANES] and row_floats from the next
};
struct SavedLayer {
  Saved direction[2];
};
static SavedLayer carve_saved(Carver& carver, const CellInfo& cell, const Shape& shape) {
  SavedLayer layer = {};
  const uint64_t states = (uint64_t)shape.rows + shape.B;
  for (int d = 0; d < shape.D; d++) {
    Saved& s = layer.direction[d];
    s.h = carver.take(states, shape.units());
    if (cell.cell_state) s.c = carver.take(states, shape.units());
    s.gates = carver.take(shape.rows, row_floats(cell.saved * shape.units()));
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

// gx of a chunk: half a megabyte, which the second-level cache keeps until the time loop has read it.
static int forward_chunk_rows(const CellInfo& cell, const Shape& shape) {
  const int rows = 128 * 1024 / (cell.gates * shape.units());
  return chunk_capacity(shape, rows > 64 ? rows : 64);
}
struct ForwardScratch {
  float* gx;        // [chunk], each [block][gate][LANES] and row_floats from the next
  float* x;         // [chunk,I] the valid rows of x, if ragged
  float* u;         // [B,units] the second product's operand, if there is one
  float *h[2], *c;  // [B,units] inference: the states before and after a step
};
struct ForwardLayer {
  Sequence sequence;
  PackedLayer packed;  // for calls without packed weights
  ForwardScratch direction[2];
};
static ForwardLayer carve_forward(Carver& carver, const CellInfo& cell, const Shape& shape, bool training) {
  ForwardLayer layer = {};
  const int units = shape.units(), chunk = forward_chunk_rows(cell, shape);
  layer.sequence = carve_sequence(carver, shape);
  layer.packed = carve_packed(carver, cell, shape);
  for (int d = 0; d < shape.D; d++) {
    ForwardScratch& s = layer.direction[d];
    s.gx = carver.take(chunk, row_floats(cell.gates * units));
    if (shape.ragged()) s.x = carver.take(chunk, shape.I);
    if (cell.two_products()) s.u = carver.take(shape.B, units);
    if (training) continue;
    for (float*& h : s.h) h = carver.take(shape.B, units);
    if (cell.cell_state) s.c = carver.take(shape.B, units);
  }
  return layer;
}

// Gate gradients of a chunk: deep enough that the weight gradients, updated once a chunk, are not bound by that update.
static int backward_chunk_rows(const CellInfo& cell, const Shape& shape) {
  const int rows = 512 * 1024 / (cell.slots * shape.units());
  return chunk_capacity(shape, rows < 256 ? 256 : rows > 1024 ? 1024 : rows);
}
struct BackwardScratch {
  Panels first, second;  // W_hh transposed, by the product it belongs to
  float* w_ih_padded;    // [gates,units,I] in the order of the slots
  float* w_ih;           // the same for gemm_packed
  float* dg;             // [chunk], each [slots,units] gate gradients and row_floats from the next
  float* u;              // [chunk,units] the second product's operand
  float *dh, *dc;        // [B,units] gradients carried from step to step
  float *x, *h;          // [chunk,I], [chunk,units] rows of x and old states, if ragged
  float *sum, *lost;     // [slots,units] bias gradients, and what rounding took from them
};
struct BackwardLayer {
  Sequence sequence;
  int32_t *row_ih, *row_hh;  // [gates*units] row of the weights for each gate gradient of gx and of gh; -1: padding
  BackwardScratch direction[2];
};
static BackwardLayer carve_backward(Carver& carver, const CellInfo& cell, const Shape& shape) {
  BackwardLayer layer = {};
  const int units = shape.units(), columns = cell.gates * units, chunk = backward_chunk_rows(cell, shape);
  layer.sequence = carve_sequence(carver, shape);
  layer.row_ih = carver.take_ints(columns);
  layer.row_hh = carver.take_ints(columns);
  for (int d = 0; d < shape.D; d++) {
    BackwardScratch& s = layer.direction[d];
    s.first = {nullptr, 1, units, cell.first_gates * units};
    s.second = {nullptr, 1, units, (cell.gates - cell.first_gates) * units};
    s.first.weights = carver.take(panel_floats(s.first));
    s.second.weights = carver.take(panel_floats(s.second));
    s.w_ih_padded = carver.take(columns, shape.I);
    s.w_ih = carver.take(packed_floats(columns, shape.I));
    s.dg = carver.take(chunk, row_floats(cell.slots * units));
    if (cell.two_products()) s.u = carver.take(chunk, units);
    s.dh = carver.take(shape.B, units);
    if (cell.cell_state) s.dc = carver.take(shape.B, units);
    if (shape.ragged()) {
      s.x = carver.take(chunk, shape.I);
      s.h = carver.take(chunk, units);
    }
    s.sum = carver.take(cell.slots, units);
    s.lost = carver.take(cell.slots, units);
  }
  return layer;
}
