/* abi.h: the one contract of every kernel. The addon's call table, the WASM export list and the TypeScript signature and
 * length-check table are all generated from this file (`npm run generate`); nothing binds a kernel by hand.
 *
 * How to read (and write) a prototype. One argument a line, each with a comment that is parsed, not prose:
 *
 *     float* y,          // [N,O] out: the product
 *     const float* b,    // [O] optional
 *
 *   [dims]        the number of elements is the product; a dim is an integer argument, a literal, or a sum/product of those
 *                 ([T+1,B,H], [D*H]). It is checked against the buffer's length before the call.
 *   role          in           read only (the default of a const pointer)
 *                 out          every element overwritten (the default of a pointer that is not const)
 *                 inout        read and updated in place
 *                 accumulated  added to (parameter gradients)
 *                 saved        workspace written by forward and read, never changed, by backward
 *                 scratch      contents meaningless before and after
 *   optional      may be null (and its length is then not checked)
 *   anything after a colon is for people.
 *
 * Matrices are row-major. Sequences are time-major, [T,B,F]. Kernels never allocate, never throw, never abort: they return a
 * status. A kernel that returns an error has written nothing that its caller may rely on. Scalars that are not sizes or
 * switches are double, so that a learning rate or an epsilon reaches every backend with the same value.
 * Any change to a prototype, a constant or a meaning raises UNROLLED_ABI_VERSION; loaders refuse another version by name.
 */
#ifndef UNROLLED_ABI_H
#define UNROLLED_ABI_H
#include <stdint.h>

#define UNROLLED_ABI_VERSION 6

/* One per environment: instruction set, thread pool, packing buffers. Opaque outside native/runtime. */
typedef struct u_ctx u_ctx;

enum u_status {
  U_OK = 0,
  U_ERR_SIZE = 1,      /* a size is negative, or a product of sizes does not fit */
  U_ERR_INDEX = 2,     /* an index or label is outside its range */
  U_ERR_LENGTHS = 3,   /* a sequence length is outside 0..T, or they do not add up to `rows` */
  U_ERR_KIND = 4,      /* an enumerated argument (cell, op, reduction) is not one of its values */
  U_ERR_WORKSPACE = 5, /* a saved, scratch or packed buffer is smaller than rnn_sizes says */
  U_ERR_NULL = 6       /* a pointer that this combination of arguments needs is null */
};

enum u_activation { U_TANH = 0, U_SIGMOID = 1, U_RELU = 2, U_EXP = 3, U_LOG = 4, U_SQRT = 5, U_ABS = 6 };
enum u_binary { U_ADD = 0, U_SUB = 1, U_MUL = 2, U_DIV = 3 };
enum u_reduction { U_NONE = 0, U_MEAN = 1, U_SUM = 2 };
enum u_regression { U_MSE = 0, U_MAE = 1, U_HUBER = 2 };

/* Cells, in the order of native/cells/cells.h and src/backend/cells/index.ts. Gate order is PyTorch's. */
enum u_cell {
  U_RNN_TANH = 0,
  U_RNN_RELU = 1,
  U_LSTM = 2,
  U_GRU = 3,
  U_GRU_RESET_BEFORE = 4,
  U_LSTM_COUPLED = 5, /* gates i, g, o; f = 1 - i */
  U_MGU = 6,          /* minimal gated unit: gates f, n */
  U_IND_RNN = 7       /* independently recurrent: w_unit * h in place of W_hh h; only in rnn_general_* */
};

/* What a layer of rnn_general_* has beyond rnn_forward's: a sum of these. */
enum u_feature {
  U_PROJECTION = 1, /* w_hr */
  U_UNIT = 2,       /* w_unit: peepholes, or the recurrence of U_IND_RNN */
  U_NORM = 4,       /* layer normalisation: ln_* */
  U_DROP = 8,       /* recurrent dropout: drop */
  U_ZONEOUT = 16,   /* zone_h, zone_c or the rates in options */
  U_POINTWISE = 32, /* activations or a clip in options */
  U_ONE_HOT = 64    /* the input is ids, not x */
};

/* Activations of a cell, by ONNX's names; y = f(x) with parameters a and b. The derivative is a function of y alone. */
enum u_cell_activation {
  U_CELL_OWN = 0, /* the cell's own */
  U_CELL_SIGMOID = 1,
  U_CELL_TANH = 2,
  U_CELL_RELU = 3,
  U_CELL_HARD_SIGMOID = 4,     /* max(0, min(1, a x + b)), a > 0 */
  U_CELL_AFFINE = 5,           /* a x + b */
  U_CELL_LEAKY_RELU = 6,       /* x >= 0 ? x : a x, a >= 0 */
  U_CELL_THRESHOLDED_RELU = 7, /* x > a ? x : 0, a >= 0 */
  U_CELL_SCALED_TANH = 8,      /* a tanh(b x), a != 0 */
  U_CELL_ELU = 9,              /* x >= 0 ? x : a (exp(x) - 1), a >= 0 */
  U_CELL_SOFTSIGN = 10,        /* x / (1 + |x|) */
  U_CELL_SOFTPLUS = 11         /* log(1 + exp(x)) */
};

