// Generated from native/abi.h by native/generate.mjs. Do not edit: run `npm run generate`.
// The addon's call table for one instruction set; included in its namespace, after the kernels. JavaScript writes the
// arguments of a call into a frame of doubles (addresses are below 2^53) and calls by index: one crossing costs the same
// for three arguments as for thirty.
// clang-format off

static int32_t call_fill(u_ctx* ctx, const double* f) {
  return fill(ctx, (float*)(uintptr_t)f[0], (int32_t)f[1], f[2]);
}

static int32_t call_axpy(u_ctx* ctx, const double* f) {
  return axpy(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (int32_t)f[2], f[3]);
}

static int32_t call_affine(u_ctx* ctx, const double* f) {
  return affine(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (int32_t)f[2], f[3], f[4]);
}

static int32_t call_clamp(u_ctx* ctx, const double* f) {
  return clamp(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (int32_t)f[2], f[3], f[4]);
}

static int32_t call_binary_forward(u_ctx* ctx, const double* f) {
  return binary_forward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (int32_t)f[3], (int32_t)f[4]);
}

static int32_t call_binary_backward(u_ctx* ctx, const double* f) {
  return binary_backward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (const float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (int32_t)f[5], (int32_t)f[6]);
}

static int32_t call_activation_forward(u_ctx* ctx, const double* f) {
  return activation_forward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (int32_t)f[2], (int32_t)f[3]);
}

static int32_t call_activation_backward(u_ctx* ctx, const double* f) {
  return activation_backward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (const float*)(uintptr_t)f[3], (int32_t)f[4], (int32_t)f[5]);
}

static int32_t call_dropout_forward(u_ctx* ctx, const double* f) {
  return dropout_forward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (int32_t)f[3], f[4], (int32_t)f[5], (int32_t)f[6]);
}

static int32_t call_uniform(u_ctx* ctx, const double* f) {
  return uniform(ctx, (float*)(uintptr_t)f[0], (int32_t)f[1], f[2], f[3], f[4], (int32_t)f[5], (int32_t)f[6]);
}

static int32_t call_expand(u_ctx* ctx, const double* f) {
  return expand(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (int32_t)f[2], (int32_t)f[3],
      (int32_t)f[4]);
}

static int32_t call_reduce_sum(u_ctx* ctx, const double* f) {
  return reduce_sum(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (int32_t)f[2], (int32_t)f[3],
      (int32_t)f[4], f[5]);
}

static int32_t call_transpose(u_ctx* ctx, const double* f) {
  return transpose(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (int32_t)f[2], (int32_t)f[3],
      (int32_t)f[4], (int32_t)f[5], (int32_t)f[6]);
}

static int32_t call_slice_forward(u_ctx* ctx, const double* f) {
  return slice_forward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (int32_t)f[2], (int32_t)f[3],
      (int32_t)f[4], (int32_t)f[5], (int32_t)f[6]);
}

static int32_t call_slice_backward(u_ctx* ctx, const double* f) {
  return slice_backward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (int32_t)f[2], (int32_t)f[3],
      (int32_t)f[4], (int32_t)f[5], (int32_t)f[6]);
}

static int32_t call_place(u_ctx* ctx, const double* f) {
  return place(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (int32_t)f[2], (int32_t)f[3], (int32_t)f[4],
      (int32_t)f[5], (int32_t)f[6]);
}

static int32_t call_gather_forward(u_ctx* ctx, const double* f) {
  return gather_forward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (const int32_t*)(uintptr_t)f[2],
      (int32_t)f[3], (int32_t)f[4], (int32_t)f[5], (int32_t)f[6]);
}

static int32_t call_gather_backward(u_ctx* ctx, const double* f) {
  return gather_backward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (const int32_t*)(uintptr_t)f[2],
      (int32_t)f[3], (int32_t)f[4], (int32_t)f[5], (int32_t)f[6]);
}

static int32_t call_max_pool_forward(u_ctx* ctx, const double* f) {
  return max_pool_forward(ctx, (float*)(uintptr_t)f[0], (int32_t*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (int32_t)f[3], (int32_t)f[4], (int32_t)f[5], (int32_t)f[6], (int32_t)f[7], (int32_t)f[8], (int32_t)f[9],
      (int32_t)f[10], (int32_t)f[11], (int32_t)f[12], (int32_t)f[13]);
}

static int32_t call_matmul_forward(u_ctx* ctx, const double* f) {
  return matmul_forward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (int32_t)f[3], (int32_t)f[4], (int32_t)f[5], (int32_t)f[6]);
}

