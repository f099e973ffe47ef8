// quantized-inl.h: recurrent inference from int8 or bfloat16 weights: workspaces, the time loop, the three kernels. The
// driver of forward-inl.h made smaller, for nothing is saved; the steps and their epilogues are the same. A step's
// operand is a rounded copy of h, so that h and c are updated in place, and a row that has ended simply stays as it is.
#include "quantized-product-inl.h"

// ---- workspaces -----------------------------------------------------------------------------------------------------

struct QuantizedDirection {
  QuantizedPanels input;          // W_ih: as if one gate, whose units are [block][gate][LANES], as gx lies
  QuantizedPanels first, second;  // W_hh by the product it belongs to
  float *b_ih, *b_hh;             // [block][gate][LANES]
};
struct QuantizedLayer {
  QuantizedDirection direction[2];
};
static void take_panels(Carver& carver, QuantizedPanels& panels) {
  panels.words = carver.take_ints(quantized_words(panels));
}
static QuantizedLayer carve_quantized(Carver& carver, int precision, const CellInfo& cell, const Shape& shape) {
  QuantizedLayer layer = {};
  const int units = shape.units(), columns = cell.gates * units;
  for (int d = 0; d < shape.D; d++) {
    QuantizedDirection& w = layer.direction[d];
    w.input = {nullptr, precision, 1, columns, shape.I};
    w.first = {nullptr, precision, cell.first_gates, units, shape.H};
    take_panels(carver, w.input);
    take_panels(carver, w.first);
    if (cell.two_products()) {
      w.second = {nullptr, precision, cell.gates - cell.first_gates, units, shape.H};
      take_panels(carver, w.second);
    }
    w.b_ih = carver.take(columns);
    w.b_hh = carver.take(columns);
  }
  return layer;
}

// gx of a chunk: half a megabyte at most, but never so little that the weights are read often.
static int quantized_chunk_rows(const CellInfo& cell, const Shape& shape) {
  const int rows = 128 * 1024 / (cell.gates * shape.units());
  return chunk_capacity(shape, rows > 64 ? rows : 64);
}
struct QuantizedScratch {
  float* gx;       // [chunk], each [block][gate][LANES] and row_floats from the next
  Operand x, h;    // of a chunk's rows; of a step's
  float* h_state;  // [B,units]
  float* c_state;
  float* u;  // [B,units] the second product's operand, if there is one
};
struct QuantizedWork {
  Sequence sequence;
  QuantizedScratch direction[2];
};
static Operand take_operand(Carver& carver, int precision, int rows, int depth) {
  const int words = operand_words(precision, depth);
  return {carver.take_ints((uint64_t)rows * words), words, carver.take(rows), carver.take_ints(rows)};
}
static QuantizedWork carve_quantized_work(Carver& carver, int precision, const CellInfo& cell, const Shape& shape) {
  QuantizedWork work = {};
  const int units = shape.units(), chunk = quantized_chunk_rows(cell, shape);
  work.sequence = carve_sequence(carver, shape);
  for (int d = 0; d < shape.D; d++) {
    QuantizedScratch& s = work.direction[d];
    s.gx = carver.take(chunk, row_floats(cell.gates * units));
    s.x = take_operand(carver, precision, chunk, shape.I);
    s.h = take_operand(carver, precision, shape.B, shape.H);
    s.h_state = carver.take(shape.B, units);
    if (cell.cell_state) s.c_state = carver.take(shape.B, units);
    if (cell.two_products()) s.u = carver.take(shape.B, units);
  }
  return work;
}

// ---- a step ---------------------------------------------------------------------------------------------------------

struct QuantizedForward {
  int precision;
  const CellInfo& cell;
  const Sequence& sequence;
  const QuantizedLayer& weights;
  const QuantizedWork& work;
  float *y, *hn, *cn;  // cn may be null
  const float *x, *h0, *c0;
  Chunk chunk;
};

