// recurrent-inl.h: the four kernels of the recurrent layer: argument checks, then the driver with the cell's functions.
// Those of quantised weights are in quantized-inl.h.
#include "../cells/cells.h"
#include "product-inl.h"
#include "sequence-inl.h"
#include "workspace-inl.h"
#include "forward-inl.h"
#include "backward-inl.h"

struct CellKernels {
  CellInfo info;
  ForwardTasks forward;
  RowsTask backward;
};
#define U_CELL_ENTRY(Cell)                                                                        \
  {{Cell::GATES, Cell::FIRST_GATES, Cell::SAVED, Cell::SLOTS, Cell::SLOT_GATE, Cell::CELL_STATE}, \
   {forward_rows<Cell>, forward_units<Cell>},                                                     \
   backward_rows<Cell>},
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

static int check_weights(const Shape& s, const Weights& w) {
  for (int d = 0; d < s.D; d++) {
    if (!w.w_ih[d] || !w.w_hh[d]) return U_ERR_NULL;
  }
  return U_OK;
}

U_KERNEL(rnn_sizes)
(u_ctx*, double* sizes, int32_t cell, int32_t T, int32_t B, int32_t I, int32_t H, int32_t D, int32_t rows) {
  const Shape shape = {T, B, I, H, D, rows};
  if (const int error = check_shape(cell, shape)) return error;
  const CellInfo& info = cell_kernels[cell].info;
  Carver packed(nullptr), saved(nullptr), training(nullptr), inference(nullptr), backward(nullptr);
  carve_packed(packed, info, shape);
  carve_saved(saved, info, shape);
  carve_forward(training, info, shape, true);
  carve_forward(inference, info, shape, false);
  carve_backward(backward, info, shape);
  const Carver* all[] = {&packed, &saved, &training, &inference, &backward};
  for (int k = 0; k < 5; k++) {
    if (!all[k]->fits()) return U_ERR_SIZE;
    sizes[k] = (double)all[k]->floats;
  }
  return U_OK;
}

U_KERNEL(rnn_pack)
(u_ctx* ctx, float* packed, const float* w_ih, const float* w_hh, const float* b_ih, const float* b_hh,
 const float* w_ih_r, const float* w_hh_r, const float* b_ih_r, const float* b_hh_r, int32_t cell, int32_t gates,
 int32_t I, int32_t H, int32_t D, double npacked) {
  const Shape shape = {0, 0, I, H, D, 0};
  const Weights weights = {{w_ih, w_ih_r}, {w_hh, w_hh_r}, {b_ih, b_ih_r}, {b_hh, b_hh_r}};
  if (const int error = check_shape(cell, shape)) return error;
  const CellInfo& info = cell_kernels[cell].info;
  if (gates != info.gates) return U_ERR_KIND;
  if (!packed) return U_ERR_NULL;
  if (const int error = check_weights(shape, weights)) return error;
  Carver carver(packed);
  const PackedLayer layer = carve_packed(carver, info, shape);
  if (const int error = check_buffer(carver, npacked)) return error;
  pack_layer(ctx, layer, info, shape, weights);
  return U_OK;
}

