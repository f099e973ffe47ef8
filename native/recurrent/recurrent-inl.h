// recurrent-inl.h: the kernels of the plain recurrent layer: argument checks, then the driver with the cell's
// functions. Those of layers with features are in general-inl.h, of quantised weights in quantized-inl.h.
#include "../cells/cells.h"
#include "product-inl.h"
#include "sequence-inl.h"
U_SMALL_BEGIN
#include "workspace-inl.h"
U_SMALL_END
#include "extra-inl.h"
#include "one-hot-inl.h"
#include "forward-inl.h"
#include "report-inl.h"
#include "backward-inl.h"
// From here to the end: the time passes in products and in the loops above.
U_SMALL_BEGIN
#include "contributions-inl.h"
#include "forward-extra-inl.h"
#include "backward-extra-inl.h"

struct CellKernels {
  CellInfo info;
  int candidate;
  CellTasks plain, extra;  // plain: null where the cell has no recurrent product
};
template <class Cell>
constexpr CellKernels cell_entry() {
  CellKernels cell = {{Cell::GATES, Cell::FIRST_GATES, Cell::SAVED, Cell::SLOTS, Cell::SLOT_GATE, Cell::CELL_STATE,
                       Cell::PRODUCT, Cell::UNITS, nullptr, nullptr},
                      Cell::CANDIDATE,
                      {},
                      {{extra_rows<Cell>, nullptr}, {extra_backward_rows<Cell>, nullptr}}};
  if constexpr (Cell::UNITS > 0) {
    cell.info.unit_gate = Cell::UNIT_GATE;
    cell.info.unit_operand = Cell::UNIT_OPERAND;
  }
  if constexpr (Cell::PRODUCT) {
    cell.plain = {{forward_rows<Cell>, nullptr}, {backward_rows<Cell>, nullptr}};
    if constexpr (MANY_THREADS) {
      cell.plain.forward.units = forward_units<Cell>;
      cell.plain.backward.units = backward_units<Cell>;
    }
  }
  return cell;
}
#define U_CELL_ENTRY(Cell) cell_entry<Cell>(),
static const CellKernels cell_kernels[] = {U_CELLS(U_CELL_ENTRY)};
#undef U_CELL_ENTRY
constexpr int CELL_COUNT = sizeof(cell_kernels) / sizeof(cell_kernels[0]);

// U_OK if the sizes are such that no number the driver computes can overflow: indices of places and of gate columns fit
// an int, a matrix of weights fits into memory. What is made of these is added up by Carver, with checks.
static int check_shape(int cell, const Shape& s) {
  if (cell < 0 || cell >= CELL_COUNT) return U_ERR_KIND;
  if (s.T < 0 || s.B < 0 || s.I < 1 || s.H < 1 || s.D < 1 || s.D > 2 || s.rows < 0) return U_ERR_SIZE;
  const int64_t most = INT32_MAX / 8, most_floats = PTRDIFF_MAX / sizeof(float);
  if ((int64_t)s.T * s.B > INT32_MAX || s.rows > (int64_t)s.T * s.B || s.I > most || s.H > most) return U_ERR_SIZE;
  const int64_t columns = 8 * ((int64_t)s.H + LANES), width = (int64_t)(s.I > s.H ? s.I : s.H) + LANES;
  return columns > most_floats / width ? U_ERR_SIZE : U_OK;
}

// Whether the buffer a carve_* describes fits into memory, and into the `given` floats.
static int check_buffer(const Carver& carver, double given) {
  if (!carver.fits()) return U_ERR_SIZE;
  return given >= (double)carver.floats ? U_OK : U_ERR_WORKSPACE;
}

static int check_weights(const Shape& s, const CellInfo& cell, const Weights& w) {
  for (int d = 0; d < s.D; d++) {
    if (!w.w_ih[d] || (cell.product && !w.w_hh[d])) return U_ERR_NULL;
  }
  return U_OK;
}

// { packed, saved, scratch of a training forward, of an inference forward, of backward }
static int layer_sizes(double* sizes, const CellInfo& info, const Shape& shape) {
  Carver packed(nullptr), saved(nullptr), training(nullptr), inference(nullptr), backward(nullptr);
  carve_packed(packed, info, shape);
  carve_saved(saved, info, shape);
  carve_forward(training, info, shape, true);
  carve_forward(inference, info, shape, false);
  carve_backward(backward, info, shape);
  Carver* all[] = {&packed, &saved, &training, &inference, &backward};
  for (int k = 0; k < 5; k++) {
    if (k >= 2 && shape.features) carve_extra(*all[k], info, shape);
    if (!all[k]->fits()) return U_ERR_SIZE;
    sizes[k] = (double)all[k]->floats;
  }
  return U_OK;
}