/* Where what stands in rnn_general_*'s options. Kinds are of u_cell_activation. */
enum u_option {
  U_GATE_KIND = 0, /* sigmoid unless given: i, f, o of the LSTM; r, z of the GRU; f of the MGU */
  U_GATE_A = 1,
  U_GATE_B = 2,
  U_CANDIDATE_KIND = 3, /* tanh (relu in U_RNN_RELU and U_IND_RNN) unless given: g, n, and the h of the RNNs */
  U_CANDIDATE_A = 4,
  U_CANDIDATE_B = 5,
  U_OUTPUT_KIND = 6, /* tanh unless given: of the LSTM's c */
  U_OUTPUT_A = 7,
  U_OUTPUT_B = 8,
  U_CELL_CLIP = 9, /* c' is clamped to -clip..clip; 0: it is not */
  U_ZONEOUT_H = 10, /* rates where zone_h, zone_c are null */
  U_ZONEOUT_C = 11,
  U_NORM_EPS = 12
};

/* How quantised weights are stored. */
enum u_precision { U_INT8 = 0, U_BF16 = 1 };
#endif /* UNROLLED_ABI_H */

/* The prototypes stand outside the include guard: each instruction set includes them again in its own namespace. */
#ifdef U_KERNEL

/* ---- elementwise ------------------------------------------------------------------------------------------------- */

/* y = value */
U_KERNEL(fill)(u_ctx* ctx,
  float* y,             // [n]
  int32_t n, double value);

/* y += alpha x */
U_KERNEL(axpy)(u_ctx* ctx,
  float* y,             // [n] accumulated
  const float* x,       // [n]
  int32_t n, double alpha);

/* y = alpha x + beta. y may be x. */
U_KERNEL(affine)(u_ctx* ctx,
  float* y,             // [n]
  const float* x,       // [n]
  int32_t n, double alpha, double beta);

/* y = min(max(x, low), high); NaN stays NaN. y may be x. */
U_KERNEL(clamp)(u_ctx* ctx,
  float* y,             // [n]
  const float* x,       // [n]
  int32_t n, double low, double high);

/* y = a op b, op of u_binary. */
U_KERNEL(binary_forward)(u_ctx* ctx,
  float* y,             // [n]
  const float* a,       // [n]
  const float* b,       // [n]
  int32_t n, int32_t op);

/* forward was: y = a op b.  add: da = dy, db = dy.  sub: db = -dy.  mul: da = dy b, db = dy a.
 * div: da = dy / b, db = -dy a / b^2. */
U_KERNEL(binary_backward)(u_ctx* ctx,
  float* da,            // [n] out optional
  float* db,            // [n] out optional
  const float* dy,      // [n]
  const float* a,       // [n]
  const float* b,       // [n]
  int32_t n, int32_t op);

/* y = f(x), f of u_activation. tanh and sigmoid: max error 4 ulp on all finite inputs, saturating, NaN in gives NaN out;
 * exp: 2 ulp where the result is normal, 0 below, inf above. */
U_KERNEL(activation_forward)(u_ctx* ctx,
  float* y,             // [n]
  const float* x,       // [n]
  int32_t n, int32_t kind);

/* forward was: y = f(x).  tanh: dx = dy (1 - y^2).  sigmoid: dx = dy y (1 - y).  relu: dx = dy where x > 0, else 0.
 * exp: dy y.  log: dy / x.  sqrt: dy / (2 y).  abs: dy sign(x), 0 at 0. */
U_KERNEL(activation_backward)(u_ctx* ctx,
  float* dx,            // [n]
  const float* dy,      // [n]
  const float* x,       // [n]
  const float* y,       // [n]
  int32_t n, int32_t kind);

/* y = x mask, mask = 0 with probability p, else 1 / (1 - p). Element k draws from Philox4x32-10 with
 * key (seed_lo, seed_hi), counter (k / 4, 0, 0, 0), word k % 4: dropped if word < p 2^32. The same bits on every backend. */
U_KERNEL(dropout_forward)(u_ctx* ctx,
  float* y,             // [n]
  float* mask,          // [n] saved
  const float* x,       // [n]
  int32_t n, double p, int32_t seed_lo, int32_t seed_hi);

/* y[k] = low + (high - low) (word >> 8) 2^-24, in double and then rounded once. Element k takes word j = drawn + k of the
 * stream of Philox4x32-10 that belongs to key (seed_lo, seed_hi): word j % 4 of counter (j / 4, 64 bits). The same bits on
 * every backend. drawn: an integer from 0 to 2^53. */
U_KERNEL(uniform)(u_ctx* ctx,
  float* y,             // [n]
  int32_t n, double low, double high, double drawn, int32_t seed_lo, int32_t seed_hi);

/* ---- shape ------------------------------------------------------------------------------------------------------- */

/* y[o,m,i] = x[o,i]: broadcasting of one group of axes. */
U_KERNEL(expand)(u_ctx* ctx,
  float* y,             // [outer,mid,inner]
  const float* x,       // [outer,inner]
  int32_t outer, int32_t mid, int32_t inner);

/* y[o,i] = scale * sum over m of x[o,m,i]. Adjoint of expand. Summed in lanes, then pairwise: error grows with log(mid). */
U_KERNEL(reduce_sum)(u_ctx* ctx,
  float* y,             // [outer,inner]
  const float* x,       // [outer,mid,inner]
  int32_t outer, int32_t mid, int32_t inner, double scale);

/* y[o,b,m,a,i] = x[o,a,m,b,i]: swaps two axes. */
U_KERNEL(transpose)(u_ctx* ctx,
  float* y,             // [outer,b,mid,a,inner]
  const float* x,       // [outer,a,mid,b,inner]
  int32_t outer, int32_t a, int32_t mid, int32_t b, int32_t inner);

