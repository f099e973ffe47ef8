// general-inl.h: the kernels rnn_general_*: one direction of a layer with everything it may have. Without features it
// is the plain driver's layer; with them the time loops are those of forward-extra-inl.h and backward-extra-inl.h.

constexpr int ALL_FEATURES = U_PROJECTION | U_UNIT | U_NORM | U_DROP | U_ZONEOUT | U_POINTWISE | U_ONE_HOT;

// The layer's shape, U_OK if it and the cell may go together.
static int general_shape(Shape& shape, int32_t cell, int32_t features, int32_t R, int32_t keep) {
  if (const int error = check_shape(cell, shape)) return error;
  const CellInfo& info = cell_kernels[cell].info;
  if (features & ~ALL_FEATURES) return U_ERR_KIND;
  if ((features & U_PROJECTION) && !info.cell_state) return U_ERR_KIND;
  if ((features & U_UNIT) && !info.units) return U_ERR_KIND;
  if (R < 1 || keep < 0 || (R != shape.H && !(features & U_PROJECTION)) || R > INT32_MAX / 8) return U_ERR_SIZE;
  shape.R = R;
  shape.keep = keep;
  // Where the input comes from is no feature of the step: without others its loop is the plain one.
  shape.one_hot = features & U_ONE_HOT;
  features &= ~U_ONE_HOT;
  shape.features = info.product ? features : features | U_UNIT;
  return U_OK;
}

// Weights that the features call for and the cell has no use for, and the options' numbers.
static int check_extra(const CellInfo& info, const Shape& shape, const ExtraInput& in, const float* w_hr) {
  const bool norm = shape.has(U_NORM), norm_c = norm && info.cell_state;
  if (!in.options || (shape.has(U_PROJECTION) && !w_hr) || (shape.has(U_UNIT) && !in.w_unit)) return U_ERR_NULL;
  if (norm && (!in.ln_ih || (info.product && !in.ln_hh) || (norm_c && !in.ln_c))) return U_ERR_NULL;
  if (shape.has(U_DROP) && !in.drop) return U_ERR_NULL;
  if (!info.cell_state && (in.ln_c || in.ln_c_bias || in.zone_c)) return U_ERR_KIND;
  for (int at = U_GATE_KIND; at <= U_OUTPUT_KIND; at += 3) {
    const double kind = in.options[at];
    if (!(kind >= U_CELL_OWN && kind <= U_CELL_SOFTPLUS) || kind != (int)kind) return U_ERR_KIND;
  }
  return U_OK;
}

U_KERNEL(rnn_general_sizes)
(u_ctx*, double* sizes, int32_t cell, int32_t features, int32_t T, int32_t B, int32_t I, int32_t H, int32_t R,
 int32_t rows, int32_t keep) {
  Shape shape = {T, B, I, H, 1, rows};
  if (const int error = general_shape(shape, cell, features, R, keep)) return error;
  return layer_sizes(sizes, cell_kernels[cell].info, shape);
}

U_KERNEL(rnn_general_pack)
(u_ctx* ctx, float* packed, const float* w_ih, const float* w_hh, const float* b_ih, const float* b_hh,
 const float* w_hr, int32_t cell, int32_t gates, int32_t features, int32_t I, int32_t H, int32_t R, double npacked) {
  Shape shape = {0, 0, I, H, 1, 0};
  if (const int error = general_shape(shape, cell, features, R, 0)) return error;
  const CellInfo& info = cell_kernels[cell].info;
  if (gates != info.gates) return U_ERR_KIND;
  if (shape.has(U_PROJECTION) && !w_hr) return U_ERR_NULL;
  const Weights weights = {{w_ih}, {w_hh}, {b_ih}, {b_hh}, w_hr};
  return pack_weights(ctx, packed, npacked, info, shape, weights);
}