static int pack_weights(u_ctx* ctx, float* packed, double npacked, const CellInfo& info, const Shape& shape,
                        const Weights& weights) {
  if (!packed) return U_ERR_NULL;
  if (const int error = check_weights(shape, info, weights)) return error;
  Carver carver(packed);
  const PackedLayer layer = carve_packed(carver, info, shape);
  if (const int error = check_buffer(carver, npacked)) return error;
  pack_layer(ctx, layer, info, shape, weights);
  return U_OK;
}

// A caller's buffer and the floats it has.
struct Buffer {
  float* floats;
  double size;
};

// f: but for its workspaces. packed, saved null: as in native/abi.h.
static int run_forward(u_ctx* ctx, const CellKernels& kernels, const Shape& shape, const Weights& weights,
                       const int32_t* lengths, Forward& f, Buffer saved, Buffer scratch, Buffer packed,
                       const ExtraInput* input) {
  const CellInfo& info = kernels.info;
  const bool input_given = shape.one_hot ? f.ids != nullptr : f.x != nullptr;
  if (!scratch.floats || (shape.B > 0 && !f.hn) || (shape.rows > 0 && !input_given) ||
      (shape.B > 0 && shape.T > 0 && !f.y))
    return U_ERR_NULL;
  if (const int error = check_weights(shape, info, weights)) return error;
  if (const int error = check_lengths(shape, lengths)) return error;
  if (const int error = check_ids(shape, lengths, f.ids)) return error;

  Carver scratch_carver(scratch.floats), saved_carver(saved.floats), packed_carver(packed.floats);
  ForwardLayer layer = carve_forward(scratch_carver, info, shape, saved.floats != nullptr);
  Extra extra = {};
  if (input) extra = carve_extra(scratch_carver, info, shape);
  const SavedLayer saved_layer = carve_saved(saved_carver, info, shape);
  const PackedLayer packed_layer = carve_packed(packed_carver, info, shape);
  if (const int error = check_buffer(scratch_carver, scratch.size)) return error;
  if (saved.floats) {
    if (const int error = check_buffer(saved_carver, saved.size)) return error;
  }
  if (packed.floats) {
    if (const int error = check_buffer(packed_carver, packed.size)) return error;
  } else {
    pack_layer(ctx, layer.packed, info, shape, weights);
  }
  if (input) fill_extra(extra, info, shape, *input, kernels.candidate);
  sort_by_length(layer.sequence, lengths);
  f.cell = &info, f.sequence = &layer.sequence, f.packed = packed.floats ? &packed_layer : &layer.packed;
  f.scratch = &layer;
  if (saved.floats && shape.keep == 0) f.saved = &saved_layer;
  if (saved.floats && shape.keep > 0) f.kept = saved_layer.kept;
  if (input) f.extra = &extra;
  forward_layer(ctx, f, input ? kernels.extra.forward : kernels.plain.forward);
  return U_OK;
}

// b: but for its workspaces.
static int run_backward(u_ctx* ctx, const CellKernels& kernels, const Shape& shape, const Weights& weights,
                        const int32_t* lengths, Backward& b, Buffer saved, Buffer scratch, const ExtraInput* input) {
  const CellInfo& info = kernels.info;
  const bool input_given = shape.one_hot ? b.ids != nullptr : b.x != nullptr;
  if (!scratch.floats || !saved.floats || (shape.rows > 0 && !input_given)) return U_ERR_NULL;
  if (const int error = check_weights(shape, info, weights)) return error;
  if (const int error = check_lengths(shape, lengths)) return error;
  if (const int error = check_ids(shape, lengths, b.ids)) return error;

  Carver scratch_carver(scratch.floats), saved_carver(saved.floats);
  BackwardLayer layer = carve_backward(scratch_carver, info, shape);
  Extra extra = {};
  if (input) extra = carve_extra(scratch_carver, info, shape);
  const SavedLayer saved_layer = carve_saved(saved_carver, info, shape);
  if (const int error = check_buffer(scratch_carver, scratch.size)) return error;
  if (const int error = check_buffer(saved_carver, saved.size)) return error;
  if (input) fill_extra(extra, info, shape, *input, kernels.candidate);
  sort_by_length(layer.sequence, lengths);
  if (shape.keep) layer.again.sequence = layer.sequence;
  b.cell = &info, b.sequence = &layer.sequence, b.scratch = &layer, b.weights = &weights;
  b.saved = shape.keep ? &layer.segment : &saved_layer;
  b.kept = saved_layer.kept;
  if (input) b.extra = &extra;
  backward_layer(ctx, b, input ? kernels.extra : kernels.plain);
  return U_OK;
}