/* y[o,k,i] = x[o,start+k,i] */
U_KERNEL(slice_forward)(u_ctx* ctx,
  float* y,             // [outer,count,inner]
  const float* x,       // [outer,n,inner]
  int32_t outer, int32_t n, int32_t inner, int32_t start, int32_t count);

/* forward was: y[o,k,i] = x[o,start+k,i].  dx[o,start+k,i] += dy[o,k,i] */
U_KERNEL(slice_backward)(u_ctx* ctx,
  float* dx,            // [outer,n,inner] accumulated
  const float* dy,      // [outer,count,inner]
  int32_t outer, int32_t n, int32_t inner, int32_t start, int32_t count);

/* y[o,start+k,i] = x[o,k,i], the rest of y untouched: one part of a concatenation. */
U_KERNEL(place)(u_ctx* ctx,
  float* y,             // [outer,n,inner] inout
  const float* x,       // [outer,count,inner]
  int32_t outer, int32_t n, int32_t inner, int32_t start, int32_t count);

/* y[o,k,i] = x[o,index[o,k,i],i]. U_ERR_INDEX if an index is outside 0..n-1. */
U_KERNEL(gather_forward)(u_ctx* ctx,
  float* y,             // [outer,m,inner]
  const float* x,       // [outer,n,inner]
  const int32_t* index, // [outer,m,inner]
  int32_t outer, int32_t n, int32_t m, int32_t inner);

/* forward was: y[o,k,i] = x[o,index[o,k,i],i].  dx[o,index[o,k,i],i] += dy[o,k,i] */
U_KERNEL(gather_backward)(u_ctx* ctx,
  float* dx,            // [outer,n,inner] accumulated
  const float* dy,      // [outer,m,inner]
  const int32_t* index, // [outer,m,inner]
  int32_t outer, int32_t n, int32_t m, int32_t inner);

/* y[p,i,j] = max over k < kh, l < kw of x[p, i sh + k - ph, j sw + l - pw], without what is outside; winner: where in the plane it
 * stands, row * w + column, the first of equals. NaN wins. U_ERR_SIZE if a window has nothing inside, or kh, kw, sh, sw < 1.
 * Backward is gather_backward with the winners. */
U_KERNEL(max_pool_forward)(u_ctx* ctx,
  float* y,             // [planes,oh,ow]
  int32_t* winner,      // [planes,oh,ow]
  const float* x,       // [planes,h,w]
  int32_t planes, int32_t h, int32_t w, int32_t oh, int32_t ow,
  int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t ph, int32_t pw);

/* ---- matrix ------------------------------------------------------------------------------------------------------ */

/* y[p] = a[p] b[p] for each of P matrices. */
U_KERNEL(matmul_forward)(u_ctx* ctx,
  float* y,             // [P,M,N]
  const float* a,       // [P,M,K]
  const float* b,       // [P,K,N]
  int32_t P, int32_t M, int32_t N, int32_t K);

/* forward was: y = a b.  da = dy b^T, db = a^T dy */
U_KERNEL(matmul_backward)(u_ctx* ctx,
  float* da,            // [P,M,K] out optional
  float* db,            // [P,K,N] out optional
  const float* dy,      // [P,M,N]
  const float* a,       // [P,M,K]
  const float* b,       // [P,K,N]
  int32_t P, int32_t M, int32_t N, int32_t K);

/* y = x w^T + b */
U_KERNEL(linear_forward)(u_ctx* ctx,
  float* y,             // [N,O]
  const float* x,       // [N,I]
  const float* w,       // [O,I]
  const float* b,       // [O] optional
  int32_t N, int32_t I, int32_t O);

/* forward was: y = x w^T + b.  dx = dy w, dw += dy^T x, db += column sums of dy */
U_KERNEL(linear_backward)(u_ctx* ctx,
  float* dx,            // [N,I] out optional
  float* dw,            // [O,I] accumulated optional
  float* db,            // [O] accumulated optional
  const float* dy,      // [N,O]
  const float* x,       // [N,I]
  const float* w,       // [O,I]
  int32_t N, int32_t I, int32_t O);

/* ---- rows: softmax, layer norm, embedding ------------------------------------------------------------------------ */

/* y = exp(x - max x) / sum, each row apart. */
U_KERNEL(softmax_forward)(u_ctx* ctx,
  float* y,             // [N,C]
  const float* x,       // [N,C]
  int32_t N, int32_t C);

/* forward was: y = softmax(x).  dx = y (dy - sum(dy y)) */
U_KERNEL(softmax_backward)(u_ctx* ctx,
  float* dx,            // [N,C]
  const float* dy,      // [N,C]
  const float* y,       // [N,C]
  int32_t N, int32_t C);

/* y = x - max x - log(sum(exp(x - max x))), each row apart. */
U_KERNEL(log_softmax_forward)(u_ctx* ctx,
  float* y,             // [N,C]
  const float* x,       // [N,C]
  int32_t N, int32_t C);

/* forward was: y = log softmax(x).  dx = dy - exp(y) sum(dy) */
U_KERNEL(log_softmax_backward)(u_ctx* ctx,
  float* dx,            // [N,C]
  const float* dy,      // [N,C]
  const float* y,       // [N,C]
  int32_t N, int32_t C);