U_KERNEL(rnn_general_forward)
(u_ctx* ctx, float* y, float* hn, float* cn, float* saved, float* scratch, const float* packed, const float* x,
 const int32_t* ids, const float* h0, const float* c0, const float* w_ih, const float* w_hh, const float* b_ih,
 const float* b_hh, const float* w_hr, const float* w_unit, const float* ln_ih, const float* ln_hh, const float* ln_c,
 const float* ln_c_bias, const float* drop, const float* zone_h, const float* zone_c, const int32_t* lengths,
 const double* options, int32_t cell, int32_t gates, int32_t units, int32_t features, int32_t T, int32_t B, int32_t I,
 int32_t H, int32_t R, int32_t rows, int32_t reverse, int32_t width, int32_t column, int32_t keep, double nsaved,
 double nscratch, double npacked) {
  Shape shape = {T, B, I, H, 1, rows};
  if (const int error = general_shape(shape, cell, features, R, keep)) return error;
  shape.reverse = reverse != 0;
  const CellKernels& kernels = cell_kernels[cell];
  const CellInfo& info = kernels.info;
  if (gates != info.gates || units != info.units || (!info.cell_state && (c0 || cn))) return U_ERR_KIND;
  if (column < 0 || column > width - R) return U_ERR_SIZE;
  const ExtraInput input = {
      shape.has(U_UNIT) ? w_unit : nullptr, ln_ih, ln_hh, ln_c, ln_c_bias, drop, zone_h, zone_c, options};
  if (const int error = check_extra(info, shape, input, w_hr)) return error;
  const Weights weights = {{w_ih}, {w_hh}, {b_ih}, {b_hh}, w_hr};
  Forward f;
  f.y = y ? y + column : y, f.hn = hn, f.cn = cn;
  f.y_row = width;
  f.x = x, f.h0 = h0, f.c0 = c0;
  f.ids = ids;
  return run_forward(ctx, kernels, shape, weights, lengths, f, {saved, nsaved}, {scratch, nscratch},
                     {(float*)packed, npacked}, shape.features ? &input : nullptr);
}

U_KERNEL(rnn_general_backward)
(u_ctx* ctx, float* dx, float* dh0, float* dc0, float* dw_ih, float* dw_hh, float* db_ih, float* db_hh, float* dw_hr,
 float* dw_unit, float* dln_ih, float* dln_hh, float* dln_c, float* dln_c_bias, float* steps, double* contributions,
 const float* dy, const float* dhn, const float* dcn, const float* x, const int32_t* ids, const float* w_ih,
 const float* w_hh, const float* b_ih, const float* b_hh, const float* w_hr, const float* w_unit, const float* ln_ih,
 const float* ln_hh, const float* ln_c, const float* ln_c_bias, const float* drop, const float* zone_h,
 const float* zone_c, const int32_t* lengths, const double* options, const float* saved, float* scratch, int32_t cell,
 int32_t gates, int32_t units, int32_t features, int32_t T, int32_t B, int32_t I, int32_t H, int32_t R, int32_t rows,
 int32_t reverse, int32_t width, int32_t column, int32_t keep, int32_t nsteps, double nsaved, double nscratch) {
  Shape shape = {T, B, I, H, 1, rows};
  if (const int error = general_shape(shape, cell, features, R, keep)) return error;
  shape.reverse = reverse != 0;
  const CellKernels& kernels = cell_kernels[cell];
  const CellInfo& info = kernels.info;
  if (gates != info.gates || units != info.units || (!info.cell_state && (dc0 || dcn))) return U_ERR_KIND;
  if (shape.one_hot && (dx || contributions)) return U_ERR_KIND;
  if (column < 0 || column > width - R || (steps && nsteps != 2 + 3 * gates)) return U_ERR_SIZE;
  const ExtraInput input = {
      shape.has(U_UNIT) ? w_unit : nullptr, ln_ih, ln_hh, ln_c, ln_c_bias, drop, zone_h, zone_c, options};
  if (const int error = check_extra(info, shape, input, w_hr)) return error;
  const Weights weights = {{w_ih}, {w_hh}, {b_ih}, {b_hh}, w_hr};
  const Report report = {steps, contributions, nsteps};
  Backward b;
  b.gradients = {{dw_ih}, {info.product ? dw_hh : nullptr}, {db_ih}, {db_hh}};
  b.extra_gradients = {dw_hr, shape.has(U_UNIT) ? dw_unit : nullptr, dln_ih, dln_hh, dln_c, dln_c_bias};
  b.dx = dx, b.dh0 = dh0, b.dc0 = dc0;
  b.add_dx = true;
  b.dy = dy ? dy + column : dy, b.dhn = dhn, b.dcn = dcn;
  b.dy_row = width;
  b.x = x, b.ids = ids;
  if (steps) __builtin_memset(steps, 0, (size_t)T * B * nsteps * sizeof(float));
  if (contributions) __builtin_memset(contributions, 0, (size_t)T * 3 * sizeof(double));
  if (steps || contributions) b.report = &report;
  return run_backward(ctx, kernels, shape, weights, lengths, b, {(float*)saved, nsaved}, {scratch, nscratch},
                      shape.features ? &input : nullptr);
}