U_KERNEL(rnn_sizes)
(u_ctx*, double* sizes, int32_t cell, int32_t T, int32_t B, int32_t I, int32_t H, int32_t D, int32_t rows) {
  const Shape shape = {T, B, I, H, D, rows};
  if (const int error = check_shape(cell, shape)) return error;
  if (!cell_kernels[cell].info.product) return U_ERR_KIND;
  return layer_sizes(sizes, cell_kernels[cell].info, shape);
}

U_KERNEL(rnn_pack)
(u_ctx* ctx, float* packed, const float* w_ih, const float* w_hh, const float* b_ih, const float* b_hh,
 const float* w_ih_r, const float* w_hh_r, const float* b_ih_r, const float* b_hh_r, int32_t cell, int32_t gates,
 int32_t I, int32_t H, int32_t D, double npacked) {
  const Shape shape = {0, 0, I, H, D, 0};
  const Weights weights = {{w_ih, w_ih_r}, {w_hh, w_hh_r}, {b_ih, b_ih_r}, {b_hh, b_hh_r}, nullptr};
  if (const int error = check_shape(cell, shape)) return error;
  const CellInfo& info = cell_kernels[cell].info;
  if (gates != info.gates || !info.product) return U_ERR_KIND;
  return pack_weights(ctx, packed, npacked, info, shape, weights);
}

U_KERNEL(rnn_forward)
(u_ctx* ctx, float* y, float* hn, float* cn, float* saved, float* scratch, const float* packed, const float* x,
 const float* h0, const float* c0, const float* w_ih, const float* w_hh, const float* b_ih, const float* b_hh,
 const float* w_ih_r, const float* w_hh_r, const float* b_ih_r, const float* b_hh_r, const int32_t* lengths,
 int32_t cell, int32_t gates, int32_t T, int32_t B, int32_t I, int32_t H, int32_t D, int32_t rows, double nsaved,
 double nscratch, double npacked) {
  const Shape shape = {T, B, I, H, D, rows};
  const Weights weights = {{w_ih, w_ih_r}, {w_hh, w_hh_r}, {b_ih, b_ih_r}, {b_hh, b_hh_r}, nullptr};
  if (const int error = check_shape(cell, shape)) return error;
  const CellKernels& kernels = cell_kernels[cell];
  const CellInfo& info = kernels.info;
  if (gates != info.gates || !info.product || (!info.cell_state && (c0 || cn))) return U_ERR_KIND;
  Forward f;
  f.y = y, f.hn = hn, f.cn = cn;
  f.y_row = (ptrdiff_t)D * H;
  f.x = x, f.h0 = h0, f.c0 = c0;
  return run_forward(ctx, kernels, shape, weights, lengths, f, {saved, nsaved}, {scratch, nscratch},
                     {(float*)packed, npacked}, nullptr);
}

U_KERNEL(rnn_backward)
(u_ctx* ctx, float* dx, float* dh0, float* dc0, float* dw_ih, float* dw_hh, float* db_ih, float* db_hh, float* dw_ih_r,
 float* dw_hh_r, float* db_ih_r, float* db_hh_r, const float* dy, const float* dhn, const float* dcn, const float* x,
 const float*, const float* c0, const float* w_ih, const float* w_hh, const float*, const float*, const float* w_ih_r,
 const float* w_hh_r, const float*, const float*, const int32_t* lengths, const float* saved, float* scratch,
 int32_t cell, int32_t gates, int32_t T, int32_t B, int32_t I, int32_t H, int32_t D, int32_t rows, double nsaved,
 double nscratch) {
  const Shape shape = {T, B, I, H, D, rows};
  const Weights weights = {{w_ih, w_ih_r}, {w_hh, w_hh_r}, {}, {}, nullptr};
  const Gradients gradients = {{dw_ih, dw_ih_r}, {dw_hh, dw_hh_r}, {db_ih, db_ih_r}, {db_hh, db_hh_r}};
  if (const int error = check_shape(cell, shape)) return error;
  const CellKernels& kernels = cell_kernels[cell];
  const CellInfo& info = kernels.info;
  if (gates != info.gates || !info.product || (!info.cell_state && (c0 || dc0 || dcn))) return U_ERR_KIND;
  Backward b;
  b.gradients = gradients;
  b.dx = dx, b.dh0 = dh0, b.dc0 = dc0;
  b.dy = dy, b.dhn = dhn, b.dcn = dcn;
  b.dy_row = (ptrdiff_t)D * H;
  b.x = x;
  return run_backward(ctx, kernels, shape, weights, lengths, b, {(float*)saved, nsaved}, {scratch, nscratch}, nullptr);
}

U_SMALL_END