/* y = gamma (x - mean) rstd + beta, each row apart, rstd = 1 / sqrt(var + eps), var without Bessel's correction. */
U_KERNEL(layer_norm_forward)(u_ctx* ctx,
  float* y,             // [N,C]
  float* mean,          // [N] saved
  float* rstd,          // [N] saved
  const float* x,       // [N,C]
  const float* gamma,   // [C] optional: 1
  const float* beta,    // [C] optional: 0
  int32_t N, int32_t C, double eps);

/* forward was: xhat = (x - mean) rstd, y = gamma xhat + beta.  g = dy gamma:
 * dx = rstd (g - mean(g) - xhat mean(g xhat)), dgamma += sum(dy xhat), dbeta += sum(dy) */
U_KERNEL(layer_norm_backward)(u_ctx* ctx,
  float* dx,            // [N,C] out optional
  float* dgamma,        // [C] accumulated optional
  float* dbeta,         // [C] accumulated optional
  const float* dy,      // [N,C]
  const float* x,       // [N,C]
  const float* mean,    // [N]
  const float* rstd,    // [N]
  const float* gamma,   // [C] optional
  int32_t N, int32_t C);

/* y[k] = w[index[k]]. U_ERR_INDEX if an index is outside 0..V-1. */
U_KERNEL(embedding_forward)(u_ctx* ctx,
  float* y,             // [N,E]
  const float* w,       // [V,E]
  const int32_t* index, // [N]
  int32_t N, int32_t V, int32_t E);

/* forward was: y[k] = w[index[k]].  dw[index[k]] += dy[k], except where index[k] = padding_idx (-1: none). */
U_KERNEL(embedding_backward)(u_ctx* ctx,
  float* dw,            // [V,E] accumulated
  const float* dy,      // [N,E]
  const int32_t* index, // [N]
  int32_t N, int32_t V, int32_t E, int32_t padding_idx);

/* ---- losses. L is N (or n) without reduction, 1 with mean or sum -------------------------------------------------- */

/* Row loss: -(1 - s) w[t] logp[t] - s / C sum_c w[c] logp[c], t = target, s = label smoothing, w = class weights;
 * 0 where t = ignore_index. mean divides by the sum of w[t] over the rows not ignored (0/0 gives NaN, as PyTorch).
 * U_ERR_INDEX if a target is neither in 0..C-1 nor ignore_index. */
U_KERNEL(cross_entropy_forward)(u_ctx* ctx,
  float* loss,          // [L]
  float* logp,          // [N,C] saved
  float* denominator,   // [1] saved: the sum of weights, or 1 for sum and none
  const float* logits,  // [N,C]
  const int32_t* target,// [N]
  const float* weight,  // [C] optional
  int32_t N, int32_t C, int32_t L, int32_t ignore_index, double label_smoothing, int32_t reduction);

/* forward was: see cross_entropy_forward.  With q[c] = w[t] (1 - s) [c = t] + w[c] s / C, Q = sum q:
 * dlogits[c] = dloss / denominator * (Q exp(logp[c]) - q[c]), 0 for ignored rows. */
U_KERNEL(cross_entropy_backward)(u_ctx* ctx,
  float* dlogits,       // [N,C]
  const float* dloss,   // [L]
  const float* logp,    // [N,C]
  const float* denominator, // [1]
  const int32_t* target,// [N]
  const float* weight,  // [C] optional
  int32_t N, int32_t C, int32_t L, int32_t ignore_index, double label_smoothing, int32_t reduction);

/* loss = w (max(x,0) - x t + log(1 + exp(-|x|))) without pos_weight p; with it:
 * w ((1 - t) x + (1 + (p - 1) t) (log(1 + exp(-|x|)) + max(-x, 0))). mean divides by n. */
U_KERNEL(bce_with_logits_forward)(u_ctx* ctx,
  float* loss,          // [L]
  const float* x,       // [n]
  const float* t,       // [n]
  const float* weight,  // [n] optional
  const float* pos_weight, // [n] optional
  int32_t n, int32_t L, int32_t reduction);

/* forward was: see bce_with_logits_forward.  dx = dloss/denominator w ((1 - t) - (1 + (p - 1) t) (1 - sigmoid(x))) */
U_KERNEL(bce_with_logits_backward)(u_ctx* ctx,
  float* dx,            // [n]
  const float* dloss,   // [L]
  const float* x,       // [n]
  const float* t,       // [n]
  const float* weight,  // [n] optional
  const float* pos_weight, // [n] optional
  int32_t n, int32_t L, int32_t reduction);

/* Connectionist temporal classification: -log of the probability that a net which says one of C classes at each step says the
 * target, where repetitions of a class count once and `blank` counts for nothing. Row b has input_lengths[b] steps and the
 * target l of U = target_lengths[b] classes. The target with blanks around each, l'[2u] = blank, l'[2u+1] = l[u], has 2U + 1
 * states; a path begins in state 0 or 1, ends in one of the last two, and from one step to the next stays, moves on by one
 * state, or by two to a class that is not the one before it. Of the paths that are in state s at step t:
 *   alpha[t,s]  log probability of what they say up to and including t, less the largest of the step; -inf where there is none
 *   rest[t,s]   log probability of what they say after t
 * mean divides each row by max(1, U), then takes the mean of the rows; zero_infinity replaces an infinite loss (a target that
 * does not fit into the steps) by 0. U_ERR_LENGTHS for lengths outside 0..T or 0..S; U_ERR_INDEX for a blank outside 0..C-1, or
 * a class of a target that is, or is blank. Targets past their length are not read.  Graves et al. 2006. */