// The sorted rows [low, high) of one direction through a chunk.
template <class Cell>
static void quantized_rows(void* arg, int d, int low, int high) {
  const QuantizedForward& f = *(const QuantizedForward*)arg;
  const Sequence& q = f.sequence;
  const Shape& shape = q.shape;
  const QuantizedDirection& w = f.weights.direction[d];
  const QuantizedScratch& scratch = f.work.direction[d];
  const size_t units = shape.units();
  StepForward step = {};
  step.H = shape.H;
  step.units = units;
  step.b_hh = w.b_hh;
  step.gx_row = row_floats(Cell::GATES * units);
  float* const h = scratch.h_state + low * units;
  float* const c = Cell::CELL_STATE ? scratch.c_state + low * units : nullptr;
  step.states = {h, c, h, c};
  if (Cell::FIRST_GATES < Cell::GATES) step.u = scratch.u + low * units;
  step.y = f.y + d * (ptrdiff_t)shape.H;
  step.y_row = (ptrdiff_t)shape.D * shape.H;
  for (int s = f.chunk.first; s < f.chunk.last; s++) {
    const int end = high < q.active(s) ? high : q.active(s), rows = end - low;
    if (rows <= 0) break;
    const int64_t place = q.place(d, s) + low, in_chunk = place - first_place(q, d, f.chunk);
    step.gx = scratch.gx + in_chunk * step.gx_row;
    if (shape.ragged()) step.source = q.source[d] + place;
    step.y_first = place;
    const auto operand = [&](const float* of) {
      for (int r = 0; r < rows; r++) load_operand(scratch.h, low + r, of + r * units, shape.H, f.precision);
    };
    operand(h);
    if constexpr (Cell::FIRST_GATES < Cell::GATES) {
      quantized_product(ForwardFirst<Cell>{step}, scratch.h, low, rows, w.first, panels_at(s, 0, w.first.panels()));
      operand(step.u);
      quantized_product(ForwardLast<Cell>{step}, scratch.h, low, rows, w.second, panels_at(s, 0, w.second.panels()));
    } else {
      quantized_product(ForwardLast<Cell>{step}, scratch.h, low, rows, w.first, panels_at(s, 0, w.first.panels()));
    }
  }
}

// ---- gx of a chunk --------------------------------------------------------------------------------------------------

// Epilogue of the input product: gx = W_ih x + b_ih.
struct StoreGx {
  float* gx;
  const float* b_ih;
  size_t row;  // floats from row to row of gx

  void apply(const StepTile& tile) const {
    const float* sum = tile.sum;
    for (int r = tile.row; r < tile.row + tile.rows; r++) {
      const size_t column = (size_t)tile.block * LANES;
      for (int k = 0; k < tile.blocks * LANES; k += LANES, sum += LANES)
        store(gx + r * row + column + k, load(sum) + load(b_ih + column + k));
    }
  }
};

static void quantized_input(u_ctx* ctx, const QuantizedForward& f) {
  const Sequence& q = f.sequence;
  const Shape& shape = q.shape;
  for (int d = 0; d < shape.D; d++) {
    const QuantizedDirection& w = f.weights.direction[d];
    const QuantizedScratch& scratch = f.work.direction[d];
    const int64_t first = first_place(q, d, f.chunk);
    for (int k = 0; k < f.chunk.rows; k++) {
      const int64_t row = shape.ragged() ? q.source[d][first + k] : first + k;
      load_operand(scratch.x, k, f.x + row * shape.I, shape.I, f.precision);
    }
    // A thread reads its own weights only. Some thirty products take as long as touching an element.
    const StoreGx gx = {scratch.gx, w.b_ih, (size_t)row_floats(w.input.units)};
    const double work = (double)f.chunk.rows * w.input.units * shape.I / 30;
    in_ranges(ctx, w.input.panels(), work, [&](ptrdiff_t begin, ptrdiff_t end) {
      quantized_product(gx, scratch.x, 0, f.chunk.rows, w.input, {(int)begin, (int)end, false});
    });
  }
}

// ---- the layer ------------------------------------------------------------------------------------------------------

static void quantized_layer(u_ctx* ctx, QuantizedForward& f, RowsTask rows_task) {
  const Sequence& q = f.sequence;
  const Shape& shape = q.shape;
  for (int d = 0; d < shape.D; d++) {
    const QuantizedScratch& scratch = f.work.direction[d];
    load_states(scratch.h_state, f.h0, q, d, shape.H);
    if (f.cell.cell_state) load_states(scratch.c_state, f.c0, q, d, shape.H);
  }
  zero_padding(f.y, q, (size_t)shape.D * shape.H, (size_t)shape.D * shape.H);
  const int capacity = quantized_chunk_rows(f.cell, shape);
  const int64_t products = (int64_t)f.cell.gates * shape.units() * shape.H;
  for (int s = 0; s < q.steps; s = f.chunk.last) {
    f.chunk = chunk_from(q, s, q.steps, capacity);
    quantized_input(ctx, f);
    parallel_rows(ctx, q, f.chunk, products, rows_task, &f);
  }
  for (int d = 0; d < shape.D; d++) {
    store_rows(f.hn, f.work.direction[d].h_state, shape.units(), shape.H, q, d, 0, 0, shape.B);
    store_rows(f.cn, f.work.direction[d].c_state, shape.units(), shape.H, q, d, 0, 0, shape.B);
  }
}

// ---- the kernels ----------------------------------------------------------------------------------------------------

// null: the cell has no recurrent product.
template <class Cell>
constexpr RowsTask quantized_task() {
  if constexpr (Cell::PRODUCT) return quantized_rows<Cell>;
  return nullptr;
}
#define U_CELL_ROWS(Cell) quantized_task<Cell>(),
static const RowsTask quantized_tasks[] = {U_CELLS(U_CELL_ROWS)};
#undef U_CELL_ROWS

// 127 * 127 products of that many numbers still fit an int32.
constexpr int MOST_INT8_DEPTH = 131072;