U_KERNEL(rnn_forward)
(u_ctx* ctx, float* y, float* hn, float* cn, float* saved, float* scratch, const float* packed, const float* x,
 const float* h0, const float* c0, const float* w_ih, const float* w_hh, const float* b_ih, const float* b_hh,
 const float* w_ih_r, const float* w_hh_r, const float* b_ih_r, const float* b_hh_r, const int32_t* lengths,
 int32_t cell, int32_t gates, int32_t T, int32_t B, int32_t I, int32_t H, int32_t D, int32_t rows, double nsaved,
 double nscratch, double npacked) {
  const Shape shape = {T, B, I, H, D, rows};
  const Weights weights = {{w_ih, w_ih_r}, {w_hh, w_hh_r}, {b_ih, b_ih_r}, {b_hh, b_hh_r}};
  if (const int error = check_shape(cell, shape)) return error;
  const CellKernels& kernels = cell_kernels[cell];
  const CellInfo& info = kernels.info;
  if (gates != info.gates || (!info.cell_state && (c0 || cn))) return U_ERR_KIND;
  if (!scratch || (B > 0 && !hn) || (rows > 0 && !x) || (B > 0 && T > 0 && !y)) return U_ERR_NULL;
  if (const int error = check_weights(shape, weights)) return error;
  if (const int error = check_lengths(shape, lengths)) return error;

  Carver scratch_carver(scratch), saved_carver(saved), packed_carver((float*)packed);
  ForwardLayer layer = carve_forward(scratch_carver, info, shape, saved != nullptr);
  const SavedLayer saved_layer = carve_saved(saved_carver, info, shape);
  const PackedLayer packed_layer = carve_packed(packed_carver, info, shape);
  if (const int error = check_buffer(scratch_carver, nscratch)) return error;
  if (saved) {
    if (const int error = check_buffer(saved_carver, nsaved)) return error;
  }
  if (packed) {
    if (const int error = check_buffer(packed_carver, npacked)) return error;
  } else {
    pack_layer(ctx, layer.packed, info, shape, weights);
  }
  sort_by_length(layer.sequence, lengths);
  Forward f = {info, layer.sequence, packed ? packed_layer : layer.packed, layer, saved ? &saved_layer : nullptr};
  f.y = y, f.hn = hn, f.cn = cn;
  f.x = x, f.h0 = h0, f.c0 = c0;
  forward_layer(ctx, f, kernels.forward);
  return U_OK;
}

U_KERNEL(rnn_backward)
(u_ctx* ctx, float* dx, float* dh0, float* dc0, float* dw_ih, float* dw_hh, float* db_ih, float* db_hh, float* dw_ih_r,
 float* dw_hh_r, float* db_ih_r, float* db_hh_r, const float* dy, const float* dhn, const float* dcn, const float* x,
 const float*, const float* c0, const float* w_ih, const float* w_hh, const float*, const float*, const float* w_ih_r,
 const float* w_hh_r, const float*, const float*, const int32_t* lengths, const float* saved, float* scratch,
 int32_t cell, int32_t gates, int32_t T, int32_t B, int32_t I, int32_t H, int32_t D, int32_t rows, double nsaved,
 double nscratch) {
  const Shape shape = {T, B, I, H, D, rows};
  const Weights weights = {{w_ih, w_ih_r}, {w_hh, w_hh_r}, {}, {}};
  const Gradients gradients = {{dw_ih, dw_ih_r}, {dw_hh, dw_hh_r}, {db_ih, db_ih_r}, {db_hh, db_hh_r}};
  if (const int error = check_shape(cell, shape)) return error;
  const CellKernels& kernels = cell_kernels[cell];
  const CellInfo& info = kernels.info;
  if (gates != info.gates || (!info.cell_state && (c0 || dc0 || dcn))) return U_ERR_KIND;
  if (!scratch || !saved || (rows > 0 && !x)) return U_ERR_NULL;
  if (const int error = check_weights(shape, weights)) return error;
  if (const int error = check_lengths(shape, lengths)) return error;

  Carver scratch_carver(scratch), saved_carver((float*)saved);
  BackwardLayer layer = carve_backward(scratch_carver, info, shape);
  const SavedLayer saved_layer = carve_saved(saved_carver, info, shape);
  if (const int error = check_buffer(scratch_carver, nscratch)) return error;
  if (const int error = check_buffer(saved_carver, nsaved)) return error;
  sort_by_length(layer.sequence, lengths);
  Backward b = {info, layer.sequence, layer, saved_layer, weights, gradients, dx, dh0, dc0, dy, dhn, dcn, x, {}};
  backward_layer(ctx, b, kernels.backward);
  return U_OK;
}