U_KERNEL(ctc_loss_forward)(u_ctx* ctx,
  float* loss,          // [L]
  float* logp,          // [T,B,C] saved: log softmax of the logits; 0 from input_lengths[b] on
  float* alpha,         // [T,B,2*S+1] saved
  float* nll,           // [B] saved: the loss of each row, inf included
  float* scratch,       // [B,6*S+7] scratch
  const float* logits,  // [T,B,C]
  const int32_t* targets, // [B,S]
  const int32_t* input_lengths, // [B]
  const int32_t* target_lengths, // [B]
  int32_t T, int32_t B, int32_t C, int32_t S, int32_t L, int32_t blank, int32_t reduction, int32_t zero_infinity);

/* forward was: see ctc_loss_forward.  gamma[t,s] = exp(alpha[t,s] + rest[t,s]), divided by their sum over s:
 * dlogits[t,c] = dloss (over max(1, U) B for mean) (exp(logp[t,c]) - sum of gamma[t,s] over s with l'[s] = c); 0 from
 * input_lengths[b] on. Rows of infinite loss: 0 with zero_infinity, else NaN, as PyTorch. */
U_KERNEL(ctc_loss_backward)(u_ctx* ctx,
  float* dlogits,       // [T,B,C]
  float* scratch,       // [B,6*S+7] scratch
  const float* dloss,   // [L]
  const float* logp,    // [T,B,C]
  const float* alpha,   // [T,B,2*S+1]
  const float* nll,     // [B]
  const int32_t* targets, // [B,S]
  const int32_t* input_lengths, // [B]
  const int32_t* target_lengths, // [B]
  int32_t T, int32_t B, int32_t C, int32_t S, int32_t L, int32_t blank, int32_t reduction, int32_t zero_infinity);

/* d = x - t.  mse: d^2.  mae: |d|.  huber: d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2). mean divides by n. */
U_KERNEL(regression_loss_forward)(u_ctx* ctx,
  float* loss,          // [L]
  const float* x,       // [n]
  const float* t,       // [n]
  int32_t n, int32_t L, int32_t reduction, int32_t kind, double delta);

/* forward was: see regression_loss_forward.  dx = dloss/denominator loss'(d), dt = -dx */
U_KERNEL(regression_loss_backward)(u_ctx* ctx,
  float* dx,            // [n] out optional
  float* dt,            // [n] out optional
  const float* dloss,   // [L]
  const float* x,       // [n]
  const float* t,       // [n]
  int32_t n, int32_t L, int32_t reduction, int32_t kind, double delta);

/* ---- optimisers: one fused pass over a parameter. PyTorch's update rules, 1.13 ------------------------------------ */

/* out = sum of squares, in double. */
U_KERNEL(sum_squares)(u_ctx* ctx,
  double* out,          // [1]
  const float* x,       // [n]
  int32_t n);

/* g += weight_decay p; with momentum: buf = first ? g : momentum buf + (1 - dampening) g; g = nesterov ? g + momentum buf : buf;
 * p -= lr g */
U_KERNEL(sgd_update)(u_ctx* ctx,
  float* p,             // [n] inout
  float* buf,           // [n] inout optional: null without momentum
  const float* g,       // [n]
  int32_t n, double lr, double momentum, double dampening, int32_t nesterov, double weight_decay, int32_t first);

/* decoupled: p *= 1 - lr weight_decay, else g += weight_decay p.  m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;
 * vhat = vmax ? (vmax = max(vmax, v)) : v;
 * p -= lr / (1 - b1^step) m / (sqrt(vhat) / sqrt(1 - b2^step) + eps) */
U_KERNEL(adam_update)(u_ctx* ctx,
  float* p,             // [n] inout
  float* m,             // [n] inout
  float* v,             // [n] inout
  float* vmax,          // [n] inout optional: amsgrad
  const float* g,       // [n]
  int32_t n, double lr, double beta1, double beta2, double eps, double weight_decay, int32_t decoupled, double step);

/* g += weight_decay p;  sq = alpha sq + (1-alpha) g^2;  centered (gavg given): gavg = alpha gavg + (1-alpha) g,
 * d = sqrt(sq - gavg^2) + eps, else d = sqrt(sq) + eps;  momentum (buf given): buf = momentum buf + g / d, p -= lr buf;
 * else p -= lr g / d */
U_KERNEL(rmsprop_update)(u_ctx* ctx,
  float* p,             // [n] inout
  float* sq,            // [n] inout
  float* buf,           // [n] inout optional
  float* gavg,          // [n] inout optional
  const float* g,       // [n]
  int32_t n, double lr, double alpha, double eps, double weight_decay, double momentum);

/* g += weight_decay p;  sum += g^2;  p -= lr g / (sqrt(sum) + eps). Learning-rate decay is the caller's. */
U_KERNEL(adagrad_update)(u_ctx* ctx,
  float* p,             // [n] inout
  float* sum,           // [n] inout
  const float* g,       // [n]
  int32_t n, double lr, double eps, double weight_decay);