static int check_quantized(int precision, int cell, const Shape& shape) {
  if (precision != U_INT8 && precision != U_BF16) return U_ERR_KIND;
  if (const int error = check_shape(cell, shape)) return error;
  if (!cell_kernels[cell].info.product) return U_ERR_KIND;
  const bool deep = shape.I > MOST_INT8_DEPTH || shape.H > MOST_INT8_DEPTH;
  return precision == U_INT8 && deep ? U_ERR_SIZE : U_OK;
}

// Once a model: not what time passes in.
U_SMALL_BEGIN
U_KERNEL(rnn_quantized_sizes)
(u_ctx*, double* sizes, int32_t precision, int32_t cell, int32_t T, int32_t B, int32_t I, int32_t H, int32_t D,
 int32_t rows) {
  const Shape shape = {T, B, I, H, D, rows};
  if (const int error = check_quantized(precision, cell, shape)) return error;
  const CellInfo& info = cell_kernels[cell].info;
  Carver packed(nullptr), scratch(nullptr);
  carve_quantized(packed, precision, info, shape);
  carve_quantized_work(scratch, precision, info, shape);
  if (!packed.fits() || !scratch.fits()) return U_ERR_SIZE;
  sizes[0] = (double)packed.floats;
  sizes[1] = (double)scratch.floats;
  return U_OK;
}

U_KERNEL(rnn_quantize)
(u_ctx*, float* packed, double* error, const float* w_ih, const float* w_hh, const float* b_ih, const float* b_hh,
 const float* w_ih_r, const float* w_hh_r, const float* b_ih_r, const float* b_hh_r, int32_t precision, int32_t cell,
 int32_t gates, int32_t I, int32_t H, int32_t D, double npacked) {
  const Shape shape = {0, 0, I, H, D, 0};
  const Weights weights = {{w_ih, w_ih_r}, {w_hh, w_hh_r}, {b_ih, b_ih_r}, {b_hh, b_hh_r}, nullptr};
  if (const int status = check_quantized(precision, cell, shape)) return status;
  const CellInfo& info = cell_kernels[cell].info;
  if (gates != info.gates) return U_ERR_KIND;
  if (!packed || !error) return U_ERR_NULL;
  if (const int status = check_weights(shape, info, weights)) return status;
  Carver carver(packed);
  const QuantizedLayer layer = carve_quantized(carver, precision, info, shape);
  if (const int status = check_buffer(carver, npacked)) return status;
  double worst = 0;
  const auto pack = [&](const QuantizedPanels& to, const float* w, const auto& row_of) {
    const double here = pack_quantized(to, w, row_of);
    if (here > worst) worst = here;
  };
  const auto row = [&](int gate, int unit) { return unit < H ? (int64_t)gate * H + unit : -1; };
  const auto input_row = [&](int, int column) {
    const int vector = column / LANES;
    return row(vector % gates, vector / gates * LANES + column % LANES);
  };
  for (int d = 0; d < D; d++) {
    const QuantizedDirection& to = layer.direction[d];
    pack(to.input, weights.w_ih[d], input_row);
    pack(to.first, weights.w_hh[d], row);
    if (info.two_products()) pack(to.second, weights.w_hh[d] + (ptrdiff_t)info.first_gates * H * H, row);
    interleave_bias(to.b_ih, weights.b_ih[d], gates, H);
    interleave_bias(to.b_hh, weights.b_hh[d], gates, H);
  }
  *error = worst;
  return U_OK;
}
U_SMALL_END

U_KERNEL(rnn_quantized_forward)
(u_ctx* ctx, float* y, float* hn, float* cn, float* scratch, const float* packed, const float* x, const float* h0,
 const float* c0, const int32_t* lengths, int32_t precision, int32_t cell, int32_t gates, int32_t T, int32_t B,
 int32_t I, int32_t H, int32_t D, int32_t rows, double nscratch, double npacked) {
  const Shape shape = {T, B, I, H, D, rows};
  if (const int error = check_quantized(precision, cell, shape)) return error;
  const CellInfo& info = cell_kernels[cell].info;
  if (gates != info.gates || (!info.cell_state && (c0 || cn))) return U_ERR_KIND;
  if (!scratch || !packed || (B > 0 && !hn) || (rows > 0 && !x) || (B > 0 && T > 0 && !y)) return U_ERR_NULL;
  if (const int error = check_lengths(shape, lengths)) return error;
  Carver scratch_carver(scratch), packed_carver((float*)packed);
  QuantizedWork work = carve_quantized_work(scratch_carver, precision, info, shape);
  const QuantizedLayer layer = carve_quantized(packed_carver, precision, info, shape);
  if (const int error = check_buffer(scratch_carver, nscratch)) return error;
  if (const int error = check_buffer(packed_carver, npacked)) return error;
  sort_by_length(work.sequence, lengths);
  QuantizedForward f = {precision, info, work.sequence, layer, work, y, hn, cn, x, h0, c0, {}};
  quantized_layer(ctx, f, quantized_tasks[cell]);
  return U_OK;
}