static int32_t call_matmul_backward(u_ctx* ctx, const double* f) {
  return matmul_backward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (const float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (int32_t)f[5], (int32_t)f[6], (int32_t)f[7],
      (int32_t)f[8]);
}

static int32_t call_linear_forward(u_ctx* ctx, const double* f) {
  return linear_forward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (const float*)(uintptr_t)f[3], (int32_t)f[4], (int32_t)f[5], (int32_t)f[6]);
}

static int32_t call_linear_backward(u_ctx* ctx, const double* f) {
  return linear_backward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (float*)(uintptr_t)f[2],
      (const float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (const float*)(uintptr_t)f[5], (int32_t)f[6],
      (int32_t)f[7], (int32_t)f[8]);
}

static int32_t call_softmax_forward(u_ctx* ctx, const double* f) {
  return softmax_forward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (int32_t)f[2], (int32_t)f[3]);
}

static int32_t call_softmax_backward(u_ctx* ctx, const double* f) {
  return softmax_backward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (int32_t)f[3], (int32_t)f[4]);
}

static int32_t call_log_softmax_forward(u_ctx* ctx, const double* f) {
  return log_softmax_forward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (int32_t)f[2], (int32_t)f[3]);
}

static int32_t call_log_softmax_backward(u_ctx* ctx, const double* f) {
  return log_softmax_backward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1],
      (const float*)(uintptr_t)f[2], (int32_t)f[3], (int32_t)f[4]);
}

static int32_t call_layer_norm_forward(u_ctx* ctx, const double* f) {
  return layer_norm_forward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (float*)(uintptr_t)f[2],
      (const float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (const float*)(uintptr_t)f[5], (int32_t)f[6],
      (int32_t)f[7], f[8]);
}

static int32_t call_layer_norm_backward(u_ctx* ctx, const double* f) {
  return layer_norm_backward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (float*)(uintptr_t)f[2],
      (const float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (const float*)(uintptr_t)f[5],
      (const float*)(uintptr_t)f[6], (const float*)(uintptr_t)f[7], (int32_t)f[8], (int32_t)f[9]);
}

static int32_t call_embedding_forward(u_ctx* ctx, const double* f) {
  return embedding_forward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (const int32_t*)(uintptr_t)f[2],
      (int32_t)f[3], (int32_t)f[4], (int32_t)f[5]);
}

static int32_t call_embedding_backward(u_ctx* ctx, const double* f) {
  return embedding_backward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1],
      (const int32_t*)(uintptr_t)f[2], (int32_t)f[3], (int32_t)f[4], (int32_t)f[5], (int32_t)f[6]);
}

static int32_t call_cross_entropy_forward(u_ctx* ctx, const double* f) {
  return cross_entropy_forward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (float*)(uintptr_t)f[2],
      (const float*)(uintptr_t)f[3], (const int32_t*)(uintptr_t)f[4], (const float*)(uintptr_t)f[5], (int32_t)f[6],
      (int32_t)f[7], (int32_t)f[8], (int32_t)f[9], f[10], (int32_t)f[11]);
}

static int32_t call_cross_entropy_backward(u_ctx* ctx, const double* f) {
  return cross_entropy_backward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1],
      (const float*)(uintptr_t)f[2], (const float*)(uintptr_t)f[3], (const int32_t*)(uintptr_t)f[4],
      (const float*)(uintptr_t)f[5], (int32_t)f[6], (int32_t)f[7], (int32_t)f[8], (int32_t)f[9], f[10], (int32_t)f[11]);
}

static int32_t call_bce_with_logits_forward(u_ctx* ctx, const double* f) {
  return bce_with_logits_forward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1],
      (const float*)(uintptr_t)f[2], (const float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (int32_t)f[5],
      (int32_t)f[6], (int32_t)f[7]);
}

static int32_t call_bce_with_logits_backward(u_ctx* ctx, const double* f) {
  return bce_with_logits_backward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1],
      (const float*)(uintptr_t)f[2], (const float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4],
      (const float*)(uintptr_t)f[5], (int32_t)f[6], (int32_t)f[7], (int32_t)f[8]);
}

static int32_t call_ctc_loss_forward(u_ctx* ctx, const double* f) {
  return ctc_loss_forward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (float*)(uintptr_t)f[2],
      (float*)(uintptr_t)f[3], (float*)(uintptr_t)f[4], (const float*)(uintptr_t)f[5], (const int32_t*)(uintptr_t)f[6],
      (const int32_t*)(uintptr_t)f[7], (const int32_t*)(uintptr_t)f[8], (int32_t)f[9], (int32_t)f[10], (int32_t)f[11],
      (int32_t)f[12], (int32_t)f[13], (int32_t)f[14], (int32_t)f[15], (int32_t)f[16]);
}