/* ---- recurrent: one layer over a whole sequence, all directions, one call ------------------------------------------
 * cell: u_cell. G gates. D = 1 or 2 directions; the second reads each row from its own last valid step back to its first.
 * lengths: valid steps of each row, 0..T, any order; null: all T. rows = sum of lengths (T*B without lengths).
 * w_ih [G*H,I], w_hh [G*H,H], biases [G*H], gates in PyTorch's order; *_r: the reverse direction's, null when D = 1.
 * y at padded positions is 0. hn, cn: each row's state at its own last step (h0, c0 where the length is 0).
 * c, where a cell has none, is null. h0, c0 null: zeros. */

/* sizes = floats needed: { packed, saved, scratch of a training forward, scratch of an inference forward, scratch of backward }. */
U_KERNEL(rnn_sizes)(u_ctx* ctx,
  double* sizes,        // [5]
  int32_t cell, int32_t T, int32_t B, int32_t I, int32_t H, int32_t D, int32_t rows);

/* Lays the weights out for rnn_forward's `packed`. The layout belongs to one instruction set and may change with any version. */
U_KERNEL(rnn_pack)(u_ctx* ctx,
  float* packed,        // [npacked]
  const float* w_ih,    // [gates*H,I]
  const float* w_hh,    // [gates*H,H]
  const float* b_ih,    // [gates*H] optional
  const float* b_hh,    // [gates*H] optional
  const float* w_ih_r,  // [gates*H,I] optional
  const float* w_hh_r,  // [gates*H,H] optional
  const float* b_ih_r,  // [gates*H] optional
  const float* b_hh_r,  // [gates*H] optional
  int32_t cell, int32_t gates, int32_t I, int32_t H, int32_t D, double npacked);

/* saved null: inference, nothing is kept. packed null: the weights are packed into scratch for this call. */
U_KERNEL(rnn_forward)(u_ctx* ctx,
  float* y,             // [T,B,D*H]
  float* hn,            // [D,B,H]
  float* cn,            // [D,B,H] out optional
  float* saved,         // [nsaved] saved optional
  float* scratch,       // [nscratch] scratch
  const float* packed,  // [npacked] optional
  const float* x,       // [T,B,I]
  const float* h0,      // [D,B,H] optional
  const float* c0,      // [D,B,H] optional
  const float* w_ih,    // [gates*H,I]
  const float* w_hh,    // [gates*H,H]
  const float* b_ih,    // [gates*H] optional
  const float* b_hh,    // [gates*H] optional
  const float* w_ih_r,  // [gates*H,I] optional
  const float* w_hh_r,  // [gates*H,H] optional
  const float* b_ih_r,  // [gates*H] optional
  const float* b_hh_r,  // [gates*H] optional
  const int32_t* lengths, // [B] optional
  int32_t cell, int32_t gates, int32_t T, int32_t B, int32_t I, int32_t H, int32_t D, int32_t rows,
  double nsaved, double nscratch, double npacked);

/* forward was: rnn_forward with the same arguments. dx, dh0, dc0 are overwritten (dx at padding is 0), weight and bias
 * gradients accumulate. dy, dhn, dcn null: zero. saved is left as it is: backward may run twice. */
U_KERNEL(rnn_backward)(u_ctx* ctx,
  float* dx,            // [T,B,I] out optional
  float* dh0,           // [D,B,H] out optional
  float* dc0,           // [D,B,H] out optional
  float* dw_ih,         // [gates*H,I] accumulated optional
  float* dw_hh,         // [gates*H,H] accumulated optional
  float* db_ih,         // [gates*H] accumulated optional
  float* db_hh,         // [gates*H] accumulated optional
  float* dw_ih_r,       // [gates*H,I] accumulated optional
  float* dw_hh_r,       // [gates*H,H] accumulated optional
  float* db_ih_r,       // [gates*H] accumulated optional
  float* db_hh_r,       // [gates*H] accumulated optional
  const float* dy,      // [T,B,D*H] optional
  const float* dhn,     // [D,B,H] optional
  const float* dcn,     // [D,B,H] optional
  const float* x,       // [T,B,I]
  const float* h0,      // [D,B,H] optional
  const float* c0,      // [D,B,H] optional
  const float* w_ih,    // [gates*H,I]
  const float* w_hh,    // [gates*H,H]
  const float* b_ih,    // [gates*H] optional
  const float* b_hh,    // [gates*H] optional
  const float* w_ih_r,  // [gates*H,I] optional
  const float* w_hh_r,  // [gates*H,H] optional
  const float* b_ih_r,  // [gates*H] optional
  const float* b_hh_r,  // [gates*H] optional
  const int32_t* lengths, // [B] optional
  const float* saved,   // [nsaved] saved
  float* scratch,       // [nscratch] scratch
  int32_t cell, int32_t gates, int32_t T, int32_t B, int32_t I, int32_t H, int32_t D, int32_t rows,
  double nsaved, double nscratch);

/* ---- recurrent inference from quantised weights --------------------------------------------------------------------
 * The layer of rnn_forward, with rounded weights in its two products. Biases, states and the cell itself stay float32.
 *
 * int8: a vector v of K numbers (as float32) becomes a scale s and K integers q in -127..127:
 *   s = max |v| / 127,  q = v / s to the nearest integer, ties to even; each operation rounded to float32.
 *   max |v| < 2^-100: s = 0 and q = 0.  A NaN or an infinity in v: s = NaN and q = 0.
 * Each row of w_ih and w_hh is such a vector, quantised once; so is, at each step, each row of x, of h and of whatever else the
 * cell multiplies (r*h). Then (W v)[row] = s_row s_v sum q_row q_v, the sum exact in 32 bits: every instruction set gets the
 * same integers. I and H are at most 131072 (U_ERR_SIZE).
 *
 * bf16: weights rounded to bfloat16, ties to even (NaN stays NaN); x and h stay float32, and so do the sums. */