static int32_t call_ctc_loss_backward(u_ctx* ctx, const double* f) {
  return ctc_loss_backward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (const float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (const float*)(uintptr_t)f[5],
      (const int32_t*)(uintptr_t)f[6], (const int32_t*)(uintptr_t)f[7], (const int32_t*)(uintptr_t)f[8], (int32_t)f[9],
      (int32_t)f[10], (int32_t)f[11], (int32_t)f[12], (int32_t)f[13], (int32_t)f[14], (int32_t)f[15], (int32_t)f[16]);
}

static int32_t call_regression_loss_forward(u_ctx* ctx, const double* f) {
  return regression_loss_forward(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1],
      (const float*)(uintptr_t)f[2], (int32_t)f[3], (int32_t)f[4], (int32_t)f[5], (int32_t)f[6], f[7]);
}

static int32_t call_regression_loss_backward(u_ctx* ctx, const double* f) {
  return regression_loss_backward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (const float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (int32_t)f[5], (int32_t)f[6], (int32_t)f[7],
      (int32_t)f[8], f[9]);
}

static int32_t call_sum_squares(u_ctx* ctx, const double* f) {
  return sum_squares(ctx, (double*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (int32_t)f[2]);
}

static int32_t call_sgd_update(u_ctx* ctx, const double* f) {
  return sgd_update(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2], (int32_t)f[3],
      f[4], f[5], f[6], (int32_t)f[7], f[8], (int32_t)f[9]);
}