/* sizes = floats needed: { packed, scratch }. */
U_KERNEL(rnn_quantized_sizes)(u_ctx* ctx,
  double* sizes,        // [2]
  int32_t precision, int32_t cell, int32_t T, int32_t B, int32_t I, int32_t H, int32_t D, int32_t rows);

/* Quantises the weights and lays them and the biases out for rnn_quantized_forward, in a layout of the instruction set's.
 * error = the largest |w - what it became| over w_ih and w_hh; NaN and infinities aside. */
U_KERNEL(rnn_quantize)(u_ctx* ctx,
  float* packed,        // [npacked]
  double* error,        // [1]
  const float* w_ih,    // [gates*H,I]
  const float* w_hh,    // [gates*H,H]
  const float* b_ih,    // [gates*H] optional
  const float* b_hh,    // [gates*H] optional
  const float* w_ih_r,  // [gates*H,I] optional
  const float* w_hh_r,  // [gates*H,H] optional
  const float* b_ih_r,  // [gates*H] optional
  const float* b_hh_r,  // [gates*H] optional
  int32_t precision, int32_t cell, int32_t gates, int32_t I, int32_t H, int32_t D, double npacked);

/* As rnn_forward without `saved`, from what rnn_quantize wrote for the same precision and sizes. */
U_KERNEL(rnn_quantized_forward)(u_ctx* ctx,
  float* y,             // [T,B,D*H]
  float* hn,            // [D,B,H]
  float* cn,            // [D,B,H] out optional
  float* scratch,       // [nscratch] scratch
  const float* packed,  // [npacked]
  const float* x,       // [T,B,I]
  const float* h0,      // [D,B,H] optional
  const float* c0,      // [D,B,H] optional
  const int32_t* lengths, // [B] optional
  int32_t precision, int32_t cell, int32_t gates, int32_t T, int32_t B, int32_t I, int32_t H, int32_t D, int32_t rows,
  double nscratch, double npacked);

/* ---- recurrent: one direction of one layer, with everything a layer may have ----------------------------------------
 * rnn_forward's layer where `features` is 0, and computed by the same code. R: the size of h, H unless there is a projection.
 * In the order of the step, with old states h [R] and c [H]:
 *
 *   gx = N(W_ih x, ln_ih) + b_ih          gh = N(W_hh (drop*h), ln_hh) + b_hh         * is elementwise
 *   c' = cell(gx, gh, h, c, w_unit), clamped    m = cell's output of N(c', ln_c) + ln_c_bias
 *   h' = W_hr m, or m                     h  = h + k_h*(h' - h)       c = c + k_c*(c' - c)
 *
 *   N(v, gain)  gain * (v - mean v) / sqrt(var v + eps) with U_NORM, over all gates*H numbers of a row at once; else v. c is
 *               normalised in a cell that has one only. Where the cell has a second product (the last gates multiply u = r*h or
 *               f*h), the numbers of each product are normalised apart, and drop masks the h inside u.
 *   k           zoneout (Krueger et al. 2016): zone_h, zone_c at this time and row (1: the new value, 0: the old one stays), or
 *               where they are null 1 - rate. m is computed from the c' that zoneout has not touched.
 *   w_unit      LSTM: the peepholes of i, f (they see the old c) and o (sees c'), in this order; coupled: of i and o.
 *               U_IND_RNN: u [H], in place of W_hh: gh = u*(drop*h) + b_hh.
 *   projection  in a cell that has a c only (U_ERR_KIND).
 * Sources: peepholes Gers & Schmidhuber 2000; coupled Greff et al. 2015; projection Sak et al. 2014; normalisation Ba et al.
 * 2016; recurrent dropout Gal & Ghahramani 2016; MGU Zhou et al. 2016; IndRNN Li et al. 2018.
 *
 * ids       with U_ONE_HOT, in place of x, which is null then: x[t,b] is 1 at ids[t,b], 0 elsewhere, so that W_ih x is a column of
 *           W_ih. No multiplication, and no gradient of x. U_ERR_INDEX if an id at a valid step is outside 0..I-1.
 * reverse: each row is read from its own last valid step back to its first. keep: 0, or n > 0: `saved` keeps only the states
 * before every n-th step of the row, and backward computes the steps in between once more. */

/* sizes = floats needed: { packed, saved, scratch of a training forward, scratch of an inference forward, scratch of backward }. */
U_KERNEL(rnn_general_sizes)(u_ctx* ctx,
  double* sizes,        // [5]
  int32_t cell, int32_t features, int32_t T, int32_t B, int32_t I, int32_t H, int32_t R, int32_t rows, int32_t keep);

/* Lays the weights out for rnn_general_forward's `packed`. */
U_KERNEL(rnn_general_pack)(u_ctx* ctx,
  float* packed,        // [npacked]
  const float* w_ih,    // [gates*H,I]
  const float* w_hh,    // [gates*H,R] optional: null in U_IND_RNN
  const float* b_ih,    // [gates*H] optional
  const float* b_hh,    // [gates*H] optional
  const float* w_hr,    // [R,H] optional
  int32_t cell, int32_t gates, int32_t features, int32_t I, int32_t H, int32_t R, double npacked);