static int32_t call_adam_update(u_ctx* ctx, const double* f) {
  return adam_update(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (float*)(uintptr_t)f[2],
      (float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (int32_t)f[5], f[6], f[7], f[8], f[9], f[10],
      (int32_t)f[11], f[12]);
}

static int32_t call_rmsprop_update(u_ctx* ctx, const double* f) {
  return rmsprop_update(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (float*)(uintptr_t)f[2],
      (float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (int32_t)f[5], f[6], f[7], f[8], f[9], f[10]);
}

static int32_t call_adagrad_update(u_ctx* ctx, const double* f) {
  return adagrad_update(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (int32_t)f[3], f[4], f[5], f[6]);
}

static int32_t call_rnn_sizes(u_ctx* ctx, const double* f) {
  return rnn_sizes(ctx, (double*)(uintptr_t)f[0], (int32_t)f[1], (int32_t)f[2], (int32_t)f[3], (int32_t)f[4],
      (int32_t)f[5], (int32_t)f[6], (int32_t)f[7]);
}

static int32_t call_rnn_pack(u_ctx* ctx, const double* f) {
  return rnn_pack(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (const float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (const float*)(uintptr_t)f[5],
      (const float*)(uintptr_t)f[6], (const float*)(uintptr_t)f[7], (const float*)(uintptr_t)f[8], (int32_t)f[9],
      (int32_t)f[10], (int32_t)f[11], (int32_t)f[12], (int32_t)f[13], f[14]);
}

static int32_t call_rnn_forward(u_ctx* ctx, const double* f) {
  return rnn_forward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (float*)(uintptr_t)f[2],
      (float*)(uintptr_t)f[3], (float*)(uintptr_t)f[4], (const float*)(uintptr_t)f[5], (const float*)(uintptr_t)f[6],
      (const float*)(uintptr_t)f[7], (const float*)(uintptr_t)f[8], (const float*)(uintptr_t)f[9],
      (const float*)(uintptr_t)f[10], (const float*)(uintptr_t)f[11], (const float*)(uintptr_t)f[12],
      (const float*)(uintptr_t)f[13], (const float*)(uintptr_t)f[14], (const float*)(uintptr_t)f[15],
      (const float*)(uintptr_t)f[16], (const int32_t*)(uintptr_t)f[17], (int32_t)f[18], (int32_t)f[19], (int32_t)f[20],
      (int32_t)f[21], (int32_t)f[22], (int32_t)f[23], (int32_t)f[24], (int32_t)f[25], f[26], f[27], f[28]);
}

static int32_t call_rnn_backward(u_ctx* ctx, const double* f) {
  return rnn_backward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (float*)(uintptr_t)f[2],
      (float*)(uintptr_t)f[3], (float*)(uintptr_t)f[4], (float*)(uintptr_t)f[5], (float*)(uintptr_t)f[6],
      (float*)(uintptr_t)f[7], (float*)(uintptr_t)f[8], (float*)(uintptr_t)f[9], (float*)(uintptr_t)f[10],
      (const float*)(uintptr_t)f[11], (const float*)(uintptr_t)f[12], (const float*)(uintptr_t)f[13],
      (const float*)(uintptr_t)f[14], (const float*)(uintptr_t)f[15], (const float*)(uintptr_t)f[16],
      (const float*)(uintptr_t)f[17], (const float*)(uintptr_t)f[18], (const float*)(uintptr_t)f[19],
      (const float*)(uintptr_t)f[20], (const float*)(uintptr_t)f[21], (const float*)(uintptr_t)f[22],
      (const float*)(uintptr_t)f[23], (const float*)(uintptr_t)f[24], (const int32_t*)(uintptr_t)f[25],
      (const float*)(uintptr_t)f[26], (float*)(uintptr_t)f[27], (int32_t)f[28], (int32_t)f[29], (int32_t)f[30],
      (int32_t)f[31], (int32_t)f[32], (int32_t)f[33], (int32_t)f[34], (int32_t)f[35], f[36], f[37]);
}

static int32_t call_rnn_quantized_sizes(u_ctx* ctx, const double* f) {
  return rnn_quantized_sizes(ctx, (double*)(uintptr_t)f[0], (int32_t)f[1], (int32_t)f[2], (int32_t)f[3], (int32_t)f[4],
      (int32_t)f[5], (int32_t)f[6], (int32_t)f[7], (int32_t)f[8]);
}

static int32_t call_rnn_quantize(u_ctx* ctx, const double* f) {
  return rnn_quantize(ctx, (float*)(uintptr_t)f[0], (double*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (const float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (const float*)(uintptr_t)f[5],
      (const float*)(uintptr_t)f[6], (const float*)(uintptr_t)f[7], (const float*)(uintptr_t)f[8],
      (const float*)(uintptr_t)f[9], (int32_t)f[10], (int32_t)f[11], (int32_t)f[12], (int32_t)f[13], (int32_t)f[14],
      (int32_t)f[15], f[16]);
}

static int32_t call_rnn_quantized_forward(u_ctx* ctx, const double* f) {
  return rnn_quantized_forward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (float*)(uintptr_t)f[2],
      (float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (const float*)(uintptr_t)f[5],
      (const float*)(uintptr_t)f[6], (const float*)(uintptr_t)f[7], (const int32_t*)(uintptr_t)f[8], (int32_t)f[9],
      (int32_t)f[10], (int32_t)f[11], (int32_t)f[12], (int32_t)f[13], (int32_t)f[14], (int32_t)f[15], (int32_t)f[16],
      (int32_t)f[17], f[18], f[19]);
}

static int32_t call_rnn_general_sizes(u_ctx* ctx, const double* f) {
  return rnn_general_sizes(ctx, (double*)(uintptr_t)f[0], (int32_t)f[1], (int32_t)f[2], (int32_t)f[3], (int32_t)f[4],
      (int32_t)f[5], (int32_t)f[6], (int32_t)f[7], (int32_t)f[8], (int32_t)f[9]);
}

static int32_t call_rnn_general_pack(u_ctx* ctx, const double* f) {
  return rnn_general_pack(ctx, (float*)(uintptr_t)f[0], (const float*)(uintptr_t)f[1], (const float*)(uintptr_t)f[2],
      (const float*)(uintptr_t)f[3], (const float*)(uintptr_t)f[4], (const float*)(uintptr_t)f[5], (int32_t)f[6],
      (int32_t)f[7], (int32_t)f[8], (int32_t)f[9], (int32_t)f[10], (int32_t)f[11], f[12]);
}

static int32_t call_rnn_general_forward(u_ctx* ctx, const double* f) {
  return rnn_general_forward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (float*)(uintptr_t)f[2],
      (float*)(uintptr_t)f[3], (float*)(uintptr_t)f[4], (const float*)(uintptr_t)f[5], (const float*)(uintptr_t)f[6],
      (const int32_t*)(uintptr_t)f[7], (const float*)(uintptr_t)f[8], (const float*)(uintptr_t)f[9],
      (const float*)(uintptr_t)f[10], (const float*)(uintptr_t)f[11], (const float*)(uintptr_t)f[12],
      (const float*)(uintptr_t)f[13], (const float*)(uintptr_t)f[14], (const float*)(uintptr_t)f[15],
      (const float*)(uintptr_t)f[16], (const float*)(uintptr_t)f[17], (const float*)(uintptr_t)f[18],
      (const float*)(uintptr_t)f[19], (const float*)(uintptr_t)f[20], (const float*)(uintptr_t)f[21],
      (const float*)(uintptr_t)f[22], (const int32_t*)(uintptr_t)f[23], (const double*)(uintptr_t)f[24], (int32_t)f[25],
      (int32_t)f[26], (int32_t)f[27], (int32_t)f[28], (int32_t)f[29], (int32_t)f[30], (int32_t)f[31], (int32_t)f[32],
      (int32_t)f[33], (int32_t)f[34], (int32_t)f[35], (int32_t)f[36], (int32_t)f[37], (int32_t)f[38], f[39], f[40],
      f[41]);
}

static int32_t call_rnn_general_backward(u_ctx* ctx, const double* f) {
  return rnn_general_backward(ctx, (float*)(uintptr_t)f[0], (float*)(uintptr_t)f[1], (float*)(uintptr_t)f[2],
      (float*)(uintptr_t)f[3], (float*)(uintptr_t)f[4], (float*)(uintptr_t)f[5], (float*)(uintptr_t)f[6],
      (float*)(uintptr_t)f[7], (float*)(uintptr_t)f[8], (float*)(uintptr_t)f[9], (float*)(uintptr_t)f[10],
      (float*)(uintptr_t)f[11], (float*)(uintptr_t)f[12], (float*)(uintptr_t)f[13], (double*)(uintptr_t)f[14],
      (const float*)(uintptr_t)f[15], (const float*)(uintptr_t)f[16], (const float*)(uintptr_t)f[17],
      (const float*)(uintptr_t)f[18], (const int32_t*)(uintptr_t)f[19], (const float*)(uintptr_t)f[20],
      (const float*)(uintptr_t)f[21], (const float*)(uintptr_t)f[22], (const float*)(uintptr_t)f[23],
      (const float*)(uintptr_t)f[24], (const float*)(uintptr_t)f[25], (const float*)(uintptr_t)f[26],
      (const float*)(uintptr_t)f[27], (const float*)(uintptr_t)f[28], (const float*)(uintptr_t)f[29],
      (const float*)(uintptr_t)f[30], (const float*)(uintptr_t)f[31], (const float*)(uintptr_t)f[32],
      (const int32_t*)(uintptr_t)f[33], (const double*)(uintptr_t)f[34], (const float*)(uintptr_t)f[35],
      (float*)(uintptr_t)f[36], (int32_t)f[37], (int32_t)f[38], (int32_t)f[39], (int32_t)f[40], (int32_t)f[41],
      (int32_t)f[42], (int32_t)f[43], (int32_t)f[44], (int32_t)f[45], (int32_t)f[46], (int32_t)f[47], (int32_t)f[48],
      (int32_t)f[49], (int32_t)f[50], (int32_t)f[51], f[52], f[53]);
}

static int32_t call_fma_peak(u_ctx* ctx, const double* f) {
  return fma_peak(ctx, (double*)(uintptr_t)f[0], (int32_t)f[1]);
}

// In the order of native/abi.h, which is that of kernels.h.
static const u_call table[] = {
    call_fill,
    call_axpy,
    call_affine,
    call_clamp,
    call_binary_forward,
    call_binary_backward,
    call_activation_forward,
    call_activation_backward,
    call_dropout_forward,
    call_uniform,
    call_expand,
    call_reduce_sum,
    call_transpose,
    call_slice_forward,
    call_slice_backward,
    call_place,
    call_gather_forward,
    call_gather_backward,
    call_max_pool_forward,
    call_matmul_forward,
    call_matmul_backward,
    call_linear_forward,
    call_linear_backward,
    call_softmax_forward,
    call_softmax_backward,
    call_log_softmax_forward,
    call_log_softmax_backward,
    call_layer_norm_forward,
    call_layer_norm_backward,
    call_embedding_forward,
    call_embedding_backward,
    call_cross_entropy_forward,
    call_cross_entropy_backward,
    call_bce_with_logits_forward,
    call_bce_with_logits_backward,
    call_ctc_loss_forward,
    call_ctc_loss_backward,
    call_regression_loss_forward,
    call_regression_loss_backward,
    call_sum_squares,
    call_sgd_update,
    call_adam_update,
    call_rmsprop_update,
    call_adagrad_update,
    call_rnn_sizes,
    call_rnn_pack,
    call_rnn_forward,
    call_rnn_backward,
    call_rnn_quantized_sizes,
    call_rnn_quantize,
    call_rnn_quantized_forward,
    call_rnn_general_sizes,
    call_rnn_general_pack,
    call_rnn_general_forward,
    call_rnn_general_backward,
    call_fma_peak,
};