/* saved null: inference. packed null: the weights are packed into scratch for this call. */
U_KERNEL(rnn_general_forward)(u_ctx* ctx,
  float* y,             // [T,B,width] inout: columns column..column+R-1 overwritten, 0 at padding; the others left alone
  float* hn,            // [B,R]
  float* cn,            // [B,H] out optional
  float* saved,         // [nsaved] saved optional
  float* scratch,       // [nscratch] scratch
  const float* packed,  // [npacked] optional
  const float* x,       // [T,B,I] optional
  const int32_t* ids,   // [T,B] optional: with U_ONE_HOT
  const float* h0,      // [B,R] optional
  const float* c0,      // [B,H] optional
  const float* w_ih,    // [gates*H,I]
  const float* w_hh,    // [gates*H,R] optional
  const float* b_ih,    // [gates*H] optional
  const float* b_hh,    // [gates*H] optional
  const float* w_hr,    // [R,H] optional
  const float* w_unit,  // [units*H] optional
  const float* ln_ih,   // [gates*H] optional
  const float* ln_hh,   // [gates*H] optional: null in U_IND_RNN
  const float* ln_c,    // [H] optional
  const float* ln_c_bias, // [H] optional
  const float* drop,    // [B,R] optional: 0, or 1 / (1 - rate)
  const float* zone_h,  // [T,B,R] optional
  const float* zone_c,  // [T,B,H] optional
  const int32_t* lengths, // [B] optional
  const double* options, // [13]: u_option
  int32_t cell, int32_t gates, int32_t units, int32_t features, int32_t T, int32_t B, int32_t I, int32_t H, int32_t R,
  int32_t rows, int32_t reverse, int32_t width, int32_t column, int32_t keep,
  double nsaved, double nscratch, double npacked);

/* forward was: rnn_general_forward with the same arguments. dh0, dc0 are overwritten; dx, weight and bias gradients accumulate.
 * dy, dhn, dcn null: zero. saved is left as it is.
 * steps: for each time and row, 0 at padding: { |dL/dh|^2, |dL/dc|^2, then for each gate its mean over the units, and the
 * fractions of them that are low and high }: below 0.1 and above 0.9, of a candidate (and the h of the RNNs) below -0.9 and above
 * 0.9. dL/dh: the whole gradient of the state h that the step left, dy included. dL/dc: that of its c', what comes through h' too.
 * contributions: for each step s that rows take { |.|^2 of what it adds to dw_ih, to dw_hh (of U_IND_RNN: to dw_unit), to db_hh },
 * Frobenius, over the whole batch; at index s, with reverse at T-1-s: its time, in rows of T steps. Not with U_ONE_HOT (U_ERR_KIND). */
U_KERNEL(rnn_general_backward)(u_ctx* ctx,
  float* dx,            // [T,B,I] accumulated optional
  float* dh0,           // [B,R] out optional
  float* dc0,           // [B,H] out optional
  float* dw_ih,         // [gates*H,I] accumulated optional
  float* dw_hh,         // [gates*H,R] accumulated optional
  float* db_ih,         // [gates*H] accumulated optional
  float* db_hh,         // [gates*H] accumulated optional
  float* dw_hr,         // [R,H] accumulated optional
  float* dw_unit,       // [units*H] accumulated optional
  float* dln_ih,        // [gates*H] accumulated optional
  float* dln_hh,        // [gates*H] accumulated optional
  float* dln_c,         // [H] accumulated optional
  float* dln_c_bias,    // [H] accumulated optional
  float* steps,         // [T,B,nsteps] out optional
  double* contributions, // [T,3] out optional
  const float* dy,      // [T,B,width] optional
  const float* dhn,     // [B,R] optional
  const float* dcn,     // [B,H] optional
  const float* x,       // [T,B,I] optional
  const int32_t* ids,   // [T,B] optional: with U_ONE_HOT
  const float* w_ih,    // [gates*H,I]
  const float* w_hh,    // [gates*H,R] optional
  const float* b_ih,    // [gates*H] optional
  const float* b_hh,    // [gates*H] optional
  const float* w_hr,    // [R,H] optional
  const float* w_unit,  // [units*H] optional
  const float* ln_ih,   // [gates*H] optional
  const float* ln_hh,   // [gates*H] optional
  const float* ln_c,    // [H] optional
  const float* ln_c_bias, // [H] optional
  const float* drop,    // [B,R] optional
  const float* zone_h,  // [T,B,R] optional
  const float* zone_c,  // [T,B,H] optional
  const int32_t* lengths, // [B] optional
  const double* options, // [13]
  const float* saved,   // [nsaved] saved
  float* scratch,       // [nscratch] scratch
  int32_t cell, int32_t gates, int32_t units, int32_t features, int32_t T, int32_t B, int32_t I, int32_t H, int32_t R,
  int32_t rows, int32_t reverse, int32_t width, int32_t column, int32_t keep, int32_t nsteps,
  double nsaved, double nscratch);

/* ---- probes ------------------------------------------------------------------------------------------------------ */

/* Runs `rounds` rounds of independent multiply-adds in registers on one thread; flops = how many operations that was.
 * The caller times the call: that is the peak the benchmark draws. */
U_KERNEL(fma_peak)(u_ctx* ctx,
  double* flops,        // [1]
  int32_t rounds);

#endif /* U_KERNEL */
