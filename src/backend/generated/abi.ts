// Generated from native/abi.h by native/generate.mjs. Do not edit: run `npm run generate`.
// The kernels as TypeScript sees them: enumerations, one typed method a kernel, and the checks of every argument.
import { refuse, statusError } from '../binding.js';
import type { Doubles, Element, Floats, Ints, Storage } from '../types.js';

export const ABI_VERSION = 4;

export const Status = { ok: 0, size: 1, index: 2, lengths: 3, kind: 4, workspace: 5, null: 6 } as const;
export type Status = (typeof Status)[keyof typeof Status];

export const Activation = { tanh: 0, sigmoid: 1, relu: 2, exp: 3, log: 4, sqrt: 5, abs: 6 } as const;
export type Activation = (typeof Activation)[keyof typeof Activation];

export const Binary = { add: 0, sub: 1, mul: 2, div: 3 } as const;
export type Binary = (typeof Binary)[keyof typeof Binary];

export const Reduction = { none: 0, mean: 1, sum: 2 } as const;
export type Reduction = (typeof Reduction)[keyof typeof Reduction];

export const Regression = { mse: 0, mae: 1, huber: 2 } as const;
export type Regression = (typeof Regression)[keyof typeof Regression];

export const Cell = { rnnTanh: 0, rnnRelu: 1, lstm: 2, gru: 3, gruResetBefore: 4, lstmCoupled: 5, mgu: 6,
    indRnn: 7 } as const;
export type Cell = (typeof Cell)[keyof typeof Cell];

export const Feature = { projection: 1, unit: 2, norm: 4, drop: 8, zoneout: 16, pointwise: 32, oneHot: 64 } as const;
export type Feature = (typeof Feature)[keyof typeof Feature];

export const CellActivation = { cellOwn: 0, cellSigmoid: 1, cellTanh: 2, cellRelu: 3, cellHardSigmoid: 4, cellAffine: 5,
    cellLeakyRelu: 6, cellThresholdedRelu: 7, cellScaledTanh: 8, cellElu: 9, cellSoftsign: 10,
    cellSoftplus: 11 } as const;
export type CellActivation = (typeof CellActivation)[keyof typeof CellActivation];

export const Option = { gateKind: 0, gateA: 1, gateB: 2, candidateKind: 3, candidateA: 4, candidateB: 5, outputKind: 6,
    outputA: 7, outputB: 8, cellClip: 9, zoneoutH: 10, zoneoutC: 11, normEps: 12 } as const;
export type Option = (typeof Option)[keyof typeof Option];

export const Precision = { int8: 0, bf16: 1 } as const;
export type Precision = (typeof Precision)[keyof typeof Precision];

/** Every kernel of native/abi.h, with checked arguments. A failed check or status throws a typed error naming the kernel. */
export interface Kernels {
  /**
   * y = value
   */
  fill(y: Floats, n: number, value: number): void;
  /**
   * y += alpha x
   */
  axpy(y: Floats, x: Floats, n: number, alpha: number): void;
  /**
   * y = alpha x + beta. y may be x.
   */
  affine(y: Floats, x: Floats, n: number, alpha: number, beta: number): void;
  /**
   * y = min(max(x, low), high); NaN stays NaN. y may be x.
   */
  clamp(y: Floats, x: Floats, n: number, low: number, high: number): void;
  /**
   * y = a op b, op of u_binary.
   */
  binary_forward(y: Floats, a: Floats, b: Floats, n: number, op: number): void;
  /**
   * forward was: y = a op b.  add: da = dy, db = dy.  sub: db = -dy.  mul: da = dy b, db = dy a.
   * div: da = dy / b, db = -dy a / b^2.
   */
  binary_backward(da: Floats | null, db: Floats | null, dy: Floats, a: Floats, b: Floats, n: number, op: number): void;
  /**
   * y = f(x), f of u_activation. tanh and sigmoid: max error 4 ulp on all finite inputs, saturating, NaN in gives NaN out;
   * exp: 2 ulp where the result is normal, 0 below, inf above.
   */
  activation_forward(y: Floats, x: Floats, n: number, kind: number): void;
  /**
   * forward was: y = f(x).  tanh: dx = dy (1 - y^2).  sigmoid: dx = dy y (1 - y).  relu: dx = dy where x > 0, else 0.
   * exp: dy y.  log: dy / x.  sqrt: dy / (2 y).  abs: dy sign(x), 0 at 0.
   */
  activation_backward(dx: Floats, dy: Floats, x: Floats, y: Floats, n: number, kind: number): void;
  /**
   * y = x mask, mask = 0 with probability p, else 1 / (1 - p). Element k draws from Philox4x32-10 with
   * key (seed_lo, seed_hi), counter (k / 4, 0, 0, 0), word k % 4: dropped if word < p 2^32. The same bits on every backend.
   */
  dropout_forward(y: Floats, mask: Floats, x: Floats, n: number, p: number, seed_lo: number, seed_hi: number): void;
  /**
   * y[o,m,i] = x[o,i]: broadcasting of one group of axes.
   */
  expand(y: Floats, x: Floats, outer: number, mid: number, inner: number): void;
  /**
   * y[o,i] = scale * sum over m of x[o,m,i]. Adjoint of expand. Summed in lanes, then pairwise: error grows with log(mid).
   */
  reduce_sum(y: Floats, x: Floats, outer: number, mid: number, inner: number, scale: number): void;
  /**
   * y[o,b,m,a,i] = x[o,a,m,b,i]: swaps two axes.
   */
  transpose(y: Floats, x: Floats, outer: number, a: number, mid: number, b: number, inner: number): void;
  /**
   * y[o,k,i] = x[o,start+k,i]
   */
  slice_forward(y: Floats, x: Floats, outer: number, n: number, inner: number, start: number, count: number): void;
  /**
   * forward was: y[o,k,i] = x[o,start+k,i].  dx[o,start+k,i] += dy[o,k,i]
   */
  slice_backward(dx: Floats, dy: Floats, outer: number, n: number, inner: number, start: number, count: number): void;
  /**
   * y[o,start+k,i] = x[o,k,i], the rest of y untouched: one part of a concatenation.
   */
  place(y: Floats, x: Floats, outer: number, n: number, inner: number, start: number, count: number): void;
  /**
   * y[o,k,i] = x[o,index[o,k,i],i]. U_ERR_INDEX if an index is outside 0..n-1.
   */
  gather_forward(y: Floats, x: Floats, index: Ints, outer: number, n: number, m: number, inner: number): void;
  /**
   * forward was: y[o,k,i] = x[o,index[o,k,i],i].  dx[o,index[o,k,i],i] += dy[o,k,i]
   */
  gather_backward(dx: Floats, dy: Floats, index: Ints, outer: number, n: number, m: number, inner: number): void;
  /**
   * y[p] = a[p] b[p] for each of P matrices.
   */
  matmul_forward(y: Floats, a: Floats, b: Floats, P: number, M: number, N: number, K: number): void;
  /**
   * forward was: y = a b.  da = dy b^T, db = a^T dy
   */
  matmul_backward(da: Floats | null, db: Floats | null, dy: Floats, a: Floats, b: Floats, P: number, M: number,
      N: number, K: number): void;
  /**
   * y = x w^T + b
   */
  linear_forward(y: Floats, x: Floats, w: Floats, b: Floats | null, N: number, I: number, O: number): void;
  /**
   * forward was: y = x w^T + b.  dx = dy w, dw += dy^T x, db += column sums of dy
   */
  linear_backward(dx: Floats | null, dw: Floats | null, db: Floats | null, dy: Floats, x: Floats, w: Floats, N: number,
      I: number, O: number): void;
  /**
   * y = exp(x - max x) / sum, each row apart.
   */
  softmax_forward(y: Floats, x: Floats, N: number, C: number): void;
  /**
   * forward was: y = softmax(x).  dx = y (dy - sum(dy y))
   */
  softmax_backward(dx: Floats, dy: Floats, y: Floats, N: number, C: number): void;
  /**
   * y = x - max x - log(sum(exp(x - max x))), each row apart.
   */
  log_softmax_forward(y: Floats, x: Floats, N: number, C: number): void;
  /**
   * forward was: y = log softmax(x).  dx = dy - exp(y) sum(dy)
   */
  log_softmax_backward(dx: Floats, dy: Floats, y: Floats, N: number, C: number): void;
  /**
   * y = gamma (x - mean) rstd + beta, each row apart, rstd = 1 / sqrt(var + eps), var without Bessel's correction.
   */
  layer_norm_forward(y: Floats, mean: Floats, rstd: Floats, x: Floats, gamma: Floats | null, beta: Floats | null,
      N: number, C: number, eps: number): void;
  /**
   * forward was: xhat = (x - mean) rstd, y = gamma xhat + beta.  g = dy gamma:
   * dx = rstd (g - mean(g) - xhat mean(g xhat)), dgamma += sum(dy xhat), dbeta += sum(dy)
   */
  layer_norm_backward(dx: Floats | null, dgamma: Floats | null, dbeta: Floats | null, dy: Floats, x: Floats,
      mean: Floats, rstd: Floats, gamma: Floats | null, N: number, C: number): void;
  /**
   * y[k] = w[index[k]]. U_ERR_INDEX if an index is outside 0..V-1.
   */
  embedding_forward(y: Floats, w: Floats, index: Ints, N: number, V: number, E: number): void;
  /**
   * forward was: y[k] = w[index[k]].  dw[index[k]] += dy[k], except where index[k] = padding_idx (-1: none).
   */
  embedding_backward(dw: Floats, dy: Floats, index: Ints, N: number, V: number, E: number, padding_idx: number): void;
  /**
   * Row loss: -(1 - s) w[t] logp[t] - s / C sum_c w[c] logp[c], t = target, s = label smoothing, w = class weights;
   * 0 where t = ignore_index. mean divides by the sum of w[t] over the rows not ignored (0/0 gives NaN, as PyTorch).
   * U_ERR_INDEX if a target is neither in 0..C-1 nor ignore_index.
   */
  cross_entropy_forward(loss: Floats, logp: Floats, denominator: Floats, logits: Floats, target: Ints,
      weight: Floats | null, N: number, C: number, L: number, ignore_index: number, label_smoothing: number,
      reduction: number): void;
  /**
   * forward was: see cross_entropy_forward.  With q[c] = w[t] (1 - s) [c = t] + w[c] s / C, Q = sum q:
   * dlogits[c] = dloss / denominator * (Q exp(logp[c]) - q[c]), 0 for ignored rows.
   */
  cross_entropy_backward(dlogits: Floats, dloss: Floats, logp: Floats, denominator: Floats, target: Ints,
      weight: Floats | null, N: number, C: number, L: number, ignore_index: number, label_smoothing: number,
      reduction: number): void;
  /**
   * loss = w (max(x,0) - x t + log(1 + exp(-|x|))) without pos_weight p; with it:
   * w ((1 - t) x + (1 + (p - 1) t) (log(1 + exp(-|x|)) + max(-x, 0))). mean divides by n.
   */
  bce_with_logits_forward(loss: Floats, x: Floats, t: Floats, weight: Floats | null, pos_weight: Floats | null,
      n: number, L: number, reduction: number): void;
  /**
   * forward was: see bce_with_logits_forward.  dx = dloss/denominator w ((1 - t) - (1 + (p - 1) t) (1 - sigmoid(x)))
   */
  bce_with_logits_backward(dx: Floats, dloss: Floats, x: Floats, t: Floats, weight: Floats | null,
      pos_weight: Floats | null, n: number, L: number, reduction: number): void;
  /**
   * Connectionist temporal classification: -log of the probability that a net which says one of C classes at each step says the
   * target, where repetitions of a class count once and `blank` counts for nothing. Row b has input_lengths[b] steps and the
   * target l of U = target_lengths[b] classes. The target with blanks around each, l'[2u] = blank, l'[2u+1] = l[u], has 2U + 1
   * states; a path begins in state 0 or 1, ends in one of the last two, and from one step to the next stays, moves on by one
   * state, or by two to a class that is not the one before it. Of the paths that are in state s at step t:
   * alpha[t,s]  log probability of what they say up to and including t, less the largest of the step; -inf where there is none
   * rest[t,s]   log probability of what they say after t
   * mean divides each row by max(1, U), then takes the mean of the rows; zero_infinity replaces an infinite loss (a target that
   * does not fit into the steps) by 0. U_ERR_LENGTHS for lengths outside 0..T or 0..S; U_ERR_INDEX for a blank outside 0..C-1, or
   * a class of a target that is, or is blank. Targets past their length are not read.  Graves et al. 2006.
   */
  ctc_loss_forward(loss: Floats, logp: Floats, alpha: Floats, nll: Floats, scratch: Floats, logits: Floats,
      targets: Ints, input_lengths: Ints, target_lengths: Ints, T: number, B: number, C: number, S: number, L: number,
      blank: number, reduction: number, zero_infinity: number): void;
  /**
   * forward was: see ctc_loss_forward.  gamma[t,s] = exp(alpha[t,s] + rest[t,s]), divided by their sum over s:
   * dlogits[t,c] = dloss (over max(1, U) B for mean) (exp(logp[t,c]) - sum of gamma[t,s] over s with l'[s] = c); 0 from
   * input_lengths[b] on. Rows of infinite loss: 0 with zero_infinity, else NaN, as PyTorch.
   */
  ctc_loss_backward(dlogits: Floats, scratch: Floats, dloss: Floats, logp: Floats, alpha: Floats, nll: Floats,
      targets: Ints, input_lengths: Ints, target_lengths: Ints, T: number, B: number, C: number, S: number, L: number,
      blank: number, reduction: number, zero_infinity: number): void;
  /**
   * d = x - t.  mse: d^2.  mae: |d|.  huber: d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2). mean divides by n.
   */
  regression_loss_forward(loss: Floats, x: Floats, t: Floats, n: number, L: number, reduction: number, kind: number,
      delta: number): void;
  /**
   * forward was: see regression_loss_forward.  dx = dloss/denominator loss'(d), dt = -dx
   */
  regression_loss_backward(dx: Floats | null, dt: Floats | null, dloss: Floats, x: Floats, t: Floats, n: number,
      L: number, reduction: number, kind: number, delta: number): void;
  /**
   * out = sum of squares, in double.
   */
  sum_squares(out: Doubles, x: Floats, n: number): void;
  /**
   * g += weight_decay p; with momentum: buf = first ? g : momentum buf + (1 - dampening) g; g = nesterov ? g + momentum buf : buf;
   * p -= lr g
   */
  sgd_update(p: Floats, buf: Floats | null, g: Floats, n: number, lr: number, momentum: number, dampening: number,
      nesterov: number, weight_decay: number, first: number): void;
  /**
   * decoupled: p *= 1 - lr weight_decay, else g += weight_decay p.  m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;
   * vhat = vmax ? (vmax = max(vmax, v)) : v;
   * p -= lr / (1 - b1^step) m / (sqrt(vhat) / sqrt(1 - b2^step) + eps)
   */
  adam_update(p: Floats, m: Floats, v: Floats, vmax: Floats | null, g: Floats, n: number, lr: number, beta1: number,
      beta2: number, eps: number, weight_decay: number, decoupled: number, step: number): void;
  /**
   * g += weight_decay p;  sq = alpha sq + (1-alpha) g^2;  centered (gavg given): gavg = alpha gavg + (1-alpha) g,
   * d = sqrt(sq - gavg^2) + eps, else d = sqrt(sq) + eps;  momentum (buf given): buf = momentum buf + g / d, p -= lr buf;
   * else p -= lr g / d
   */
  rmsprop_update(p: Floats, sq: Floats, buf: Floats | null, gavg: Floats | null, g: Floats, n: number, lr: number,
      alpha: number, eps: number, weight_decay: number, momentum: number): void;
  /**
   * g += weight_decay p;  sum += g^2;  p -= lr g / (sqrt(sum) + eps). Learning-rate decay is the caller's.
   */
  adagrad_update(p: Floats, sum: Floats, g: Floats, n: number, lr: number, eps: number, weight_decay: number): void;
  /**
   * sizes = floats needed: { packed, saved, scratch of a training forward, scratch of an inference forward, scratch of backward }.
   */
  rnn_sizes(sizes: Doubles, cell: number, T: number, B: number, I: number, H: number, D: number, rows: number): void;
  /**
   * Lays the weights out for rnn_forward's `packed`. The layout belongs to one instruction set and may change with any version.
   */
  rnn_pack(packed: Floats, w_ih: Floats, w_hh: Floats, b_ih: Floats | null, b_hh: Floats | null, w_ih_r: Floats | null,
      w_hh_r: Floats | null, b_ih_r: Floats | null, b_hh_r: Floats | null, cell: number, gates: number, I: number,
      H: number, D: number, npacked: number): void;
  /**
   * saved null: inference, nothing is kept. packed null: the weights are packed into scratch for this call.
   */
  rnn_forward(y: Floats, hn: Floats, cn: Floats | null, saved: Floats | null, scratch: Floats, packed: Floats | null,
      x: Floats, h0: Floats | null, c0: Floats | null, w_ih: Floats, w_hh: Floats, b_ih: Floats | null,
      b_hh: Floats | null, w_ih_r: Floats | null, w_hh_r: Floats | null, b_ih_r: Floats | null, b_hh_r: Floats | null,
      lengths: Ints | null, cell: number, gates: number, T: number, B: number, I: number, H: number, D: number,
      rows: number, nsaved: number, nscratch: number, npacked: number): void;
  /**
   * forward was: rnn_forward with the same arguments. dx, dh0, dc0 are overwritten (dx at padding is 0), weight and bias
   * gradients accumulate. dy, dhn, dcn null: zero. saved is left as it is: backward may run twice.
   */
  rnn_backward(dx: Floats | null, dh0: Floats | null, dc0: Floats | null, dw_ih: Floats | null, dw_hh: Floats | null,
      db_ih: Floats | null, db_hh: Floats | null, dw_ih_r: Floats | null, dw_hh_r: Floats | null,
      db_ih_r: Floats | null, db_hh_r: Floats | null, dy: Floats | null, dhn: Floats | null, dcn: Floats | null,
      x: Floats, h0: Floats | null, c0: Floats | null, w_ih: Floats, w_hh: Floats, b_ih: Floats | null,
      b_hh: Floats | null, w_ih_r: Floats | null, w_hh_r: Floats | null, b_ih_r: Floats | null, b_hh_r: Floats | null,
      lengths: Ints | null, saved: Floats, scratch: Floats, cell: number, gates: number, T: number, B: number,
      I: number, H: number, D: number, rows: number, nsaved: number, nscratch: number): void;
  /**
   * sizes = floats needed: { packed, scratch }.
   */
  rnn_quantized_sizes(sizes: Doubles, precision: number, cell: number, T: number, B: number, I: number, H: number,
      D: number, rows: number): void;
  /**
   * Quantises the weights and lays them and the biases out for rnn_quantized_forward, in a layout of the instruction set's.
   * error = the largest |w - what it became| over w_ih and w_hh; NaN and infinities aside.
   */
  rnn_quantize(packed: Floats, error: Doubles, w_ih: Floats, w_hh: Floats, b_ih: Floats | null, b_hh: Floats | null,
      w_ih_r: Floats | null, w_hh_r: Floats | null, b_ih_r: Floats | null, b_hh_r: Floats | null, precision: number,
      cell: number, gates: number, I: number, H: number, D: number, npacked: number): void;
  /**
   * As rnn_forward without `saved`, from what rnn_quantize wrote for the same precision and sizes.
   */
  rnn_quantized_forward(y: Floats, hn: Floats, cn: Floats | null, scratch: Floats, packed: Floats, x: Floats,
      h0: Floats | null, c0: Floats | null, lengths: Ints | null, precision: number, cell: number, gates: number,
      T: number, B: number, I: number, H: number, D: number, rows: number, nscratch: number, npacked: number): void;
  /**
   * sizes = floats needed: { packed, saved, scratch of a training forward, scratch of an inference forward, scratch of backward }.
   */
  rnn_general_sizes(sizes: Doubles, cell: number, features: number, T: number, B: number, I: number, H: number,
      R: number, rows: number, keep: number): void;
  /**
   * Lays the weights out for rnn_general_forward's `packed`.
   */
  rnn_general_pack(packed: Floats, w_ih: Floats, w_hh: Floats | null, b_ih: Floats | null, b_hh: Floats | null,
      w_hr: Floats | null, cell: number, gates: number, features: number, I: number, H: number, R: number,
      npacked: number): void;
  /**
   * saved null: inference. packed null: the weights are packed into scratch for this call.
   */
  rnn_general_forward(y: Floats, hn: Floats, cn: Floats | null, saved: Floats | null, scratch: Floats,
      packed: Floats | null, x: Floats | null, ids: Ints | null, h0: Floats | null, c0: Floats | null, w_ih: Floats,
      w_hh: Floats | null, b_ih: Floats | null, b_hh: Floats | null, w_hr: Floats | null, w_unit: Floats | null,
      ln_ih: Floats | null, ln_hh: Floats | null, ln_c: Floats | null, ln_c_bias: Floats | null, drop: Floats | null,
      zone_h: Floats | null, zone_c: Floats | null, lengths: Ints | null, options: Doubles, cell: number, gates: number,
      units: number, features: number, T: number, B: number, I: number, H: number, R: number, rows: number,
      reverse: number, width: number, column: number, keep: number, nsaved: number, nscratch: number,
      npacked: number): void;
  /**
   * forward was: rnn_general_forward with the same arguments. dh0, dc0 are overwritten; dx, weight and bias gradients accumulate.
   * dy, dhn, dcn null: zero. saved is left as it is.
   * steps: for each time and row, 0 at padding: { |dL/dh|^2, |dL/dc|^2, then for each gate its mean over the units, and the
   * fractions of them that are low and high }: below 0.1 and above 0.9, of a candidate (and the h of the RNNs) below -0.9 and above
   * 0.9. dL/dh: the whole gradient of the state h that the step left, dy included. dL/dc: that of its c', what comes through h' too.
   * contributions: for each step s that rows take { |.|^2 of what it adds to dw_ih, to dw_hh (of U_IND_RNN: to dw_unit), to db_hh },
   * Frobenius, over the whole batch; at index s, with reverse at T-1-s: its time, in rows of T steps. Not with U_ONE_HOT (U_ERR_KIND).
   */
  rnn_general_backward(dx: Floats | null, dh0: Floats | null, dc0: Floats | null, dw_ih: Floats | null,
      dw_hh: Floats | null, db_ih: Floats | null, db_hh: Floats | null, dw_hr: Floats | null, dw_unit: Floats | null,
      dln_ih: Floats | null, dln_hh: Floats | null, dln_c: Floats | null, dln_c_bias: Floats | null,
      steps: Floats | null, contributions: Doubles | null, dy: Floats | null, dhn: Floats | null, dcn: Floats | null,
      x: Floats | null, ids: Ints | null, w_ih: Floats, w_hh: Floats | null, b_ih: Floats | null, b_hh: Floats | null,
      w_hr: Floats | null, w_unit: Floats | null, ln_ih: Floats | null, ln_hh: Floats | null, ln_c: Floats | null,
      ln_c_bias: Floats | null, drop: Floats | null, zone_h: Floats | null, zone_c: Floats | null, lengths: Ints | null,
      options: Doubles, saved: Floats, scratch: Floats, cell: number, gates: number, units: number, features: number,
      T: number, B: number, I: number, H: number, R: number, rows: number, reverse: number, width: number,
      column: number, keep: number, nsteps: number, nsaved: number, nscratch: number): void;
  /**
   * Runs `rounds` rounds of independent multiply-adds in registers on one thread; flops = how many operations that was.
   * The caller times the call: that is the peak the benchmark draws.
   */
  fma_peak(flops: Doubles, rounds: number): void;
}
export type KernelName = keyof Kernels;

/** The kernels as a backend exposes them: addresses and scalars in, a status out, nothing checked. */
export interface RawKernels {
  u_fill(ctx: number, y: number, n: number, value: number): number;
  u_axpy(ctx: number, y: number, x: number, n: number, alpha: number): number;
  u_affine(ctx: number, y: number, x: number, n: number, alpha: number, beta: number): number;
  u_clamp(ctx: number, y: number, x: number, n: number, low: number, high: number): number;
  u_binary_forward(ctx: number, y: number, a: number, b: number, n: number, op: number): number;
  u_binary_backward(ctx: number, da: number, db: number, dy: number, a: number, b: number, n: number,
      op: number): number;
  u_activation_forward(ctx: number, y: number, x: number, n: number, kind: number): number;
  u_activation_backward(ctx: number, dx: number, dy: number, x: number, y: number, n: number, kind: number): number;
  u_dropout_forward(ctx: number, y: number, mask: number, x: number, n: number, p: number, seed_lo: number,
      seed_hi: number): number;
  u_expand(ctx: number, y: number, x: number, outer: number, mid: number, inner: number): number;
  u_reduce_sum(ctx: number, y: number, x: number, outer: number, mid: number, inner: number, scale: number): number;
  u_transpose(ctx: number, y: number, x: number, outer: number, a: number, mid: number, b: number,
      inner: number): number;
  u_slice_forward(ctx: number, y: number, x: number, outer: number, n: number, inner: number, start: number,
      count: number): number;
  u_slice_backward(ctx: number, dx: number, dy: number, outer: number, n: number, inner: number, start: number,
      count: number): number;
  u_place(ctx: number, y: number, x: number, outer: number, n: number, inner: number, start: number,
      count: number): number;
  u_gather_forward(ctx: number, y: number, x: number, index: number, outer: number, n: number, m: number,
      inner: number): number;
  u_gather_backward(ctx: number, dx: number, dy: number, index: number, outer: number, n: number, m: number,
      inner: number): number;
  u_matmul_forward(ctx: number, y: number, a: number, b: number, P: number, M: number, N: number, K: number): number;
  u_matmul_backward(ctx: number, da: number, db: number, dy: number, a: number, b: number, P: number, M: number,
      N: number, K: number): number;
  u_linear_forward(ctx: number, y: number, x: number, w: number, b: number, N: number, I: number, O: number): number;
  u_linear_backward(ctx: number, dx: number, dw: number, db: number, dy: number, x: number, w: number, N: number,
      I: number, O: number): number;
  u_softmax_forward(ctx: number, y: number, x: number, N: number, C: number): number;
  u_softmax_backward(ctx: number, dx: number, dy: number, y: number, N: number, C: number): number;
  u_log_softmax_forward(ctx: number, y: number, x: number, N: number, C: number): number;
  u_log_softmax_backward(ctx: number, dx: number, dy: number, y: number, N: number, C: number): number;
  u_layer_norm_forward(ctx: number, y: number, mean: number, rstd: number, x: number, gamma: number, beta: number,
      N: number, C: number, eps: number): number;
  u_layer_norm_backward(ctx: number, dx: number, dgamma: number, dbeta: number, dy: number, x: number, mean: number,
      rstd: number, gamma: number, N: number, C: number): number;
  u_embedding_forward(ctx: number, y: number, w: number, index: number, N: number, V: number, E: number): number;
  u_embedding_backward(ctx: number, dw: number, dy: number, index: number, N: number, V: number, E: number,
      padding_idx: number): number;
  u_cross_entropy_forward(ctx: number, loss: number, logp: number, denominator: number, logits: number, target: number,
      weight: number, N: number, C: number, L: number, ignore_index: number, label_smoothing: number,
      reduction: number): number;
  u_cross_entropy_backward(ctx: number, dlogits: number, dloss: number, logp: number, denominator: number,
      target: number, weight: number, N: number, C: number, L: number, ignore_index: number, label_smoothing: number,
      reduction: number): number;
  u_bce_with_logits_forward(ctx: number, loss: number, x: number, t: number, weight: number, pos_weight: number,
      n: number, L: number, reduction: number): number;
  u_bce_with_logits_backward(ctx: number, dx: number, dloss: number, x: number, t: number, weight: number,
      pos_weight: number, n: number, L: number, reduction: number): number;
  u_ctc_loss_forward(ctx: number, loss: number, logp: number, alpha: number, nll: number, scratch: number,
      logits: number, targets: number, input_lengths: number, target_lengths: number, T: number, B: number, C: number,
      S: number, L: number, blank: number, reduction: number, zero_infinity: number): number;
  u_ctc_loss_backward(ctx: number, dlogits: number, scratch: number, dloss: number, logp: number, alpha: number,
      nll: number, targets: number, input_lengths: number, target_lengths: number, T: number, B: number, C: number,
      S: number, L: number, blank: number, reduction: number, zero_infinity: number): number;
  u_regression_loss_forward(ctx: number, loss: number, x: number, t: number, n: number, L: number, reduction: number,
      kind: number, delta: number): number;
  u_regression_loss_backward(ctx: number, dx: number, dt: number, dloss: number, x: number, t: number, n: number,
      L: number, reduction: number, kind: number, delta: number): number;
  u_sum_squares(ctx: number, out: number, x: number, n: number): number;
  u_sgd_update(ctx: number, p: number, buf: number, g: number, n: number, lr: number, momentum: number,
      dampening: number, nesterov: number, weight_decay: number, first: number): number;
  u_adam_update(ctx: number, p: number, m: number, v: number, vmax: number, g: number, n: number, lr: number,
      beta1: number, beta2: number, eps: number, weight_decay: number, decoupled: number, step: number): number;
  u_rmsprop_update(ctx: number, p: number, sq: number, buf: number, gavg: number, g: number, n: number, lr: number,
      alpha: number, eps: number, weight_decay: number, momentum: number): number;
  u_adagrad_update(ctx: number, p: number, sum: number, g: number, n: number, lr: number, eps: number,
      weight_decay: number): number;
  u_rnn_sizes(ctx: number, sizes: number, cell: number, T: number, B: number, I: number, H: number, D: number,
      rows: number): number;
  u_rnn_pack(ctx: number, packed: number, w_ih: number, w_hh: number, b_ih: number, b_hh: number, w_ih_r: number,
      w_hh_r: number, b_ih_r: number, b_hh_r: number, cell: number, gates: number, I: number, H: number, D: number,
      npacked: number): number;
  u_rnn_forward(ctx: number, y: number, hn: number, cn: number, saved: number, scratch: number, packed: number,
      x: number, h0: number, c0: number, w_ih: number, w_hh: number, b_ih: number, b_hh: number, w_ih_r: number,
      w_hh_r: number, b_ih_r: number, b_hh_r: number, lengths: number, cell: number, gates: number, T: number,
      B: number, I: number, H: number, D: number, rows: number, nsaved: number, nscratch: number,
      npacked: number): number;
  u_rnn_backward(ctx: number, dx: number, dh0: number, dc0: number, dw_ih: number, dw_hh: number, db_ih: number,
      db_hh: number, dw_ih_r: number, dw_hh_r: number, db_ih_r: number, db_hh_r: number, dy: number, dhn: number,
      dcn: number, x: number, h0: number, c0: number, w_ih: number, w_hh: number, b_ih: number, b_hh: number,
      w_ih_r: number, w_hh_r: number, b_ih_r: number, b_hh_r: number, lengths: number, saved: number, scratch: number,
      cell: number, gates: number, T: number, B: number, I: number, H: number, D: number, rows: number, nsaved: number,
      nscratch: number): number;
  u_rnn_quantized_sizes(ctx: number, sizes: number, precision: number, cell: number, T: number, B: number, I: number,
      H: number, D: number, rows: number): number;
  u_rnn_quantize(ctx: number, packed: number, error: number, w_ih: number, w_hh: number, b_ih: number, b_hh: number,
      w_ih_r: number, w_hh_r: number, b_ih_r: number, b_hh_r: number, precision: number, cell: number, gates: number,
      I: number, H: number, D: number, npacked: number): number;
  u_rnn_quantized_forward(ctx: number, y: number, hn: number, cn: number, scratch: number, packed: number, x: number,
      h0: number, c0: number, lengths: number, precision: number, cell: number, gates: number, T: number, B: number,
      I: number, H: number, D: number, rows: number, nscratch: number, npacked: number): number;
  u_rnn_general_sizes(ctx: number, sizes: number, cell: number, features: number, T: number, B: number, I: number,
      H: number, R: number, rows: number, keep: number): number;
  u_rnn_general_pack(ctx: number, packed: number, w_ih: number, w_hh: number, b_ih: number, b_hh: number, w_hr: number,
      cell: number, gates: number, features: number, I: number, H: number, R: number, npacked: number): number;
  u_rnn_general_forward(ctx: number, y: number, hn: number, cn: number, saved: number, scratch: number, packed: number,
      x: number, ids: number, h0: number, c0: number, w_ih: number, w_hh: number, b_ih: number, b_hh: number,
      w_hr: number, w_unit: number, ln_ih: number, ln_hh: number, ln_c: number, ln_c_bias: number, drop: number,
      zone_h: number, zone_c: number, lengths: number, options: number, cell: number, gates: number, units: number,
      features: number, T: number, B: number, I: number, H: number, R: number, rows: number, reverse: number,
      width: number, column: number, keep: number, nsaved: number, nscratch: number, npacked: number): number;
  u_rnn_general_backward(ctx: number, dx: number, dh0: number, dc0: number, dw_ih: number, dw_hh: number, db_ih: number,
      db_hh: number, dw_hr: number, dw_unit: number, dln_ih: number, dln_hh: number, dln_c: number, dln_c_bias: number,
      steps: number, contributions: number, dy: number, dhn: number, dcn: number, x: number, ids: number, w_ih: number,
      w_hh: number, b_ih: number, b_hh: number, w_hr: number, w_unit: number, ln_ih: number, ln_hh: number,
      ln_c: number, ln_c_bias: number, drop: number, zone_h: number, zone_c: number, lengths: number, options: number,
      saved: number, scratch: number, cell: number, gates: number, units: number, features: number, T: number,
      B: number, I: number, H: number, R: number, rows: number, reverse: number, width: number, column: number,
      keep: number, nsteps: number, nsaved: number, nscratch: number): number;
  u_fma_peak(ctx: number, flops: number, rounds: number): number;
}

/** 'w': the kernel may write it, so a backend that works on a copy has to bring that back. */
export type Access = 'r' | 'w';

/** What bindKernels needs of a backend. */
export interface Binding {
  readonly ctx: number;
  readonly raw: RawKernels;
  /** The address of a storage during this one call; 0 for null. */
  enter(storage: Storage | null, access: Access): number;
  /** After every call, also a failed one. */
  leave(): void;
}

export type Role = 'in' | 'out' | 'inout' | 'accumulated' | 'saved' | 'scratch';
export type Argument =
  | { kind: 'buffer'; name: string; element: Element; dims: readonly string[]; role: Role; optional: boolean }
  /** A scalar that dims mention: a whole number from 0; up to 2^31 - 1, or 2^53 - 1 where `wide`. */
  | { kind: 'size'; name: string; wide: boolean }
  | { kind: 'int'; name: string }
  | { kind: 'number'; name: string };

const buffer = (name: string, element: Element, dims: string[], role: Role, optional = false): Argument => ({
  kind: 'buffer', name, element, dims, role, optional,
});
const size = (name: string, wide = false): Argument => ({ kind: 'size', name, wide });
const int = (name: string): Argument => ({ kind: 'int', name });
const number = (name: string): Argument => ({ kind: 'number', name });

/** The arguments of every kernel, in the order of native/abi.h: for messages, documentation and tests. */
export const kernelTable: Readonly<Record<KernelName, readonly Argument[]>> = {
  fill: [buffer('y', 'float', ['n'], 'out'), size('n'), number('value')],
  axpy: [buffer('y', 'float', ['n'], 'accumulated'), buffer('x', 'float', ['n'], 'in'), size('n'), number('alpha')],
  affine: [buffer('y', 'float', ['n'], 'out'), buffer('x', 'float', ['n'], 'in'), size('n'), number('alpha'),
      number('beta')],
  clamp: [buffer('y', 'float', ['n'], 'out'), buffer('x', 'float', ['n'], 'in'), size('n'), number('low'),
      number('high')],
  binary_forward: [buffer('y', 'float', ['n'], 'out'), buffer('a', 'float', ['n'], 'in'),
      buffer('b', 'float', ['n'], 'in'), size('n'), int('op')],
  binary_backward: [buffer('da', 'float', ['n'], 'out', true), buffer('db', 'float', ['n'], 'out', true),
      buffer('dy', 'float', ['n'], 'in'), buffer('a', 'float', ['n'], 'in'), buffer('b', 'float', ['n'], 'in'),
      size('n'), int('op')],
  activation_forward: [buffer('y', 'float', ['n'], 'out'), buffer('x', 'float', ['n'], 'in'), size('n'), int('kind')],
  activation_backward: [buffer('dx', 'float', ['n'], 'out'), buffer('dy', 'float', ['n'], 'in'),
      buffer('x', 'float', ['n'], 'in'), buffer('y', 'float', ['n'], 'in'), size('n'), int('kind')],
  dropout_forward: [buffer('y', 'float', ['n'], 'out'), buffer('mask', 'float', ['n'], 'saved'),
      buffer('x', 'float', ['n'], 'in'), size('n'), number('p'), int('seed_lo'), int('seed_hi')],
  expand: [buffer('y', 'float', ['outer', 'mid', 'inner'], 'out'), buffer('x', 'float', ['outer', 'inner'], 'in'),
      size('outer'), size('mid'), size('inner')],
  reduce_sum: [buffer('y', 'float', ['outer', 'inner'], 'out'), buffer('x', 'float', ['outer', 'mid', 'inner'], 'in'),
      size('outer'), size('mid'), size('inner'), number('scale')],
  transpose: [buffer('y', 'float', ['outer', 'b', 'mid', 'a', 'inner'], 'out'),
      buffer('x', 'float', ['outer', 'a', 'mid', 'b', 'inner'], 'in'), size('outer'), size('a'), size('mid'), size('b'),
      size('inner')],
  slice_forward: [buffer('y', 'float', ['outer', 'count', 'inner'], 'out'),
      buffer('x', 'float', ['outer', 'n', 'inner'], 'in'), size('outer'), size('n'), size('inner'), int('start'),
      size('count')],
  slice_backward: [buffer('dx', 'float', ['outer', 'n', 'inner'], 'accumulated'),
      buffer('dy', 'float', ['outer', 'count', 'inner'], 'in'), size('outer'), size('n'), size('inner'), int('start'),
      size('count')],
  place: [buffer('y', 'float', ['outer', 'n', 'inner'], 'inout'),
      buffer('x', 'float', ['outer', 'count', 'inner'], 'in'), size('outer'), size('n'), size('inner'), int('start'),
      size('count')],
  gather_forward: [buffer('y', 'float', ['outer', 'm', 'inner'], 'out'),
      buffer('x', 'float', ['outer', 'n', 'inner'], 'in'), buffer('index', 'int', ['outer', 'm', 'inner'], 'in'),
      size('outer'), size('n'), size('m'), size('inner')],
  gather_backward: [buffer('dx', 'float', ['outer', 'n', 'inner'], 'accumulated'),
      buffer('dy', 'float', ['outer', 'm', 'inner'], 'in'), buffer('index', 'int', ['outer', 'm', 'inner'], 'in'),
      size('outer'), size('n'), size('m'), size('inner')],
  matmul_forward: [buffer('y', 'float', ['P', 'M', 'N'], 'out'), buffer('a', 'float', ['P', 'M', 'K'], 'in'),
      buffer('b', 'float', ['P', 'K', 'N'], 'in'), size('P'), size('M'), size('N'), size('K')],
  matmul_backward: [buffer('da', 'float', ['P', 'M', 'K'], 'out', true),
      buffer('db', 'float', ['P', 'K', 'N'], 'out', true), buffer('dy', 'float', ['P', 'M', 'N'], 'in'),
      buffer('a', 'float', ['P', 'M', 'K'], 'in'), buffer('b', 'float', ['P', 'K', 'N'], 'in'), size('P'), size('M'),
      size('N'), size('K')],
  linear_forward: [buffer('y', 'float', ['N', 'O'], 'out'), buffer('x', 'float', ['N', 'I'], 'in'),
      buffer('w', 'float', ['O', 'I'], 'in'), buffer('b', 'float', ['O'], 'in', true), size('N'), size('I'), size('O')],
  linear_backward: [buffer('dx', 'float', ['N', 'I'], 'out', true),
      buffer('dw', 'float', ['O', 'I'], 'accumulated', true), buffer('db', 'float', ['O'], 'accumulated', true),
      buffer('dy', 'float', ['N', 'O'], 'in'), buffer('x', 'float', ['N', 'I'], 'in'),
      buffer('w', 'float', ['O', 'I'], 'in'), size('N'), size('I'), size('O')],
  softmax_forward: [buffer('y', 'float', ['N', 'C'], 'out'), buffer('x', 'float', ['N', 'C'], 'in'), size('N'),
      size('C')],
  softmax_backward: [buffer('dx', 'float', ['N', 'C'], 'out'), buffer('dy', 'float', ['N', 'C'], 'in'),
      buffer('y', 'float', ['N', 'C'], 'in'), size('N'), size('C')],
  log_softmax_forward: [buffer('y', 'float', ['N', 'C'], 'out'), buffer('x', 'float', ['N', 'C'], 'in'), size('N'),
      size('C')],
  log_softmax_backward: [buffer('dx', 'float', ['N', 'C'], 'out'), buffer('dy', 'float', ['N', 'C'], 'in'),
      buffer('y', 'float', ['N', 'C'], 'in'), size('N'), size('C')],
  layer_norm_forward: [buffer('y', 'float', ['N', 'C'], 'out'), buffer('mean', 'float', ['N'], 'saved'),
      buffer('rstd', 'float', ['N'], 'saved'), buffer('x', 'float', ['N', 'C'], 'in'),
      buffer('gamma', 'float', ['C'], 'in', true), buffer('beta', 'float', ['C'], 'in', true), size('N'), size('C'),
      number('eps')],
  layer_norm_backward: [buffer('dx', 'float', ['N', 'C'], 'out', true),
      buffer('dgamma', 'float', ['C'], 'accumulated', true), buffer('dbeta', 'float', ['C'], 'accumulated', true),
      buffer('dy', 'float', ['N', 'C'], 'in'), buffer('x', 'float', ['N', 'C'], 'in'),
      buffer('mean', 'float', ['N'], 'in'), buffer('rstd', 'float', ['N'], 'in'),
      buffer('gamma', 'float', ['C'], 'in', true), size('N'), size('C')],
  embedding_forward: [buffer('y', 'float', ['N', 'E'], 'out'), buffer('w', 'float', ['V', 'E'], 'in'),
      buffer('index', 'int', ['N'], 'in'), size('N'), size('V'), size('E')],
  embedding_backward: [buffer('dw', 'float', ['V', 'E'], 'accumulated'), buffer('dy', 'float', ['N', 'E'], 'in'),
      buffer('index', 'int', ['N'], 'in'), size('N'), size('V'), size('E'), int('padding_idx')],
  cross_entropy_forward: [buffer('loss', 'float', ['L'], 'out'), buffer('logp', 'float', ['N', 'C'], 'saved'),
      buffer('denominator', 'float', ['1'], 'saved'), buffer('logits', 'float', ['N', 'C'], 'in'),
      buffer('target', 'int', ['N'], 'in'), buffer('weight', 'float', ['C'], 'in', true), size('N'), size('C'),
      size('L'), int('ignore_index'), number('label_smoothing'), int('reduction')],
  cross_entropy_backward: [buffer('dlogits', 'float', ['N', 'C'], 'out'), buffer('dloss', 'float', ['L'], 'in'),
      buffer('logp', 'float', ['N', 'C'], 'in'), buffer('denominator', 'float', ['1'], 'in'),
      buffer('target', 'int', ['N'], 'in'), buffer('weight', 'float', ['C'], 'in', true), size('N'), size('C'),
      size('L'), int('ignore_index'), number('label_smoothing'), int('reduction')],
  bce_with_logits_forward: [buffer('loss', 'float', ['L'], 'out'), buffer('x', 'float', ['n'], 'in'),
      buffer('t', 'float', ['n'], 'in'), buffer('weight', 'float', ['n'], 'in', true),
      buffer('pos_weight', 'float', ['n'], 'in', true), size('n'), size('L'), int('reduction')],
  bce_with_logits_backward: [buffer('dx', 'float', ['n'], 'out'), buffer('dloss', 'float', ['L'], 'in'),
      buffer('x', 'float', ['n'], 'in'), buffer('t', 'float', ['n'], 'in'),
      buffer('weight', 'float', ['n'], 'in', true), buffer('pos_weight', 'float', ['n'], 'in', true), size('n'),
      size('L'), int('reduction')],
  ctc_loss_forward: [buffer('loss', 'float', ['L'], 'out'), buffer('logp', 'float', ['T', 'B', 'C'], 'saved'),
      buffer('alpha', 'float', ['T', 'B', '2*S+1'], 'saved'), buffer('nll', 'float', ['B'], 'saved'),
      buffer('scratch', 'float', ['B', '6*S+7'], 'scratch'), buffer('logits', 'float', ['T', 'B', 'C'], 'in'),
      buffer('targets', 'int', ['B', 'S'], 'in'), buffer('input_lengths', 'int', ['B'], 'in'),
      buffer('target_lengths', 'int', ['B'], 'in'), size('T'), size('B'), size('C'), size('S'), size('L'), int('blank'),
      int('reduction'), int('zero_infinity')],
  ctc_loss_backward: [buffer('dlogits', 'float', ['T', 'B', 'C'], 'out'),
      buffer('scratch', 'float', ['B', '6*S+7'], 'scratch'), buffer('dloss', 'float', ['L'], 'in'),
      buffer('logp', 'float', ['T', 'B', 'C'], 'in'), buffer('alpha', 'float', ['T', 'B', '2*S+1'], 'in'),
      buffer('nll', 'float', ['B'], 'in'), buffer('targets', 'int', ['B', 'S'], 'in'),
      buffer('input_lengths', 'int', ['B'], 'in'), buffer('target_lengths', 'int', ['B'], 'in'), size('T'), size('B'),
      size('C'), size('S'), size('L'), int('blank'), int('reduction'), int('zero_infinity')],
  regression_loss_forward: [buffer('loss', 'float', ['L'], 'out'), buffer('x', 'float', ['n'], 'in'),
      buffer('t', 'float', ['n'], 'in'), size('n'), size('L'), int('reduction'), int('kind'), number('delta')],
  regression_loss_backward: [buffer('dx', 'float', ['n'], 'out', true), buffer('dt', 'float', ['n'], 'out', true),
      buffer('dloss', 'float', ['L'], 'in'), buffer('x', 'float', ['n'], 'in'), buffer('t', 'float', ['n'], 'in'),
      size('n'), size('L'), int('reduction'), int('kind'), number('delta')],
  sum_squares: [buffer('out', 'double', ['1'], 'out'), buffer('x', 'float', ['n'], 'in'), size('n')],
  sgd_update: [buffer('p', 'float', ['n'], 'inout'), buffer('buf', 'float', ['n'], 'inout', true),
      buffer('g', 'float', ['n'], 'in'), size('n'), number('lr'), number('momentum'), number('dampening'),
      int('nesterov'), number('weight_decay'), int('first')],
  adam_update: [buffer('p', 'float', ['n'], 'inout'), buffer('m', 'float', ['n'], 'inout'),
      buffer('v', 'float', ['n'], 'inout'), buffer('vmax', 'float', ['n'], 'inout', true),
      buffer('g', 'float', ['n'], 'in'), size('n'), number('lr'), number('beta1'), number('beta2'), number('eps'),
      number('weight_decay'), int('decoupled'), number('step')],
  rmsprop_update: [buffer('p', 'float', ['n'], 'inout'), buffer('sq', 'float', ['n'], 'inout'),
      buffer('buf', 'float', ['n'], 'inout', true), buffer('gavg', 'float', ['n'], 'inout', true),
      buffer('g', 'float', ['n'], 'in'), size('n'), number('lr'), number('alpha'), number('eps'),
      number('weight_decay'), number('momentum')],
  adagrad_update: [buffer('p', 'float', ['n'], 'inout'), buffer('sum', 'float', ['n'], 'inout'),
      buffer('g', 'float', ['n'], 'in'), size('n'), number('lr'), number('eps'), number('weight_decay')],
  rnn_sizes: [buffer('sizes', 'double', ['5'], 'out'), int('cell'), int('T'), int('B'), int('I'), int('H'), int('D'),
      int('rows')],
  rnn_pack: [buffer('packed', 'float', ['npacked'], 'out'), buffer('w_ih', 'float', ['gates*H', 'I'], 'in'),
      buffer('w_hh', 'float', ['gates*H', 'H'], 'in'), buffer('b_ih', 'float', ['gates*H'], 'in', true),
      buffer('b_hh', 'float', ['gates*H'], 'in', true), buffer('w_ih_r', 'float', ['gates*H', 'I'], 'in', true),
      buffer('w_hh_r', 'float', ['gates*H', 'H'], 'in', true), buffer('b_ih_r', 'float', ['gates*H'], 'in', true),
      buffer('b_hh_r', 'float', ['gates*H'], 'in', true), int('cell'), size('gates'), size('I'), size('H'), int('D'),
      size('npacked', true)],
  rnn_forward: [buffer('y', 'float', ['T', 'B', 'D*H'], 'out'), buffer('hn', 'float', ['D', 'B', 'H'], 'out'),
      buffer('cn', 'float', ['D', 'B', 'H'], 'out', true), buffer('saved', 'float', ['nsaved'], 'saved', true),
      buffer('scratch', 'float', ['nscratch'], 'scratch'), buffer('packed', 'float', ['npacked'], 'in', true),
      buffer('x', 'float', ['T', 'B', 'I'], 'in'), buffer('h0', 'float', ['D', 'B', 'H'], 'in', true),
      buffer('c0', 'float', ['D', 'B', 'H'], 'in', true), buffer('w_ih', 'float', ['gates*H', 'I'], 'in'),
      buffer('w_hh', 'float', ['gates*H', 'H'], 'in'), buffer('b_ih', 'float', ['gates*H'], 'in', true),
      buffer('b_hh', 'float', ['gates*H'], 'in', true), buffer('w_ih_r', 'float', ['gates*H', 'I'], 'in', true),
      buffer('w_hh_r', 'float', ['gates*H', 'H'], 'in', true), buffer('b_ih_r', 'float', ['gates*H'], 'in', true),
      buffer('b_hh_r', 'float', ['gates*H'], 'in', true), buffer('lengths', 'int', ['B'], 'in', true), int('cell'),
      size('gates'), size('T'), size('B'), size('I'), size('H'), size('D'), int('rows'), size('nsaved', true),
      size('nscratch', true), size('npacked', true)],
  rnn_backward: [buffer('dx', 'float', ['T', 'B', 'I'], 'out', true),
      buffer('dh0', 'float', ['D', 'B', 'H'], 'out', true), buffer('dc0', 'float', ['D', 'B', 'H'], 'out', true),
      buffer('dw_ih', 'float', ['gates*H', 'I'], 'accumulated', true),
      buffer('dw_hh', 'float', ['gates*H', 'H'], 'accumulated', true),
      buffer('db_ih', 'float', ['gates*H'], 'accumulated', true),
      buffer('db_hh', 'float', ['gates*H'], 'accumulated', true),
      buffer('dw_ih_r', 'float', ['gates*H', 'I'], 'accumulated', true),
      buffer('dw_hh_r', 'float', ['gates*H', 'H'], 'accumulated', true),
      buffer('db_ih_r', 'float', ['gates*H'], 'accumulated', true),
      buffer('db_hh_r', 'float', ['gates*H'], 'accumulated', true),
      buffer('dy', 'float', ['T', 'B', 'D*H'], 'in', true), buffer('dhn', 'float', ['D', 'B', 'H'], 'in', true),
      buffer('dcn', 'float', ['D', 'B', 'H'], 'in', true), buffer('x', 'float', ['T', 'B', 'I'], 'in'),
      buffer('h0', 'float', ['D', 'B', 'H'], 'in', true), buffer('c0', 'float', ['D', 'B', 'H'], 'in', true),
      buffer('w_ih', 'float', ['gates*H', 'I'], 'in'), buffer('w_hh', 'float', ['gates*H', 'H'], 'in'),
      buffer('b_ih', 'float', ['gates*H'], 'in', true), buffer('b_hh', 'float', ['gates*H'], 'in', true),
      buffer('w_ih_r', 'float', ['gates*H', 'I'], 'in', true), buffer('w_hh_r', 'float', ['gates*H', 'H'], 'in', true),
      buffer('b_ih_r', 'float', ['gates*H'], 'in', true), buffer('b_hh_r', 'float', ['gates*H'], 'in', true),
      buffer('lengths', 'int', ['B'], 'in', true), buffer('saved', 'float', ['nsaved'], 'saved'),
      buffer('scratch', 'float', ['nscratch'], 'scratch'), int('cell'), size('gates'), size('T'), size('B'), size('I'),
      size('H'), size('D'), int('rows'), size('nsaved', true), size('nscratch', true)],
  rnn_quantized_sizes: [buffer('sizes', 'double', ['2'], 'out'), int('precision'), int('cell'), int('T'), int('B'),
      int('I'), int('H'), int('D'), int('rows')],
  rnn_quantize: [buffer('packed', 'float', ['npacked'], 'out'), buffer('error', 'double', ['1'], 'out'),
      buffer('w_ih', 'float', ['gates*H', 'I'], 'in'), buffer('w_hh', 'float', ['gates*H', 'H'], 'in'),
      buffer('b_ih', 'float', ['gates*H'], 'in', true), buffer('b_hh', 'float', ['gates*H'], 'in', true),
      buffer('w_ih_r', 'float', ['gates*H', 'I'], 'in', true), buffer('w_hh_r', 'float', ['gates*H', 'H'], 'in', true),
      buffer('b_ih_r', 'float', ['gates*H'], 'in', true), buffer('b_hh_r', 'float', ['gates*H'], 'in', true),
      int('precision'), int('cell'), size('gates'), size('I'), size('H'), int('D'), size('npacked', true)],
  rnn_quantized_forward: [buffer('y', 'float', ['T', 'B', 'D*H'], 'out'), buffer('hn', 'float', ['D', 'B', 'H'], 'out'),
      buffer('cn', 'float', ['D', 'B', 'H'], 'out', true), buffer('scratch', 'float', ['nscratch'], 'scratch'),
      buffer('packed', 'float', ['npacked'], 'in'), buffer('x', 'float', ['T', 'B', 'I'], 'in'),
      buffer('h0', 'float', ['D', 'B', 'H'], 'in', true), buffer('c0', 'float', ['D', 'B', 'H'], 'in', true),
      buffer('lengths', 'int', ['B'], 'in', true), int('precision'), int('cell'), int('gates'), size('T'), size('B'),
      size('I'), size('H'), size('D'), int('rows'), size('nscratch', true), size('npacked', true)],
  rnn_general_sizes: [buffer('sizes', 'double', ['5'], 'out'), int('cell'), int('features'), int('T'), int('B'),
      int('I'), int('H'), int('R'), int('rows'), int('keep')],
  rnn_general_pack: [buffer('packed', 'float', ['npacked'], 'out'), buffer('w_ih', 'float', ['gates*H', 'I'], 'in'),
      buffer('w_hh', 'float', ['gates*H', 'R'], 'in', true), buffer('b_ih', 'float', ['gates*H'], 'in', true),
      buffer('b_hh', 'float', ['gates*H'], 'in', true), buffer('w_hr', 'float', ['R', 'H'], 'in', true), int('cell'),
      size('gates'), int('features'), size('I'), size('H'), size('R'), size('npacked', true)],
  rnn_general_forward: [buffer('y', 'float', ['T', 'B', 'width'], 'inout'), buffer('hn', 'float', ['B', 'R'], 'out'),
      buffer('cn', 'float', ['B', 'H'], 'out', true), buffer('saved', 'float', ['nsaved'], 'saved', true),
      buffer('scratch', 'float', ['nscratch'], 'scratch'), buffer('packed', 'float', ['npacked'], 'in', true),
      buffer('x', 'float', ['T', 'B', 'I'], 'in', true), buffer('ids', 'int', ['T', 'B'], 'in', true),
      buffer('h0', 'float', ['B', 'R'], 'in', true), buffer('c0', 'float', ['B', 'H'], 'in', true),
      buffer('w_ih', 'float', ['gates*H', 'I'], 'in'), buffer('w_hh', 'float', ['gates*H', 'R'], 'in', true),
      buffer('b_ih', 'float', ['gates*H'], 'in', true), buffer('b_hh', 'float', ['gates*H'], 'in', true),
      buffer('w_hr', 'float', ['R', 'H'], 'in', true), buffer('w_unit', 'float', ['units*H'], 'in', true),
      buffer('ln_ih', 'float', ['gates*H'], 'in', true), buffer('ln_hh', 'float', ['gates*H'], 'in', true),
      buffer('ln_c', 'float', ['H'], 'in', true), buffer('ln_c_bias', 'float', ['H'], 'in', true),
      buffer('drop', 'float', ['B', 'R'], 'in', true), buffer('zone_h', 'float', ['T', 'B', 'R'], 'in', true),
      buffer('zone_c', 'float', ['T', 'B', 'H'], 'in', true), buffer('lengths', 'int', ['B'], 'in', true),
      buffer('options', 'double', ['13'], 'in'), int('cell'), size('gates'), size('units'), int('features'), size('T'),
      size('B'), size('I'), size('H'), size('R'), int('rows'), int('reverse'), size('width'), int('column'),
      int('keep'), size('nsaved', true), size('nscratch', true), size('npacked', true)],
  rnn_general_backward: [buffer('dx', 'float', ['T', 'B', 'I'], 'accumulated', true),
      buffer('dh0', 'float', ['B', 'R'], 'out', true), buffer('dc0', 'float', ['B', 'H'], 'out', true),
      buffer('dw_ih', 'float', ['gates*H', 'I'], 'accumulated', true),
      buffer('dw_hh', 'float', ['gates*H', 'R'], 'accumulated', true),
      buffer('db_ih', 'float', ['gates*H'], 'accumulated', true),
      buffer('db_hh', 'float', ['gates*H'], 'accumulated', true),
      buffer('dw_hr', 'float', ['R', 'H'], 'accumulated', true),
      buffer('dw_unit', 'float', ['units*H'], 'accumulated', true),
      buffer('dln_ih', 'float', ['gates*H'], 'accumulated', true),
      buffer('dln_hh', 'float', ['gates*H'], 'accumulated', true), buffer('dln_c', 'float', ['H'], 'accumulated', true),
      buffer('dln_c_bias', 'float', ['H'], 'accumulated', true),
      buffer('steps', 'float', ['T', 'B', 'nsteps'], 'out', true),
      buffer('contributions', 'double', ['T', '3'], 'out', true),
      buffer('dy', 'float', ['T', 'B', 'width'], 'in', true), buffer('dhn', 'float', ['B', 'R'], 'in', true),
      buffer('dcn', 'float', ['B', 'H'], 'in', true), buffer('x', 'float', ['T', 'B', 'I'], 'in', true),
      buffer('ids', 'int', ['T', 'B'], 'in', true), buffer('w_ih', 'float', ['gates*H', 'I'], 'in'),
      buffer('w_hh', 'float', ['gates*H', 'R'], 'in', true), buffer('b_ih', 'float', ['gates*H'], 'in', true),
      buffer('b_hh', 'float', ['gates*H'], 'in', true), buffer('w_hr', 'float', ['R', 'H'], 'in', true),
      buffer('w_unit', 'float', ['units*H'], 'in', true), buffer('ln_ih', 'float', ['gates*H'], 'in', true),
      buffer('ln_hh', 'float', ['gates*H'], 'in', true), buffer('ln_c', 'float', ['H'], 'in', true),
      buffer('ln_c_bias', 'float', ['H'], 'in', true), buffer('drop', 'float', ['B', 'R'], 'in', true),
      buffer('zone_h', 'float', ['T', 'B', 'R'], 'in', true), buffer('zone_c', 'float', ['T', 'B', 'H'], 'in', true),
      buffer('lengths', 'int', ['B'], 'in', true), buffer('options', 'double', ['13'], 'in'),
      buffer('saved', 'float', ['nsaved'], 'saved'), buffer('scratch', 'float', ['nscratch'], 'scratch'), int('cell'),
      size('gates'), size('units'), int('features'), size('T'), size('B'), size('I'), size('H'), size('R'), int('rows'),
      int('reverse'), size('width'), int('column'), int('keep'), size('nsteps'), size('nsaved', true),
      size('nscratch', true)],
  fma_peak: [buffer('flops', 'double', ['1'], 'out'), int('rounds')],
};

const isInt = (value: number): boolean => (value | 0) === value;
const isSize = (value: number): boolean => (value | 0) === value && value >= 0;
const isWideSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isNumber = (value: number): boolean => typeof value === 'number';
const holds = (storage: Storage | null, element: Element, length: number): boolean =>
  storage != null && storage.element === element && storage.length >= length && storage.alive;
const mayHold = (storage: Storage | null, element: Element, length: number): boolean =>
  storage === null || holds(storage, element, length);

function fail(kernel: KernelName, status: number): never {
  const names = Object.keys(Status) as (keyof typeof Status)[];
  throw statusError(kernel, names.find((name) => Status[name] === status) ?? status);
}

/** Wraps a backend's raw kernels: checks the arguments, stages them, calls, and turns a status into an error. */
export function bindKernels(binding: Binding): Kernels {
  const { ctx, raw } = binding;
  const enter = binding.enter.bind(binding);
  const leave = binding.leave.bind(binding);
  return {
    fill(y, n, value) {
      const valid =
        holds(y, 'float', n) &&
        isSize(n) &&
        isNumber(value);
      if (!valid) refuse('fill', kernelTable.fill, [y, n, value]);
      try {
        const status = raw.u_fill(ctx, enter(y, 'w'), n, value);
        if (status !== 0) fail('fill', status);
      } finally {
        leave();
      }
    },
    axpy(y, x, n, alpha) {
      const valid =
        holds(y, 'float', n) &&
        holds(x, 'float', n) &&
        isSize(n) &&
        isNumber(alpha);
      if (!valid) refuse('axpy', kernelTable.axpy, [y, x, n, alpha]);
      try {
        const status = raw.u_axpy(ctx, enter(y, 'w'), enter(x, 'r'), n, alpha);
        if (status !== 0) fail('axpy', status);
      } finally {
        leave();
      }
    },
    affine(y, x, n, alpha, beta) {
      const valid =
        holds(y, 'float', n) &&
        holds(x, 'float', n) &&
        isSize(n) &&
        isNumber(alpha) &&
        isNumber(beta);
      if (!valid) refuse('affine', kernelTable.affine, [y, x, n, alpha, beta]);
      try {
        const status = raw.u_affine(ctx, enter(y, 'w'), enter(x, 'r'), n, alpha, beta);
        if (status !== 0) fail('affine', status);
      } finally {
        leave();
      }
    },
    clamp(y, x, n, low, high) {
      const valid =
        holds(y, 'float', n) &&
        holds(x, 'float', n) &&
        isSize(n) &&
        isNumber(low) &&
        isNumber(high);
      if (!valid) refuse('clamp', kernelTable.clamp, [y, x, n, low, high]);
      try {
        const status = raw.u_clamp(ctx, enter(y, 'w'), enter(x, 'r'), n, low, high);
        if (status !== 0) fail('clamp', status);
      } finally {
        leave();
      }
    },
    binary_forward(y, a, b, n, op) {
      const valid =
        holds(y, 'float', n) &&
        holds(a, 'float', n) &&
        holds(b, 'float', n) &&
        isSize(n) &&
        isInt(op);
      if (!valid) refuse('binary_forward', kernelTable.binary_forward, [y, a, b, n, op]);
      try {
        const status = raw.u_binary_forward(ctx, enter(y, 'w'), enter(a, 'r'), enter(b, 'r'), n, op);
        if (status !== 0) fail('binary_forward', status);
      } finally {
        leave();
      }
    },
    binary_backward(da, db, dy, a, b, n, op) {
      const valid =
        mayHold(da, 'float', n) &&
        mayHold(db, 'float', n) &&
        holds(dy, 'float', n) &&
        holds(a, 'float', n) &&
        holds(b, 'float', n) &&
        isSize(n) &&
        isInt(op);
      if (!valid) refuse('binary_backward', kernelTable.binary_backward, [da, db, dy, a, b, n, op]);
      try {
        const status = raw.u_binary_backward(ctx, enter(da, 'w'), enter(db, 'w'), enter(dy, 'r'), enter(a, 'r'),
            enter(b, 'r'), n, op);
        if (status !== 0) fail('binary_backward', status);
      } finally {
        leave();
      }
    },
    activation_forward(y, x, n, kind) {
      const valid =
        holds(y, 'float', n) &&
        holds(x, 'float', n) &&
        isSize(n) &&
        isInt(kind);
      if (!valid) refuse('activation_forward', kernelTable.activation_forward, [y, x, n, kind]);
      try {
        const status = raw.u_activation_forward(ctx, enter(y, 'w'), enter(x, 'r'), n, kind);
        if (status !== 0) fail('activation_forward', status);
      } finally {
        leave();
      }
    },
    activation_backward(dx, dy, x, y, n, kind) {
      const valid =
        holds(dx, 'float', n) &&
        holds(dy, 'float', n) &&
        holds(x, 'float', n) &&
        holds(y, 'float', n) &&
        isSize(n) &&
        isInt(kind);
      if (!valid) refuse('activation_backward', kernelTable.activation_backward, [dx, dy, x, y, n, kind]);
      try {
        const status = raw.u_activation_backward(ctx, enter(dx, 'w'), enter(dy, 'r'), enter(x, 'r'), enter(y, 'r'), n,
            kind);
        if (status !== 0) fail('activation_backward', status);
      } finally {
        leave();
      }
    },
    dropout_forward(y, mask, x, n, p, seed_lo, seed_hi) {
      const valid =
        holds(y, 'float', n) &&
        holds(mask, 'float', n) &&
        holds(x, 'float', n) &&
        isSize(n) &&
        isNumber(p) &&
        isInt(seed_lo) &&
        isInt(seed_hi);
      if (!valid) refuse('dropout_forward', kernelTable.dropout_forward, [y, mask, x, n, p, seed_lo, seed_hi]);
      try {
        const status = raw.u_dropout_forward(ctx, enter(y, 'w'), enter(mask, 'w'), enter(x, 'r'), n, p, seed_lo,
            seed_hi);
        if (status !== 0) fail('dropout_forward', status);
      } finally {
        leave();
      }
    },
    expand(y, x, outer, mid, inner) {
      const valid =
        holds(y, 'float', outer * mid * inner) &&
        holds(x, 'float', outer * inner) &&
        isSize(outer) &&
        isSize(mid) &&
        isSize(inner);
      if (!valid) refuse('expand', kernelTable.expand, [y, x, outer, mid, inner]);
      try {
        const status = raw.u_expand(ctx, enter(y, 'w'), enter(x, 'r'), outer, mid, inner);
        if (status !== 0) fail('expand', status);
      } finally {
        leave();
      }
    },
    reduce_sum(y, x, outer, mid, inner, scale) {
      const valid =
        holds(y, 'float', outer * inner) &&
        holds(x, 'float', outer * mid * inner) &&
        isSize(outer) &&
        isSize(mid) &&
        isSize(inner) &&
        isNumber(scale);
      if (!valid) refuse('reduce_sum', kernelTable.reduce_sum, [y, x, outer, mid, inner, scale]);
      try {
        const status = raw.u_reduce_sum(ctx, enter(y, 'w'), enter(x, 'r'), outer, mid, inner, scale);
        if (status !== 0) fail('reduce_sum', status);
      } finally {
        leave();
      }
    },
    transpose(y, x, outer, a, mid, b, inner) {
      const valid =
        holds(y, 'float', outer * b * mid * a * inner) &&
        holds(x, 'float', outer * a * mid * b * inner) &&
        isSize(outer) &&
        isSize(a) &&
        isSize(mid) &&
        isSize(b) &&
        isSize(inner);
      if (!valid) refuse('transpose', kernelTable.transpose, [y, x, outer, a, mid, b, inner]);
      try {
        const status = raw.u_transpose(ctx, enter(y, 'w'), enter(x, 'r'), outer, a, mid, b, inner);
        if (status !== 0) fail('transpose', status);
      } finally {
        leave();
      }
    },
    slice_forward(y, x, outer, n, inner, start, count) {
      const valid =
        holds(y, 'float', outer * count * inner) &&
        holds(x, 'float', outer * n * inner) &&
        isSize(outer) &&
        isSize(n) &&
        isSize(inner) &&
        isInt(start) &&
        isSize(count);
      if (!valid) refuse('slice_forward', kernelTable.slice_forward, [y, x, outer, n, inner, start, count]);
      try {
        const status = raw.u_slice_forward(ctx, enter(y, 'w'), enter(x, 'r'), outer, n, inner, start, count);
        if (status !== 0) fail('slice_forward', status);
      } finally {
        leave();
      }
    },
    slice_backward(dx, dy, outer, n, inner, start, count) {
      const valid =
        holds(dx, 'float', outer * n * inner) &&
        holds(dy, 'float', outer * count * inner) &&
        isSize(outer) &&
        isSize(n) &&
        isSize(inner) &&
        isInt(start) &&
        isSize(count);
      if (!valid) refuse('slice_backward', kernelTable.slice_backward, [dx, dy, outer, n, inner, start, count]);
      try {
        const status = raw.u_slice_backward(ctx, enter(dx, 'w'), enter(dy, 'r'), outer, n, inner, start, count);
        if (status !== 0) fail('slice_backward', status);
      } finally {
        leave();
      }
    },
    place(y, x, outer, n, inner, start, count) {
      const valid =
        holds(y, 'float', outer * n * inner) &&
        holds(x, 'float', outer * count * inner) &&
        isSize(outer) &&
        isSize(n) &&
        isSize(inner) &&
        isInt(start) &&
        isSize(count);
      if (!valid) refuse('place', kernelTable.place, [y, x, outer, n, inner, start, count]);
      try {
        const status = raw.u_place(ctx, enter(y, 'w'), enter(x, 'r'), outer, n, inner, start, count);
        if (status !== 0) fail('place', status);
      } finally {
        leave();
      }
    },
    gather_forward(y, x, index, outer, n, m, inner) {
      const valid =
        holds(y, 'float', outer * m * inner) &&
        holds(x, 'float', outer * n * inner) &&
        holds(index, 'int', outer * m * inner) &&
        isSize(outer) &&
        isSize(n) &&
        isSize(m) &&
        isSize(inner);
      if (!valid) refuse('gather_forward', kernelTable.gather_forward, [y, x, index, outer, n, m, inner]);
      try {
        const status = raw.u_gather_forward(ctx, enter(y, 'w'), enter(x, 'r'), enter(index, 'r'), outer, n, m, inner);
        if (status !== 0) fail('gather_forward', status);
      } finally {
        leave();
      }
    },
    gather_backward(dx, dy, index, outer, n, m, inner) {
      const valid =
        holds(dx, 'float', outer * n * inner) &&
        holds(dy, 'float', outer * m * inner) &&
        holds(index, 'int', outer * m * inner) &&
        isSize(outer) &&
        isSize(n) &&
        isSize(m) &&
        isSize(inner);
      if (!valid) refuse('gather_backward', kernelTable.gather_backward, [dx, dy, index, outer, n, m, inner]);
      try {
        const status = raw.u_gather_backward(ctx, enter(dx, 'w'), enter(dy, 'r'), enter(index, 'r'), outer, n, m,
            inner);
        if (status !== 0) fail('gather_backward', status);
      } finally {
        leave();
      }
    },
    matmul_forward(y, a, b, P, M, N, K) {
      const valid =
        holds(y, 'float', P * M * N) &&
        holds(a, 'float', P * M * K) &&
        holds(b, 'float', P * K * N) &&
        isSize(P) &&
        isSize(M) &&
        isSize(N) &&
        isSize(K);
      if (!valid) refuse('matmul_forward', kernelTable.matmul_forward, [y, a, b, P, M, N, K]);
      try {
        const status = raw.u_matmul_forward(ctx, enter(y, 'w'), enter(a, 'r'), enter(b, 'r'), P, M, N, K);
        if (status !== 0) fail('matmul_forward', status);
      } finally {
        leave();
      }
    },
    matmul_backward(da, db, dy, a, b, P, M, N, K) {
      const valid =
        mayHold(da, 'float', P * M * K) &&
        mayHold(db, 'float', P * K * N) &&
        holds(dy, 'float', P * M * N) &&
        holds(a, 'float', P * M * K) &&
        holds(b, 'float', P * K * N) &&
        isSize(P) &&
        isSize(M) &&
        isSize(N) &&
        isSize(K);
      if (!valid) refuse('matmul_backward', kernelTable.matmul_backward, [da, db, dy, a, b, P, M, N, K]);
      try {
        const status = raw.u_matmul_backward(ctx, enter(da, 'w'), enter(db, 'w'), enter(dy, 'r'), enter(a, 'r'),
            enter(b, 'r'), P, M, N, K);
        if (status !== 0) fail('matmul_backward', status);
      } finally {
        leave();
      }
    },
    linear_forward(y, x, w, b, N, I, O) {
      const valid =
        holds(y, 'float', N * O) &&
        holds(x, 'float', N * I) &&
        holds(w, 'float', O * I) &&
        mayHold(b, 'float', O) &&
        isSize(N) &&
        isSize(I) &&
        isSize(O);
      if (!valid) refuse('linear_forward', kernelTable.linear_forward, [y, x, w, b, N, I, O]);
      try {
        const status = raw.u_linear_forward(ctx, enter(y, 'w'), enter(x, 'r'), enter(w, 'r'), enter(b, 'r'), N, I, O);
        if (status !== 0) fail('linear_forward', status);
      } finally {
        leave();
      }
    },
    linear_backward(dx, dw, db, dy, x, w, N, I, O) {
      const valid =
        mayHold(dx, 'float', N * I) &&
        mayHold(dw, 'float', O * I) &&
        mayHold(db, 'float', O) &&
        holds(dy, 'float', N * O) &&
        holds(x, 'float', N * I) &&
        holds(w, 'float', O * I) &&
        isSize(N) &&
        isSize(I) &&
        isSize(O);
      if (!valid) refuse('linear_backward', kernelTable.linear_backward, [dx, dw, db, dy, x, w, N, I, O]);
      try {
        const status = raw.u_linear_backward(ctx, enter(dx, 'w'), enter(dw, 'w'), enter(db, 'w'), enter(dy, 'r'),
            enter(x, 'r'), enter(w, 'r'), N, I, O);
        if (status !== 0) fail('linear_backward', status);
      } finally {
        leave();
      }
    },
    softmax_forward(y, x, N, C) {
      const valid =
        holds(y, 'float', N * C) &&
        holds(x, 'float', N * C) &&
        isSize(N) &&
        isSize(C);
      if (!valid) refuse('softmax_forward', kernelTable.softmax_forward, [y, x, N, C]);
      try {
        const status = raw.u_softmax_forward(ctx, enter(y, 'w'), enter(x, 'r'), N, C);
        if (status !== 0) fail('softmax_forward', status);
      } finally {
        leave();
      }
    },
    softmax_backward(dx, dy, y, N, C) {
      const valid =
        holds(dx, 'float', N * C) &&
        holds(dy, 'float', N * C) &&
        holds(y, 'float', N * C) &&
        isSize(N) &&
        isSize(C);
      if (!valid) refuse('softmax_backward', kernelTable.softmax_backward, [dx, dy, y, N, C]);
      try {
        const status = raw.u_softmax_backward(ctx, enter(dx, 'w'), enter(dy, 'r'), enter(y, 'r'), N, C);
        if (status !== 0) fail('softmax_backward', status);
      } finally {
        leave();
      }
    },
    log_softmax_forward(y, x, N, C) {
      const valid =
        holds(y, 'float', N * C) &&
        holds(x, 'float', N * C) &&
        isSize(N) &&
        isSize(C);
      if (!valid) refuse('log_softmax_forward', kernelTable.log_softmax_forward, [y, x, N, C]);
      try {
        const status = raw.u_log_softmax_forward(ctx, enter(y, 'w'), enter(x, 'r'), N, C);
        if (status !== 0) fail('log_softmax_forward', status);
      } finally {
        leave();
      }
    },
    log_softmax_backward(dx, dy, y, N, C) {
      const valid =
        holds(dx, 'float', N * C) &&
        holds(dy, 'float', N * C) &&
        holds(y, 'float', N * C) &&
        isSize(N) &&
        isSize(C);
      if (!valid) refuse('log_softmax_backward', kernelTable.log_softmax_backward, [dx, dy, y, N, C]);
      try {
        const status = raw.u_log_softmax_backward(ctx, enter(dx, 'w'), enter(dy, 'r'), enter(y, 'r'), N, C);
        if (status !== 0) fail('log_softmax_backward', status);
      } finally {
        leave();
      }
    },
    layer_norm_forward(y, mean, rstd, x, gamma, beta, N, C, eps) {
      const valid =
        holds(y, 'float', N * C) &&
        holds(mean, 'float', N) &&
        holds(rstd, 'float', N) &&
        holds(x, 'float', N * C) &&
        mayHold(gamma, 'float', C) &&
        mayHold(beta, 'float', C) &&
        isSize(N) &&
        isSize(C) &&
        isNumber(eps);
      if (!valid) refuse('layer_norm_forward', kernelTable.layer_norm_forward, [y, mean, rstd, x, gamma, beta, N, C,
          eps]);
      try {
        const status = raw.u_layer_norm_forward(ctx, enter(y, 'w'), enter(mean, 'w'), enter(rstd, 'w'), enter(x, 'r'),
            enter(gamma, 'r'), enter(beta, 'r'), N, C, eps);
        if (status !== 0) fail('layer_norm_forward', status);
      } finally {
        leave();
      }
    },
    layer_norm_backward(dx, dgamma, dbeta, dy, x, mean, rstd, gamma, N, C) {
      const valid =
        mayHold(dx, 'float', N * C) &&
        mayHold(dgamma, 'float', C) &&
        mayHold(dbeta, 'float', C) &&
        holds(dy, 'float', N * C) &&
        holds(x, 'float', N * C) &&
        holds(mean, 'float', N) &&
        holds(rstd, 'float', N) &&
        mayHold(gamma, 'float', C) &&
        isSize(N) &&
        isSize(C);
      if (!valid) refuse('layer_norm_backward', kernelTable.layer_norm_backward, [dx, dgamma, dbeta, dy, x, mean, rstd,
          gamma, N, C]);
      try {
        const status = raw.u_layer_norm_backward(ctx, enter(dx, 'w'), enter(dgamma, 'w'), enter(dbeta, 'w'),
            enter(dy, 'r'), enter(x, 'r'), enter(mean, 'r'), enter(rstd, 'r'), enter(gamma, 'r'), N, C);
        if (status !== 0) fail('layer_norm_backward', status);
      } finally {
        leave();
      }
    },
    embedding_forward(y, w, index, N, V, E) {
      const valid =
        holds(y, 'float', N * E) &&
        holds(w, 'float', V * E) &&
        holds(index, 'int', N) &&
        isSize(N) &&
        isSize(V) &&
        isSize(E);
      if (!valid) refuse('embedding_forward', kernelTable.embedding_forward, [y, w, index, N, V, E]);
      try {
        const status = raw.u_embedding_forward(ctx, enter(y, 'w'), enter(w, 'r'), enter(index, 'r'), N, V, E);
        if (status !== 0) fail('embedding_forward', status);
      } finally {
        leave();
      }
    },
    embedding_backward(dw, dy, index, N, V, E, padding_idx) {
      const valid =
        holds(dw, 'float', V * E) &&
        holds(dy, 'float', N * E) &&
        holds(index, 'int', N) &&
        isSize(N) &&
        isSize(V) &&
        isSize(E) &&
        isInt(padding_idx);
      if (!valid) refuse('embedding_backward', kernelTable.embedding_backward, [dw, dy, index, N, V, E, padding_idx]);
      try {
        const status = raw.u_embedding_backward(ctx, enter(dw, 'w'), enter(dy, 'r'), enter(index, 'r'), N, V, E,
            padding_idx);
        if (status !== 0) fail('embedding_backward', status);
      } finally {
        leave();
      }
    },
    cross_entropy_forward(loss, logp, denominator, logits, target, weight, N, C, L, ignore_index, label_smoothing,
        reduction) {
      const valid =
        holds(loss, 'float', L) &&
        holds(logp, 'float', N * C) &&
        holds(denominator, 'float', 1) &&
        holds(logits, 'float', N * C) &&
        holds(target, 'int', N) &&
        mayHold(weight, 'float', C) &&
        isSize(N) &&
        isSize(C) &&
        isSize(L) &&
        isInt(ignore_index) &&
        isNumber(label_smoothing) &&
        isInt(reduction);
      if (!valid) refuse('cross_entropy_forward', kernelTable.cross_entropy_forward, [loss, logp, denominator, logits,
          target, weight, N, C, L, ignore_index, label_smoothing, reduction]);
      try {
        const status = raw.u_cross_entropy_forward(ctx, enter(loss, 'w'), enter(logp, 'w'), enter(denominator, 'w'),
            enter(logits, 'r'), enter(target, 'r'), enter(weight, 'r'), N, C, L, ignore_index, label_smoothing,
            reduction);
        if (status !== 0) fail('cross_entropy_forward', status);
      } finally {
        leave();
      }
    },
    cross_entropy_backward(dlogits, dloss, logp, denominator, target, weight, N, C, L, ignore_index, label_smoothing,
        reduction) {
      const valid =
        holds(dlogits, 'float', N * C) &&
        holds(dloss, 'float', L) &&
        holds(logp, 'float', N * C) &&
        holds(denominator, 'float', 1) &&
        holds(target, 'int', N) &&
        mayHold(weight, 'float', C) &&
        isSize(N) &&
        isSize(C) &&
        isSize(L) &&
        isInt(ignore_index) &&
        isNumber(label_smoothing) &&
        isInt(reduction);
      if (!valid) refuse('cross_entropy_backward', kernelTable.cross_entropy_backward, [dlogits, dloss, logp,
          denominator, target, weight, N, C, L, ignore_index, label_smoothing, reduction]);
      try {
        const status = raw.u_cross_entropy_backward(ctx, enter(dlogits, 'w'), enter(dloss, 'r'), enter(logp, 'r'),
            enter(denominator, 'r'), enter(target, 'r'), enter(weight, 'r'), N, C, L, ignore_index, label_smoothing,
            reduction);
        if (status !== 0) fail('cross_entropy_backward', status);
      } finally {
        leave();
      }
    },
    bce_with_logits_forward(loss, x, t, weight, pos_weight, n, L, reduction) {
      const valid =
        holds(loss, 'float', L) &&
        holds(x, 'float', n) &&
        holds(t, 'float', n) &&
        mayHold(weight, 'float', n) &&
        mayHold(pos_weight, 'float', n) &&
        isSize(n) &&
        isSize(L) &&
        isInt(reduction);
      if (!valid) refuse('bce_with_logits_forward', kernelTable.bce_with_logits_forward, [loss, x, t, weight,
          pos_weight, n, L, reduction]);
      try {
        const status = raw.u_bce_with_logits_forward(ctx, enter(loss, 'w'), enter(x, 'r'), enter(t, 'r'),
            enter(weight, 'r'), enter(pos_weight, 'r'), n, L, reduction);
        if (status !== 0) fail('bce_with_logits_forward', status);
      } finally {
        leave();
      }
    },
    bce_with_logits_backward(dx, dloss, x, t, weight, pos_weight, n, L, reduction) {
      const valid =
        holds(dx, 'float', n) &&
        holds(dloss, 'float', L) &&
        holds(x, 'float', n) &&
        holds(t, 'float', n) &&
        mayHold(weight, 'float', n) &&
        mayHold(pos_weight, 'float', n) &&
        isSize(n) &&
        isSize(L) &&
        isInt(reduction);
      if (!valid) refuse('bce_with_logits_backward', kernelTable.bce_with_logits_backward, [dx, dloss, x, t, weight,
          pos_weight, n, L, reduction]);
      try {
        const status = raw.u_bce_with_logits_backward(ctx, enter(dx, 'w'), enter(dloss, 'r'), enter(x, 'r'),
            enter(t, 'r'), enter(weight, 'r'), enter(pos_weight, 'r'), n, L, reduction);
        if (status !== 0) fail('bce_with_logits_backward', status);
      } finally {
        leave();
      }
    },
    ctc_loss_forward(loss, logp, alpha, nll, scratch, logits, targets, input_lengths, target_lengths, T, B, C, S, L,
        blank, reduction, zero_infinity) {
      const valid =
        holds(loss, 'float', L) &&
        holds(logp, 'float', T * B * C) &&
        holds(alpha, 'float', T * B * (2 * S + 1)) &&
        holds(nll, 'float', B) &&
        holds(scratch, 'float', B * (6 * S + 7)) &&
        holds(logits, 'float', T * B * C) &&
        holds(targets, 'int', B * S) &&
        holds(input_lengths, 'int', B) &&
        holds(target_lengths, 'int', B) &&
        isSize(T) &&
        isSize(B) &&
        isSize(C) &&
        isSize(S) &&
        isSize(L) &&
        isInt(blank) &&
        isInt(reduction) &&
        isInt(zero_infinity);
      if (!valid) refuse('ctc_loss_forward', kernelTable.ctc_loss_forward, [loss, logp, alpha, nll, scratch, logits,
          targets, input_lengths, target_lengths, T, B, C, S, L, blank, reduction, zero_infinity]);
      try {
        const status = raw.u_ctc_loss_forward(ctx, enter(loss, 'w'), enter(logp, 'w'), enter(alpha, 'w'),
            enter(nll, 'w'), enter(scratch, 'w'), enter(logits, 'r'), enter(targets, 'r'), enter(input_lengths, 'r'),
            enter(target_lengths, 'r'), T, B, C, S, L, blank, reduction, zero_infinity);
        if (status !== 0) fail('ctc_loss_forward', status);
      } finally {
        leave();
      }
    },
    ctc_loss_backward(dlogits, scratch, dloss, logp, alpha, nll, targets, input_lengths, target_lengths, T, B, C, S, L,
        blank, reduction, zero_infinity) {
      const valid =
        holds(dlogits, 'float', T * B * C) &&
        holds(scratch, 'float', B * (6 * S + 7)) &&
        holds(dloss, 'float', L) &&
        holds(logp, 'float', T * B * C) &&
        holds(alpha, 'float', T * B * (2 * S + 1)) &&
        holds(nll, 'float', B) &&
        holds(targets, 'int', B * S) &&
        holds(input_lengths, 'int', B) &&
        holds(target_lengths, 'int', B) &&
        isSize(T) &&
        isSize(B) &&
        isSize(C) &&
        isSize(S) &&
        isSize(L) &&
        isInt(blank) &&
        isInt(reduction) &&
        isInt(zero_infinity);
      if (!valid) refuse('ctc_loss_backward', kernelTable.ctc_loss_backward, [dlogits, scratch, dloss, logp, alpha, nll,
          targets, input_lengths, target_lengths, T, B, C, S, L, blank, reduction, zero_infinity]);
      try {
        const status = raw.u_ctc_loss_backward(ctx, enter(dlogits, 'w'), enter(scratch, 'w'), enter(dloss, 'r'),
            enter(logp, 'r'), enter(alpha, 'r'), enter(nll, 'r'), enter(targets, 'r'), enter(input_lengths, 'r'),
            enter(target_lengths, 'r'), T, B, C, S, L, blank, reduction, zero_infinity);
        if (status !== 0) fail('ctc_loss_backward', status);
      } finally {
        leave();
      }
    },
    regression_loss_forward(loss, x, t, n, L, reduction, kind, delta) {
      const valid =
        holds(loss, 'float', L) &&
        holds(x, 'float', n) &&
        holds(t, 'float', n) &&
        isSize(n) &&
        isSize(L) &&
        isInt(reduction) &&
        isInt(kind) &&
        isNumber(delta);
      if (!valid) refuse('regression_loss_forward', kernelTable.regression_loss_forward, [loss, x, t, n, L, reduction,
          kind, delta]);
      try {
        const status = raw.u_regression_loss_forward(ctx, enter(loss, 'w'), enter(x, 'r'), enter(t, 'r'), n, L,
            reduction, kind, delta);
        if (status !== 0) fail('regression_loss_forward', status);
      } finally {
        leave();
      }
    },
    regression_loss_backward(dx, dt, dloss, x, t, n, L, reduction, kind, delta) {
      const valid =
        mayHold(dx, 'float', n) &&
        mayHold(dt, 'float', n) &&
        holds(dloss, 'float', L) &&
        holds(x, 'float', n) &&
        holds(t, 'float', n) &&
        isSize(n) &&
        isSize(L) &&
        isInt(reduction) &&
        isInt(kind) &&
        isNumber(delta);
      if (!valid) refuse('regression_loss_backward', kernelTable.regression_loss_backward, [dx, dt, dloss, x, t, n, L,
          reduction, kind, delta]);
      try {
        const status = raw.u_regression_loss_backward(ctx, enter(dx, 'w'), enter(dt, 'w'), enter(dloss, 'r'),
            enter(x, 'r'), enter(t, 'r'), n, L, reduction, kind, delta);
        if (status !== 0) fail('regression_loss_backward', status);
      } finally {
        leave();
      }
    },
    sum_squares(out, x, n) {
      const valid =
        holds(out, 'double', 1) &&
        holds(x, 'float', n) &&
        isSize(n);
      if (!valid) refuse('sum_squares', kernelTable.sum_squares, [out, x, n]);
      try {
        const status = raw.u_sum_squares(ctx, enter(out, 'w'), enter(x, 'r'), n);
        if (status !== 0) fail('sum_squares', status);
      } finally {
        leave();
      }
    },
    sgd_update(p, buf, g, n, lr, momentum, dampening, nesterov, weight_decay, first) {
      const valid =
        holds(p, 'float', n) &&
        mayHold(buf, 'float', n) &&
        holds(g, 'float', n) &&
        isSize(n) &&
        isNumber(lr) &&
        isNumber(momentum) &&
        isNumber(dampening) &&
        isInt(nesterov) &&
        isNumber(weight_decay) &&
        isInt(first);
      if (!valid) refuse('sgd_update', kernelTable.sgd_update, [p, buf, g, n, lr, momentum, dampening, nesterov,
          weight_decay, first]);
      try {
        const status = raw.u_sgd_update(ctx, enter(p, 'w'), enter(buf, 'w'), enter(g, 'r'), n, lr, momentum, dampening,
            nesterov, weight_decay, first);
        if (status !== 0) fail('sgd_update', status);
      } finally {
        leave();
      }
    },
    adam_update(p, m, v, vmax, g, n, lr, beta1, beta2, eps, weight_decay, decoupled, step) {
      const valid =
        holds(p, 'float', n) &&
        holds(m, 'float', n) &&
        holds(v, 'float', n) &&
        mayHold(vmax, 'float', n) &&
        holds(g, 'float', n) &&
        isSize(n) &&
        isNumber(lr) &&
        isNumber(beta1) &&
        isNumber(beta2) &&
        isNumber(eps) &&
        isNumber(weight_decay) &&
        isInt(decoupled) &&
        isNumber(step);
      if (!valid) refuse('adam_update', kernelTable.adam_update, [p, m, v, vmax, g, n, lr, beta1, beta2, eps,
          weight_decay, decoupled, step]);
      try {
        const status = raw.u_adam_update(ctx, enter(p, 'w'), enter(m, 'w'), enter(v, 'w'), enter(vmax, 'w'),
            enter(g, 'r'), n, lr, beta1, beta2, eps, weight_decay, decoupled, step);
        if (status !== 0) fail('adam_update', status);
      } finally {
        leave();
      }
    },
    rmsprop_update(p, sq, buf, gavg, g, n, lr, alpha, eps, weight_decay, momentum) {
      const valid =
        holds(p, 'float', n) &&
        holds(sq, 'float', n) &&
        mayHold(buf, 'float', n) &&
        mayHold(gavg, 'float', n) &&
        holds(g, 'float', n) &&
        isSize(n) &&
        isNumber(lr) &&
        isNumber(alpha) &&
        isNumber(eps) &&
        isNumber(weight_decay) &&
        isNumber(momentum);
      if (!valid) refuse('rmsprop_update', kernelTable.rmsprop_update, [p, sq, buf, gavg, g, n, lr, alpha, eps,
          weight_decay, momentum]);
      try {
        const status = raw.u_rmsprop_update(ctx, enter(p, 'w'), enter(sq, 'w'), enter(buf, 'w'), enter(gavg, 'w'),
            enter(g, 'r'), n, lr, alpha, eps, weight_decay, momentum);
        if (status !== 0) fail('rmsprop_update', status);
      } finally {
        leave();
      }
    },
    adagrad_update(p, sum, g, n, lr, eps, weight_decay) {
      const valid =
        holds(p, 'float', n) &&
        holds(sum, 'float', n) &&
        holds(g, 'float', n) &&
        isSize(n) &&
        isNumber(lr) &&
        isNumber(eps) &&
        isNumber(weight_decay);
      if (!valid) refuse('adagrad_update', kernelTable.adagrad_update, [p, sum, g, n, lr, eps, weight_decay]);
      try {
        const status = raw.u_adagrad_update(ctx, enter(p, 'w'), enter(sum, 'w'), enter(g, 'r'), n, lr, eps,
            weight_decay);
        if (status !== 0) fail('adagrad_update', status);
      } finally {
        leave();
      }
    },
    rnn_sizes(sizes, cell, T, B, I, H, D, rows) {
      const valid =
        holds(sizes, 'double', 5) &&
        isInt(cell) &&
        isInt(T) &&
        isInt(B) &&
        isInt(I) &&
        isInt(H) &&
        isInt(D) &&
        isInt(rows);
      if (!valid) refuse('rnn_sizes', kernelTable.rnn_sizes, [sizes, cell, T, B, I, H, D, rows]);
      try {
        const status = raw.u_rnn_sizes(ctx, enter(sizes, 'w'), cell, T, B, I, H, D, rows);
        if (status !== 0) fail('rnn_sizes', status);
      } finally {
        leave();
      }
    },
    rnn_pack(packed, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, cell, gates, I, H, D, npacked) {
      const valid =
        holds(packed, 'float', npacked) &&
        holds(w_ih, 'float', gates * H * I) &&
        holds(w_hh, 'float', gates * H * H) &&
        mayHold(b_ih, 'float', gates * H) &&
        mayHold(b_hh, 'float', gates * H) &&
        mayHold(w_ih_r, 'float', gates * H * I) &&
        mayHold(w_hh_r, 'float', gates * H * H) &&
        mayHold(b_ih_r, 'float', gates * H) &&
        mayHold(b_hh_r, 'float', gates * H) &&
        isInt(cell) &&
        isSize(gates) &&
        isSize(I) &&
        isSize(H) &&
        isInt(D) &&
        isWideSize(npacked);
      if (!valid) refuse('rnn_pack', kernelTable.rnn_pack, [packed, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r,
          b_hh_r, cell, gates, I, H, D, npacked]);
      try {
        const status = raw.u_rnn_pack(ctx, enter(packed, 'w'), enter(w_ih, 'r'), enter(w_hh, 'r'), enter(b_ih, 'r'),
            enter(b_hh, 'r'), enter(w_ih_r, 'r'), enter(w_hh_r, 'r'), enter(b_ih_r, 'r'), enter(b_hh_r, 'r'), cell,
            gates, I, H, D, npacked);
        if (status !== 0) fail('rnn_pack', status);
      } finally {
        leave();
      }
    },
    rnn_forward(y, hn, cn, saved, scratch, packed, x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r,
        lengths, cell, gates, T, B, I, H, D, rows, nsaved, nscratch, npacked) {
      const valid =
        holds(y, 'float', T * B * D * H) &&
        holds(hn, 'float', D * B * H) &&
        mayHold(cn, 'float', D * B * H) &&
        mayHold(saved, 'float', nsaved) &&
        holds(scratch, 'float', nscratch) &&
        mayHold(packed, 'float', npacked) &&
        holds(x, 'float', T * B * I) &&
        mayHold(h0, 'float', D * B * H) &&
        mayHold(c0, 'float', D * B * H) &&
        holds(w_ih, 'float', gates * H * I) &&
        holds(w_hh, 'float', gates * H * H) &&
        mayHold(b_ih, 'float', gates * H) &&
        mayHold(b_hh, 'float', gates * H) &&
        mayHold(w_ih_r, 'float', gates * H * I) &&
        mayHold(w_hh_r, 'float', gates * H * H) &&
        mayHold(b_ih_r, 'float', gates * H) &&
        mayHold(b_hh_r, 'float', gates * H) &&
        mayHold(lengths, 'int', B) &&
        isInt(cell) &&
        isSize(gates) &&
        isSize(T) &&
        isSize(B) &&
        isSize(I) &&
        isSize(H) &&
        isSize(D) &&
        isInt(rows) &&
        isWideSize(nsaved) &&
        isWideSize(nscratch) &&
        isWideSize(npacked);
      if (!valid) refuse('rnn_forward', kernelTable.rnn_forward, [y, hn, cn, saved, scratch, packed, x, h0, c0, w_ih,
          w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, lengths, cell, gates, T, B, I, H, D, rows, nsaved, nscratch,
          npacked]);
      try {
        const status = raw.u_rnn_forward(ctx, enter(y, 'w'), enter(hn, 'w'), enter(cn, 'w'), enter(saved, 'w'),
            enter(scratch, 'w'), enter(packed, 'r'), enter(x, 'r'), enter(h0, 'r'), enter(c0, 'r'), enter(w_ih, 'r'),
            enter(w_hh, 'r'), enter(b_ih, 'r'), enter(b_hh, 'r'), enter(w_ih_r, 'r'), enter(w_hh_r, 'r'),
            enter(b_ih_r, 'r'), enter(b_hh_r, 'r'), enter(lengths, 'r'), cell, gates, T, B, I, H, D, rows, nsaved,
            nscratch, npacked);
        if (status !== 0) fail('rnn_forward', status);
      } finally {
        leave();
      }
    },
    rnn_backward(dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_ih_r, dw_hh_r, db_ih_r, db_hh_r, dy, dhn, dcn, x, h0, c0,
        w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, lengths, saved, scratch, cell, gates, T, B, I, H, D,
        rows, nsaved, nscratch) {
      const valid =
        mayHold(dx, 'float', T * B * I) &&
        mayHold(dh0, 'float', D * B * H) &&
        mayHold(dc0, 'float', D * B * H) &&
        mayHold(dw_ih, 'float', gates * H * I) &&
        mayHold(dw_hh, 'float', gates * H * H) &&
        mayHold(db_ih, 'float', gates * H) &&
        mayHold(db_hh, 'float', gates * H) &&
        mayHold(dw_ih_r, 'float', gates * H * I) &&
        mayHold(dw_hh_r, 'float', gates * H * H) &&
        mayHold(db_ih_r, 'float', gates * H) &&
        mayHold(db_hh_r, 'float', gates * H) &&
        mayHold(dy, 'float', T * B * D * H) &&
        mayHold(dhn, 'float', D * B * H) &&
        mayHold(dcn, 'float', D * B * H) &&
        holds(x, 'float', T * B * I) &&
        mayHold(h0, 'float', D * B * H) &&
        mayHold(c0, 'float', D * B * H) &&
        holds(w_ih, 'float', gates * H * I) &&
        holds(w_hh, 'float', gates * H * H) &&
        mayHold(b_ih, 'float', gates * H) &&
        mayHold(b_hh, 'float', gates * H) &&
        mayHold(w_ih_r, 'float', gates * H * I) &&
        mayHold(w_hh_r, 'float', gates * H * H) &&
        mayHold(b_ih_r, 'float', gates * H) &&
        mayHold(b_hh_r, 'float', gates * H) &&
        mayHold(lengths, 'int', B) &&
        holds(saved, 'float', nsaved) &&
        holds(scratch, 'float', nscratch) &&
        isInt(cell) &&
        isSize(gates) &&
        isSize(T) &&
        isSize(B) &&
        isSize(I) &&
        isSize(H) &&
        isSize(D) &&
        isInt(rows) &&
        isWideSize(nsaved) &&
        isWideSize(nscratch);
      if (!valid) refuse('rnn_backward', kernelTable.rnn_backward, [dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_ih_r,
          dw_hh_r, db_ih_r, db_hh_r, dy, dhn, dcn, x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r,
          lengths, saved, scratch, cell, gates, T, B, I, H, D, rows, nsaved, nscratch]);
      try {
        const status = raw.u_rnn_backward(ctx, enter(dx, 'w'), enter(dh0, 'w'), enter(dc0, 'w'), enter(dw_ih, 'w'),
            enter(dw_hh, 'w'), enter(db_ih, 'w'), enter(db_hh, 'w'), enter(dw_ih_r, 'w'), enter(dw_hh_r, 'w'),
            enter(db_ih_r, 'w'), enter(db_hh_r, 'w'), enter(dy, 'r'), enter(dhn, 'r'), enter(dcn, 'r'), enter(x, 'r'),
            enter(h0, 'r'), enter(c0, 'r'), enter(w_ih, 'r'), enter(w_hh, 'r'), enter(b_ih, 'r'), enter(b_hh, 'r'),
            enter(w_ih_r, 'r'), enter(w_hh_r, 'r'), enter(b_ih_r, 'r'), enter(b_hh_r, 'r'), enter(lengths, 'r'),
            enter(saved, 'r'), enter(scratch, 'w'), cell, gates, T, B, I, H, D, rows, nsaved, nscratch);
        if (status !== 0) fail('rnn_backward', status);
      } finally {
        leave();
      }
    },
    rnn_quantized_sizes(sizes, precision, cell, T, B, I, H, D, rows) {
      const valid =
        holds(sizes, 'double', 2) &&
        isInt(precision) &&
        isInt(cell) &&
        isInt(T) &&
        isInt(B) &&
        isInt(I) &&
        isInt(H) &&
        isInt(D) &&
        isInt(rows);
      if (!valid) refuse('rnn_quantized_sizes', kernelTable.rnn_quantized_sizes, [sizes, precision, cell, T, B, I, H, D,
          rows]);
      try {
        const status = raw.u_rnn_quantized_sizes(ctx, enter(sizes, 'w'), precision, cell, T, B, I, H, D, rows);
        if (status !== 0) fail('rnn_quantized_sizes', status);
      } finally {
        leave();
      }
    },
    rnn_quantize(packed, error, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, precision, cell, gates, I, H, D,
        npacked) {
      const valid =
        holds(packed, 'float', npacked) &&
        holds(error, 'double', 1) &&
        holds(w_ih, 'float', gates * H * I) &&
        holds(w_hh, 'float', gates * H * H) &&
        mayHold(b_ih, 'float', gates * H) &&
        mayHold(b_hh, 'float', gates * H) &&
        mayHold(w_ih_r, 'float', gates * H * I) &&
        mayHold(w_hh_r, 'float', gates * H * H) &&
        mayHold(b_ih_r, 'float', gates * H) &&
        mayHold(b_hh_r, 'float', gates * H) &&
        isInt(precision) &&
        isInt(cell) &&
        isSize(gates) &&
        isSize(I) &&
        isSize(H) &&
        isInt(D) &&
        isWideSize(npacked);
      if (!valid) refuse('rnn_quantize', kernelTable.rnn_quantize, [packed, error, w_ih, w_hh, b_ih, b_hh, w_ih_r,
          w_hh_r, b_ih_r, b_hh_r, precision, cell, gates, I, H, D, npacked]);
      try {
        const status = raw.u_rnn_quantize(ctx, enter(packed, 'w'), enter(error, 'w'), enter(w_ih, 'r'),
            enter(w_hh, 'r'), enter(b_ih, 'r'), enter(b_hh, 'r'), enter(w_ih_r, 'r'), enter(w_hh_r, 'r'),
            enter(b_ih_r, 'r'), enter(b_hh_r, 'r'), precision, cell, gates, I, H, D, npacked);
        if (status !== 0) fail('rnn_quantize', status);
      } finally {
        leave();
      }
    },
    rnn_quantized_forward(y, hn, cn, scratch, packed, x, h0, c0, lengths, precision, cell, gates, T, B, I, H, D, rows,
        nscratch, npacked) {
      const valid =
        holds(y, 'float', T * B * D * H) &&
        holds(hn, 'float', D * B * H) &&
        mayHold(cn, 'float', D * B * H) &&
        holds(scratch, 'float', nscratch) &&
        holds(packed, 'float', npacked) &&
        holds(x, 'float', T * B * I) &&
        mayHold(h0, 'float', D * B * H) &&
        mayHold(c0, 'float', D * B * H) &&
        mayHold(lengths, 'int', B) &&
        isInt(precision) &&
        isInt(cell) &&
        isInt(gates) &&
        isSize(T) &&
        isSize(B) &&
        isSize(I) &&
        isSize(H) &&
        isSize(D) &&
        isInt(rows) &&
        isWideSize(nscratch) &&
        isWideSize(npacked);
      if (!valid) refuse('rnn_quantized_forward', kernelTable.rnn_quantized_forward, [y, hn, cn, scratch, packed, x, h0,
          c0, lengths, precision, cell, gates, T, B, I, H, D, rows, nscratch, npacked]);
      try {
        const status = raw.u_rnn_quantized_forward(ctx, enter(y, 'w'), enter(hn, 'w'), enter(cn, 'w'),
            enter(scratch, 'w'), enter(packed, 'r'), enter(x, 'r'), enter(h0, 'r'), enter(c0, 'r'), enter(lengths, 'r'),
            precision, cell, gates, T, B, I, H, D, rows, nscratch, npacked);
        if (status !== 0) fail('rnn_quantized_forward', status);
      } finally {
        leave();
      }
    },
    rnn_general_sizes(sizes, cell, features, T, B, I, H, R, rows, keep) {
      const valid =
        holds(sizes, 'double', 5) &&
        isInt(cell) &&
        isInt(features) &&
        isInt(T) &&
        isInt(B) &&
        isInt(I) &&
        isInt(H) &&
        isInt(R) &&
        isInt(rows) &&
        isInt(keep);
      if (!valid) refuse('rnn_general_sizes', kernelTable.rnn_general_sizes, [sizes, cell, features, T, B, I, H, R,
          rows, keep]);
      try {
        const status = raw.u_rnn_general_sizes(ctx, enter(sizes, 'w'), cell, features, T, B, I, H, R, rows, keep);
        if (status !== 0) fail('rnn_general_sizes', status);
      } finally {
        leave();
      }
    },
    rnn_general_pack(packed, w_ih, w_hh, b_ih, b_hh, w_hr, cell, gates, features, I, H, R, npacked) {
      const valid =
        holds(packed, 'float', npacked) &&
        holds(w_ih, 'float', gates * H * I) &&
        mayHold(w_hh, 'float', gates * H * R) &&
        mayHold(b_ih, 'float', gates * H) &&
        mayHold(b_hh, 'float', gates * H) &&
        mayHold(w_hr, 'float', R * H) &&
        isInt(cell) &&
        isSize(gates) &&
        isInt(features) &&
        isSize(I) &&
        isSize(H) &&
        isSize(R) &&
        isWideSize(npacked);
      if (!valid) refuse('rnn_general_pack', kernelTable.rnn_general_pack, [packed, w_ih, w_hh, b_ih, b_hh, w_hr, cell,
          gates, features, I, H, R, npacked]);
      try {
        const status = raw.u_rnn_general_pack(ctx, enter(packed, 'w'), enter(w_ih, 'r'), enter(w_hh, 'r'),
            enter(b_ih, 'r'), enter(b_hh, 'r'), enter(w_hr, 'r'), cell, gates, features, I, H, R, npacked);
        if (status !== 0) fail('rnn_general_pack', status);
      } finally {
        leave();
      }
    },
    rnn_general_forward(y, hn, cn, saved, scratch, packed, x, ids, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih,
        ln_hh, ln_c, ln_c_bias, drop, zone_h, zone_c, lengths, options, cell, gates, units, features, T, B, I, H, R,
        rows, reverse, width, column, keep, nsaved, nscratch, npacked) {
      const valid =
        holds(y, 'float', T * B * width) &&
        holds(hn, 'float', B * R) &&
        mayHold(cn, 'float', B * H) &&
        mayHold(saved, 'float', nsaved) &&
        holds(scratch, 'float', nscratch) &&
        mayHold(packed, 'float', npacked) &&
        mayHold(x, 'float', T * B * I) &&
        mayHold(ids, 'int', T * B) &&
        mayHold(h0, 'float', B * R) &&
        mayHold(c0, 'float', B * H) &&
        holds(w_ih, 'float', gates * H * I) &&
        mayHold(w_hh, 'float', gates * H * R) &&
        mayHold(b_ih, 'float', gates * H) &&
        mayHold(b_hh, 'float', gates * H) &&
        mayHold(w_hr, 'float', R * H) &&
        mayHold(w_unit, 'float', units * H) &&
        mayHold(ln_ih, 'float', gates * H) &&
        mayHold(ln_hh, 'float', gates * H) &&
        mayHold(ln_c, 'float', H) &&
        mayHold(ln_c_bias, 'float', H) &&
        mayHold(drop, 'float', B * R) &&
        mayHold(zone_h, 'float', T * B * R) &&
        mayHold(zone_c, 'float', T * B * H) &&
        mayHold(lengths, 'int', B) &&
        holds(options, 'double', 13) &&
        isInt(cell) &&
        isSize(gates) &&
        isSize(units) &&
        isInt(features) &&
        isSize(T) &&
        isSize(B) &&
        isSize(I) &&
        isSize(H) &&
        isSize(R) &&
        isInt(rows) &&
        isInt(reverse) &&
        isSize(width) &&
        isInt(column) &&
        isInt(keep) &&
        isWideSize(nsaved) &&
        isWideSize(nscratch) &&
        isWideSize(npacked);
      if (!valid) refuse('rnn_general_forward', kernelTable.rnn_general_forward, [y, hn, cn, saved, scratch, packed, x,
          ids, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih, ln_hh, ln_c, ln_c_bias, drop, zone_h, zone_c,
          lengths, options, cell, gates, units, features, T, B, I, H, R, rows, reverse, width, column, keep, nsaved,
          nscratch, npacked]);
      try {
        const status = raw.u_rnn_general_forward(ctx, enter(y, 'w'), enter(hn, 'w'), enter(cn, 'w'), enter(saved, 'w'),
            enter(scratch, 'w'), enter(packed, 'r'), enter(x, 'r'), enter(ids, 'r'), enter(h0, 'r'), enter(c0, 'r'),
            enter(w_ih, 'r'), enter(w_hh, 'r'), enter(b_ih, 'r'), enter(b_hh, 'r'), enter(w_hr, 'r'),
            enter(w_unit, 'r'), enter(ln_ih, 'r'), enter(ln_hh, 'r'), enter(ln_c, 'r'), enter(ln_c_bias, 'r'),
            enter(drop, 'r'), enter(zone_h, 'r'), enter(zone_c, 'r'), enter(lengths, 'r'), enter(options, 'r'), cell,
            gates, units, features, T, B, I, H, R, rows, reverse, width, column, keep, nsaved, nscratch, npacked);
        if (status !== 0) fail('rnn_general_forward', status);
      } finally {
        leave();
      }
    },
    rnn_general_backward(dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_hr, dw_unit, dln_ih, dln_hh, dln_c, dln_c_bias,
        steps, contributions, dy, dhn, dcn, x, ids, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih, ln_hh, ln_c, ln_c_bias,
        drop, zone_h, zone_c, lengths, options, saved, scratch, cell, gates, units, features, T, B, I, H, R, rows,
        reverse, width, column, keep, nsteps, nsaved, nscratch) {
      const valid =
        mayHold(dx, 'float', T * B * I) &&
        mayHold(dh0, 'float', B * R) &&
        mayHold(dc0, 'float', B * H) &&
        mayHold(dw_ih, 'float', gates * H * I) &&
        mayHold(dw_hh, 'float', gates * H * R) &&
        mayHold(db_ih, 'float', gates * H) &&
        mayHold(db_hh, 'float', gates * H) &&
        mayHold(dw_hr, 'float', R * H) &&
        mayHold(dw_unit, 'float', units * H) &&
        mayHold(dln_ih, 'float', gates * H) &&
        mayHold(dln_hh, 'float', gates * H) &&
        mayHold(dln_c, 'float', H) &&
        mayHold(dln_c_bias, 'float', H) &&
        mayHold(steps, 'float', T * B * nsteps) &&
        mayHold(contributions, 'double', T * 3) &&
        mayHold(dy, 'float', T * B * width) &&
        mayHold(dhn, 'float', B * R) &&
        mayHold(dcn, 'float', B * H) &&
        mayHold(x, 'float', T * B * I) &&
        mayHold(ids, 'int', T * B) &&
        holds(w_ih, 'float', gates * H * I) &&
        mayHold(w_hh, 'float', gates * H * R) &&
        mayHold(b_ih, 'float', gates * H) &&
        mayHold(b_hh, 'float', gates * H) &&
        mayHold(w_hr, 'float', R * H) &&
        mayHold(w_unit, 'float', units * H) &&
        mayHold(ln_ih, 'float', gates * H) &&
        mayHold(ln_hh, 'float', gates * H) &&
        mayHold(ln_c, 'float', H) &&
        mayHold(ln_c_bias, 'float', H) &&
        mayHold(drop, 'float', B * R) &&
        mayHold(zone_h, 'float', T * B * R) &&
        mayHold(zone_c, 'float', T * B * H) &&
        mayHold(lengths, 'int', B) &&
        holds(options, 'double', 13) &&
        holds(saved, 'float', nsaved) &&
        holds(scratch, 'float', nscratch) &&
        isInt(cell) &&
        isSize(gates) &&
        isSize(units) &&
        isInt(features) &&
        isSize(T) &&
        isSize(B) &&
        isSize(I) &&
        isSize(H) &&
        isSize(R) &&
        isInt(rows) &&
        isInt(reverse) &&
        isSize(width) &&
        isInt(column) &&
        isInt(keep) &&
        isSize(nsteps) &&
        isWideSize(nsaved) &&
        isWideSize(nscratch);
      if (!valid) refuse('rnn_general_backward', kernelTable.rnn_general_backward, [dx, dh0, dc0, dw_ih, dw_hh, db_ih,
          db_hh, dw_hr, dw_unit, dln_ih, dln_hh, dln_c, dln_c_bias, steps, contributions, dy, dhn, dcn, x, ids, w_ih,
          w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih, ln_hh, ln_c, ln_c_bias, drop, zone_h, zone_c, lengths, options, saved,
          scratch, cell, gates, units, features, T, B, I, H, R, rows, reverse, width, column, keep, nsteps, nsaved,
          nscratch]);
      try {
        const status = raw.u_rnn_general_backward(ctx, enter(dx, 'w'), enter(dh0, 'w'), enter(dc0, 'w'),
            enter(dw_ih, 'w'), enter(dw_hh, 'w'), enter(db_ih, 'w'), enter(db_hh, 'w'), enter(dw_hr, 'w'),
            enter(dw_unit, 'w'), enter(dln_ih, 'w'), enter(dln_hh, 'w'), enter(dln_c, 'w'), enter(dln_c_bias, 'w'),
            enter(steps, 'w'), enter(contributions, 'w'), enter(dy, 'r'), enter(dhn, 'r'), enter(dcn, 'r'),
            enter(x, 'r'), enter(ids, 'r'), enter(w_ih, 'r'), enter(w_hh, 'r'), enter(b_ih, 'r'), enter(b_hh, 'r'),
            enter(w_hr, 'r'), enter(w_unit, 'r'), enter(ln_ih, 'r'), enter(ln_hh, 'r'), enter(ln_c, 'r'),
            enter(ln_c_bias, 'r'), enter(drop, 'r'), enter(zone_h, 'r'), enter(zone_c, 'r'), enter(lengths, 'r'),
            enter(options, 'r'), enter(saved, 'r'), enter(scratch, 'w'), cell, gates, units, features, T, B, I, H, R,
            rows, reverse, width, column, keep, nsteps, nsaved, nscratch);
        if (status !== 0) fail('rnn_general_backward', status);
      } finally {
        leave();
      }
    },
    fma_peak(flops, rounds) {
      const valid =
        holds(flops, 'double', 1) &&
        isInt(rounds);
      if (!valid) refuse('fma_peak', kernelTable.fma_peak, [flops, rounds]);
      try {
        const status = raw.u_fma_peak(ctx, enter(flops, 'w'), rounds);
        if (status !== 0) fail('fma_peak', status);
      } finally {
        leave();
      }
    },
  };
}

/** What frameKernels needs of the native backend. */
export interface FrameBinding {
  /** The arguments of the next call, which the addon reads. */
  readonly frame: Float64Array;
  call(index: number): number;
  /** Writes the address of a storage that kernels may follow into the frame. False: it is none of that element and length. */
  put(slot: number, storage: Storage, element: Element, length: number): boolean;
  /** Throws what is wrong with a storage, if anything is that has nothing to do with the kernel. */
  admit(storage: Storage): void;
}

/** The same for the native addon: arguments are written into its frame, then one call by index. */
export function frameKernels(binding: FrameBinding): Kernels {
  const f = binding.frame;
  const call = (index: number): number => binding.call(index);
  const admit = (storage: Storage): void => binding.admit(storage);
  const put = (slot: number, storage: Storage | null, element: Element, length: number): boolean =>
    storage != null && binding.put(slot, storage, element, length);
  const mayPut = (slot: number, storage: Storage | null, element: Element, length: number): boolean => {
    if (storage !== null) return put(slot, storage, element, length);
    f[slot] = 0;
    return true;
  };
  return {
    fill(y, n, value) {
      const valid =
        put(0, y, 'float', n) &&
        isSize(n) &&
        isNumber(value);
      if (!valid) refuse('fill', kernelTable.fill, [y, n, value], admit);
      f[1] = n; f[2] = value;
      const status = call(0);
      if (status !== 0) fail('fill', status);
    },
    axpy(y, x, n, alpha) {
      const valid =
        put(0, y, 'float', n) &&
        put(1, x, 'float', n) &&
        isSize(n) &&
        isNumber(alpha);
      if (!valid) refuse('axpy', kernelTable.axpy, [y, x, n, alpha], admit);
      f[2] = n; f[3] = alpha;
      const status = call(1);
      if (status !== 0) fail('axpy', status);
    },
    affine(y, x, n, alpha, beta) {
      const valid =
        put(0, y, 'float', n) &&
        put(1, x, 'float', n) &&
        isSize(n) &&
        isNumber(alpha) &&
        isNumber(beta);
      if (!valid) refuse('affine', kernelTable.affine, [y, x, n, alpha, beta], admit);
      f[2] = n; f[3] = alpha; f[4] = beta;
      const status = call(2);
      if (status !== 0) fail('affine', status);
    },
    clamp(y, x, n, low, high) {
      const valid =
        put(0, y, 'float', n) &&
        put(1, x, 'float', n) &&
        isSize(n) &&
        isNumber(low) &&
        isNumber(high);
      if (!valid) refuse('clamp', kernelTable.clamp, [y, x, n, low, high], admit);
      f[2] = n; f[3] = low; f[4] = high;
      const status = call(3);
      if (status !== 0) fail('clamp', status);
    },
    binary_forward(y, a, b, n, op) {
      const valid =
        put(0, y, 'float', n) &&
        put(1, a, 'float', n) &&
        put(2, b, 'float', n) &&
        isSize(n) &&
        isInt(op);
      if (!valid) refuse('binary_forward', kernelTable.binary_forward, [y, a, b, n, op], admit);
      f[3] = n; f[4] = op;
      const status = call(4);
      if (status !== 0) fail('binary_forward', status);
    },
    binary_backward(da, db, dy, a, b, n, op) {
      const valid =
        mayPut(0, da, 'float', n) &&
        mayPut(1, db, 'float', n) &&
        put(2, dy, 'float', n) &&
        put(3, a, 'float', n) &&
        put(4, b, 'float', n) &&
        isSize(n) &&
        isInt(op);
      if (!valid) refuse('binary_backward', kernelTable.binary_backward, [da, db, dy, a, b, n, op], admit);
      f[5] = n; f[6] = op;
      const status = call(5);
      if (status !== 0) fail('binary_backward', status);
    },
    activation_forward(y, x, n, kind) {
      const valid =
        put(0, y, 'float', n) &&
        put(1, x, 'float', n) &&
        isSize(n) &&
        isInt(kind);
      if (!valid) refuse('activation_forward', kernelTable.activation_forward, [y, x, n, kind], admit);
      f[2] = n; f[3] = kind;
      const status = call(6);
      if (status !== 0) fail('activation_forward', status);
    },
    activation_backward(dx, dy, x, y, n, kind) {
      const valid =
        put(0, dx, 'float', n) &&
        put(1, dy, 'float', n) &&
        put(2, x, 'float', n) &&
        put(3, y, 'float', n) &&
        isSize(n) &&
        isInt(kind);
      if (!valid) refuse('activation_backward', kernelTable.activation_backward, [dx, dy, x, y, n, kind], admit);
      f[4] = n; f[5] = kind;
      const status = call(7);
      if (status !== 0) fail('activation_backward', status);
    },
    dropout_forward(y, mask, x, n, p, seed_lo, seed_hi) {
      const valid =
        put(0, y, 'float', n) &&
        put(1, mask, 'float', n) &&
        put(2, x, 'float', n) &&
        isSize(n) &&
        isNumber(p) &&
        isInt(seed_lo) &&
        isInt(seed_hi);
      if (!valid) refuse('dropout_forward', kernelTable.dropout_forward, [y, mask, x, n, p, seed_lo, seed_hi], admit);
      f[3] = n; f[4] = p; f[5] = seed_lo; f[6] = seed_hi;
      const status = call(8);
      if (status !== 0) fail('dropout_forward', status);
    },
    expand(y, x, outer, mid, inner) {
      const valid =
        put(0, y, 'float', outer * mid * inner) &&
        put(1, x, 'float', outer * inner) &&
        isSize(outer) &&
        isSize(mid) &&
        isSize(inner);
      if (!valid) refuse('expand', kernelTable.expand, [y, x, outer, mid, inner], admit);
      f[2] = outer; f[3] = mid; f[4] = inner;
      const status = call(9);
      if (status !== 0) fail('expand', status);
    },
    reduce_sum(y, x, outer, mid, inner, scale) {
      const valid =
        put(0, y, 'float', outer * inner) &&
        put(1, x, 'float', outer * mid * inner) &&
        isSize(outer) &&
        isSize(mid) &&
        isSize(inner) &&
        isNumber(scale);
      if (!valid) refuse('reduce_sum', kernelTable.reduce_sum, [y, x, outer, mid, inner, scale], admit);
      f[2] = outer; f[3] = mid; f[4] = inner; f[5] = scale;
      const status = call(10);
      if (status !== 0) fail('reduce_sum', status);
    },
    transpose(y, x, outer, a, mid, b, inner) {
      const valid =
        put(0, y, 'float', outer * b * mid * a * inner) &&
        put(1, x, 'float', outer * a * mid * b * inner) &&
        isSize(outer) &&
        isSize(a) &&
        isSize(mid) &&
        isSize(b) &&
        isSize(inner);
      if (!valid) refuse('transpose', kernelTable.transpose, [y, x, outer, a, mid, b, inner], admit);
      f[2] = outer; f[3] = a; f[4] = mid; f[5] = b; f[6] = inner;
      const status = call(11);
      if (status !== 0) fail('transpose', status);
    },
    slice_forward(y, x, outer, n, inner, start, count) {
      const valid =
        put(0, y, 'float', outer * count * inner) &&
        put(1, x, 'float', outer * n * inner) &&
        isSize(outer) &&
        isSize(n) &&
        isSize(inner) &&
        isInt(start) &&
        isSize(count);
      if (!valid) refuse('slice_forward', kernelTable.slice_forward, [y, x, outer, n, inner, start, count], admit);
      f[2] = outer; f[3] = n; f[4] = inner; f[5] = start; f[6] = count;
      const status = call(12);
      if (status !== 0) fail('slice_forward', status);
    },
    slice_backward(dx, dy, outer, n, inner, start, count) {
      const valid =
        put(0, dx, 'float', outer * n * inner) &&
        put(1, dy, 'float', outer * count * inner) &&
        isSize(outer) &&
        isSize(n) &&
        isSize(inner) &&
        isInt(start) &&
        isSize(count);
      if (!valid) refuse('slice_backward', kernelTable.slice_backward, [dx, dy, outer, n, inner, start, count], admit);
      f[2] = outer; f[3] = n; f[4] = inner; f[5] = start; f[6] = count;
      const status = call(13);
      if (status !== 0) fail('slice_backward', status);
    },
    place(y, x, outer, n, inner, start, count) {
      const valid =
        put(0, y, 'float', outer * n * inner) &&
        put(1, x, 'float', outer * count * inner) &&
        isSize(outer) &&
        isSize(n) &&
        isSize(inner) &&
        isInt(start) &&
        isSize(count);
      if (!valid) refuse('place', kernelTable.place, [y, x, outer, n, inner, start, count], admit);
      f[2] = outer; f[3] = n; f[4] = inner; f[5] = start; f[6] = count;
      const status = call(14);
      if (status !== 0) fail('place', status);
    },
    gather_forward(y, x, index, outer, n, m, inner) {
      const valid =
        put(0, y, 'float', outer * m * inner) &&
        put(1, x, 'float', outer * n * inner) &&
        put(2, index, 'int', outer * m * inner) &&
        isSize(outer) &&
        isSize(n) &&
        isSize(m) &&
        isSize(inner);
      if (!valid) refuse('gather_forward', kernelTable.gather_forward, [y, x, index, outer, n, m, inner], admit);
      f[3] = outer; f[4] = n; f[5] = m; f[6] = inner;
      const status = call(15);
      if (status !== 0) fail('gather_forward', status);
    },
    gather_backward(dx, dy, index, outer, n, m, inner) {
      const valid =
        put(0, dx, 'float', outer * n * inner) &&
        put(1, dy, 'float', outer * m * inner) &&
        put(2, index, 'int', outer * m * inner) &&
        isSize(outer) &&
        isSize(n) &&
        isSize(m) &&
        isSize(inner);
      if (!valid) refuse('gather_backward', kernelTable.gather_backward, [dx, dy, index, outer, n, m, inner], admit);
      f[3] = outer; f[4] = n; f[5] = m; f[6] = inner;
      const status = call(16);
      if (status !== 0) fail('gather_backward', status);
    },
    matmul_forward(y, a, b, P, M, N, K) {
      const valid =
        put(0, y, 'float', P * M * N) &&
        put(1, a, 'float', P * M * K) &&
        put(2, b, 'float', P * K * N) &&
        isSize(P) &&
        isSize(M) &&
        isSize(N) &&
        isSize(K);
      if (!valid) refuse('matmul_forward', kernelTable.matmul_forward, [y, a, b, P, M, N, K], admit);
      f[3] = P; f[4] = M; f[5] = N; f[6] = K;
      const status = call(17);
      if (status !== 0) fail('matmul_forward', status);
    },
    matmul_backward(da, db, dy, a, b, P, M, N, K) {
      const valid =
        mayPut(0, da, 'float', P * M * K) &&
        mayPut(1, db, 'float', P * K * N) &&
        put(2, dy, 'float', P * M * N) &&
        put(3, a, 'float', P * M * K) &&
        put(4, b, 'float', P * K * N) &&
        isSize(P) &&
        isSize(M) &&
        isSize(N) &&
        isSize(K);
      if (!valid) refuse('matmul_backward', kernelTable.matmul_backward, [da, db, dy, a, b, P, M, N, K], admit);
      f[5] = P; f[6] = M; f[7] = N; f[8] = K;
      const status = call(18);
      if (status !== 0) fail('matmul_backward', status);
    },
    linear_forward(y, x, w, b, N, I, O) {
      const valid =
        put(0, y, 'float', N * O) &&
        put(1, x, 'float', N * I) &&
        put(2, w, 'float', O * I) &&
        mayPut(3, b, 'float', O) &&
        isSize(N) &&
        isSize(I) &&
        isSize(O);
      if (!valid) refuse('linear_forward', kernelTable.linear_forward, [y, x, w, b, N, I, O], admit);
      f[4] = N; f[5] = I; f[6] = O;
      const status = call(19);
      if (status !== 0) fail('linear_forward', status);
    },
    linear_backward(dx, dw, db, dy, x, w, N, I, O) {
      const valid =
        mayPut(0, dx, 'float', N * I) &&
        mayPut(1, dw, 'float', O * I) &&
        mayPut(2, db, 'float', O) &&
        put(3, dy, 'float', N * O) &&
        put(4, x, 'float', N * I) &&
        put(5, w, 'float', O * I) &&
        isSize(N) &&
        isSize(I) &&
        isSize(O);
      if (!valid) refuse('linear_backward', kernelTable.linear_backward, [dx, dw, db, dy, x, w, N, I, O], admit);
      f[6] = N; f[7] = I; f[8] = O;
      const status = call(20);
      if (status !== 0) fail('linear_backward', status);
    },
    softmax_forward(y, x, N, C) {
      const valid =
        put(0, y, 'float', N * C) &&
        put(1, x, 'float', N * C) &&
        isSize(N) &&
        isSize(C);
      if (!valid) refuse('softmax_forward', kernelTable.softmax_forward, [y, x, N, C], admit);
      f[2] = N; f[3] = C;
      const status = call(21);
      if (status !== 0) fail('softmax_forward', status);
    },
    softmax_backward(dx, dy, y, N, C) {
      const valid =
        put(0, dx, 'float', N * C) &&
        put(1, dy, 'float', N * C) &&
        put(2, y, 'float', N * C) &&
        isSize(N) &&
        isSize(C);
      if (!valid) refuse('softmax_backward', kernelTable.softmax_backward, [dx, dy, y, N, C], admit);
      f[3] = N; f[4] = C;
      const status = call(22);
      if (status !== 0) fail('softmax_backward', status);
    },
    log_softmax_forward(y, x, N, C) {
      const valid =
        put(0, y, 'float', N * C) &&
        put(1, x, 'float', N * C) &&
        isSize(N) &&
        isSize(C);
      if (!valid) refuse('log_softmax_forward', kernelTable.log_softmax_forward, [y, x, N, C], admit);
      f[2] = N; f[3] = C;
      const status = call(23);
      if (status !== 0) fail('log_softmax_forward', status);
    },
    log_softmax_backward(dx, dy, y, N, C) {
      const valid =
        put(0, dx, 'float', N * C) &&
        put(1, dy, 'float', N * C) &&
        put(2, y, 'float', N * C) &&
        isSize(N) &&
        isSize(C);
      if (!valid) refuse('log_softmax_backward', kernelTable.log_softmax_backward, [dx, dy, y, N, C], admit);
      f[3] = N; f[4] = C;
      const status = call(24);
      if (status !== 0) fail('log_softmax_backward', status);
    },
    layer_norm_forward(y, mean, rstd, x, gamma, beta, N, C, eps) {
      const valid =
        put(0, y, 'float', N * C) &&
        put(1, mean, 'float', N) &&
        put(2, rstd, 'float', N) &&
        put(3, x, 'float', N * C) &&
        mayPut(4, gamma, 'float', C) &&
        mayPut(5, beta, 'float', C) &&
        isSize(N) &&
        isSize(C) &&
        isNumber(eps);
      if (!valid) refuse('layer_norm_forward', kernelTable.layer_norm_forward, [y, mean, rstd, x, gamma, beta, N, C,
          eps], admit);
      f[6] = N; f[7] = C; f[8] = eps;
      const status = call(25);
      if (status !== 0) fail('layer_norm_forward', status);
    },
    layer_norm_backward(dx, dgamma, dbeta, dy, x, mean, rstd, gamma, N, C) {
      const valid =
        mayPut(0, dx, 'float', N * C) &&
        mayPut(1, dgamma, 'float', C) &&
        mayPut(2, dbeta, 'float', C) &&
        put(3, dy, 'float', N * C) &&
        put(4, x, 'float', N * C) &&
        put(5, mean, 'float', N) &&
        put(6, rstd, 'float', N) &&
        mayPut(7, gamma, 'float', C) &&
        isSize(N) &&
        isSize(C);
      if (!valid) refuse('layer_norm_backward', kernelTable.layer_norm_backward, [dx, dgamma, dbeta, dy, x, mean, rstd,
          gamma, N, C], admit);
      f[8] = N; f[9] = C;
      const status = call(26);
      if (status !== 0) fail('layer_norm_backward', status);
    },
    embedding_forward(y, w, index, N, V, E) {
      const valid =
        put(0, y, 'float', N * E) &&
        put(1, w, 'float', V * E) &&
        put(2, index, 'int', N) &&
        isSize(N) &&
        isSize(V) &&
        isSize(E);
      if (!valid) refuse('embedding_forward', kernelTable.embedding_forward, [y, w, index, N, V, E], admit);
      f[3] = N; f[4] = V; f[5] = E;
      const status = call(27);
      if (status !== 0) fail('embedding_forward', status);
    },
    embedding_backward(dw, dy, index, N, V, E, padding_idx) {
      const valid =
        put(0, dw, 'float', V * E) &&
        put(1, dy, 'float', N * E) &&
        put(2, index, 'int', N) &&
        isSize(N) &&
        isSize(V) &&
        isSize(E) &&
        isInt(padding_idx);
      if (!valid) refuse('embedding_backward', kernelTable.embedding_backward, [dw, dy, index, N, V, E,
          padding_idx], admit);
      f[3] = N; f[4] = V; f[5] = E; f[6] = padding_idx;
      const status = call(28);
      if (status !== 0) fail('embedding_backward', status);
    },
    cross_entropy_forward(loss, logp, denominator, logits, target, weight, N, C, L, ignore_index, label_smoothing,
        reduction) {
      const valid =
        put(0, loss, 'float', L) &&
        put(1, logp, 'float', N * C) &&
        put(2, denominator, 'float', 1) &&
        put(3, logits, 'float', N * C) &&
        put(4, target, 'int', N) &&
        mayPut(5, weight, 'float', C) &&
        isSize(N) &&
        isSize(C) &&
        isSize(L) &&
        isInt(ignore_index) &&
        isNumber(label_smoothing) &&
        isInt(reduction);
      if (!valid) refuse('cross_entropy_forward', kernelTable.cross_entropy_forward, [loss, logp, denominator, logits,
          target, weight, N, C, L, ignore_index, label_smoothing, reduction], admit);
      f[6] = N; f[7] = C; f[8] = L; f[9] = ignore_index; f[10] = label_smoothing; f[11] = reduction;
      const status = call(29);
      if (status !== 0) fail('cross_entropy_forward', status);
    },
    cross_entropy_backward(dlogits, dloss, logp, denominator, target, weight, N, C, L, ignore_index, label_smoothing,
        reduction) {
      const valid =
        put(0, dlogits, 'float', N * C) &&
        put(1, dloss, 'float', L) &&
        put(2, logp, 'float', N * C) &&
        put(3, denominator, 'float', 1) &&
        put(4, target, 'int', N) &&
        mayPut(5, weight, 'float', C) &&
        isSize(N) &&
        isSize(C) &&
        isSize(L) &&
        isInt(ignore_index) &&
        isNumber(label_smoothing) &&
        isInt(reduction);
      if (!valid) refuse('cross_entropy_backward', kernelTable.cross_entropy_backward, [dlogits, dloss, logp,
          denominator, target, weight, N, C, L, ignore_index, label_smoothing, reduction], admit);
      f[6] = N; f[7] = C; f[8] = L; f[9] = ignore_index; f[10] = label_smoothing; f[11] = reduction;
      const status = call(30);
      if (status !== 0) fail('cross_entropy_backward', status);
    },
    bce_with_logits_forward(loss, x, t, weight, pos_weight, n, L, reduction) {
      const valid =
        put(0, loss, 'float', L) &&
        put(1, x, 'float', n) &&
        put(2, t, 'float', n) &&
        mayPut(3, weight, 'float', n) &&
        mayPut(4, pos_weight, 'float', n) &&
        isSize(n) &&
        isSize(L) &&
        isInt(reduction);
      if (!valid) refuse('bce_with_logits_forward', kernelTable.bce_with_logits_forward, [loss, x, t, weight,
          pos_weight, n, L, reduction], admit);
      f[5] = n; f[6] = L; f[7] = reduction;
      const status = call(31);
      if (status !== 0) fail('bce_with_logits_forward', status);
    },
    bce_with_logits_backward(dx, dloss, x, t, weight, pos_weight, n, L, reduction) {
      const valid =
        put(0, dx, 'float', n) &&
        put(1, dloss, 'float', L) &&
        put(2, x, 'float', n) &&
        put(3, t, 'float', n) &&
        mayPut(4, weight, 'float', n) &&
        mayPut(5, pos_weight, 'float', n) &&
        isSize(n) &&
        isSize(L) &&
        isInt(reduction);
      if (!valid) refuse('bce_with_logits_backward', kernelTable.bce_with_logits_backward, [dx, dloss, x, t, weight,
          pos_weight, n, L, reduction], admit);
      f[6] = n; f[7] = L; f[8] = reduction;
      const status = call(32);
      if (status !== 0) fail('bce_with_logits_backward', status);
    },
    ctc_loss_forward(loss, logp, alpha, nll, scratch, logits, targets, input_lengths, target_lengths, T, B, C, S, L,
        blank, reduction, zero_infinity) {
      const valid =
        put(0, loss, 'float', L) &&
        put(1, logp, 'float', T * B * C) &&
        put(2, alpha, 'float', T * B * (2 * S + 1)) &&
        put(3, nll, 'float', B) &&
        put(4, scratch, 'float', B * (6 * S + 7)) &&
        put(5, logits, 'float', T * B * C) &&
        put(6, targets, 'int', B * S) &&
        put(7, input_lengths, 'int', B) &&
        put(8, target_lengths, 'int', B) &&
        isSize(T) &&
        isSize(B) &&
        isSize(C) &&
        isSize(S) &&
        isSize(L) &&
        isInt(blank) &&
        isInt(reduction) &&
        isInt(zero_infinity);
      if (!valid) refuse('ctc_loss_forward', kernelTable.ctc_loss_forward, [loss, logp, alpha, nll, scratch, logits,
          targets, input_lengths, target_lengths, T, B, C, S, L, blank, reduction, zero_infinity], admit);
      f[9] = T; f[10] = B; f[11] = C; f[12] = S; f[13] = L; f[14] = blank; f[15] = reduction; f[16] = zero_infinity;
      const status = call(33);
      if (status !== 0) fail('ctc_loss_forward', status);
    },
    ctc_loss_backward(dlogits, scratch, dloss, logp, alpha, nll, targets, input_lengths, target_lengths, T, B, C, S, L,
        blank, reduction, zero_infinity) {
      const valid =
        put(0, dlogits, 'float', T * B * C) &&
        put(1, scratch, 'float', B * (6 * S + 7)) &&
        put(2, dloss, 'float', L) &&
        put(3, logp, 'float', T * B * C) &&
        put(4, alpha, 'float', T * B * (2 * S + 1)) &&
        put(5, nll, 'float', B) &&
        put(6, targets, 'int', B * S) &&
        put(7, input_lengths, 'int', B) &&
        put(8, target_lengths, 'int', B) &&
        isSize(T) &&
        isSize(B) &&
        isSize(C) &&
        isSize(S) &&
        isSize(L) &&
        isInt(blank) &&
        isInt(reduction) &&
        isInt(zero_infinity);
      if (!valid) refuse('ctc_loss_backward', kernelTable.ctc_loss_backward, [dlogits, scratch, dloss, logp, alpha, nll,
          targets, input_lengths, target_lengths, T, B, C, S, L, blank, reduction, zero_infinity], admit);
      f[9] = T; f[10] = B; f[11] = C; f[12] = S; f[13] = L; f[14] = blank; f[15] = reduction; f[16] = zero_infinity;
      const status = call(34);
      if (status !== 0) fail('ctc_loss_backward', status);
    },
    regression_loss_forward(loss, x, t, n, L, reduction, kind, delta) {
      const valid =
        put(0, loss, 'float', L) &&
        put(1, x, 'float', n) &&
        put(2, t, 'float', n) &&
        isSize(n) &&
        isSize(L) &&
        isInt(reduction) &&
        isInt(kind) &&
        isNumber(delta);
      if (!valid) refuse('regression_loss_forward', kernelTable.regression_loss_forward, [loss, x, t, n, L, reduction,
          kind, delta], admit);
      f[3] = n; f[4] = L; f[5] = reduction; f[6] = kind; f[7] = delta;
      const status = call(35);
      if (status !== 0) fail('regression_loss_forward', status);
    },
    regression_loss_backward(dx, dt, dloss, x, t, n, L, reduction, kind, delta) {
      const valid =
        mayPut(0, dx, 'float', n) &&
        mayPut(1, dt, 'float', n) &&
        put(2, dloss, 'float', L) &&
        put(3, x, 'float', n) &&
        put(4, t, 'float', n) &&
        isSize(n) &&
        isSize(L) &&
        isInt(reduction) &&
        isInt(kind) &&
        isNumber(delta);
      if (!valid) refuse('regression_loss_backward', kernelTable.regression_loss_backward, [dx, dt, dloss, x, t, n, L,
          reduction, kind, delta], admit);
      f[5] = n; f[6] = L; f[7] = reduction; f[8] = kind; f[9] = delta;
      const status = call(36);
      if (status !== 0) fail('regression_loss_backward', status);
    },
    sum_squares(out, x, n) {
      const valid =
        put(0, out, 'double', 1) &&
        put(1, x, 'float', n) &&
        isSize(n);
      if (!valid) refuse('sum_squares', kernelTable.sum_squares, [out, x, n], admit);
      f[2] = n;
      const status = call(37);
      if (status !== 0) fail('sum_squares', status);
    },
    sgd_update(p, buf, g, n, lr, momentum, dampening, nesterov, weight_decay, first) {
      const valid =
        put(0, p, 'float', n) &&
        mayPut(1, buf, 'float', n) &&
        put(2, g, 'float', n) &&
        isSize(n) &&
        isNumber(lr) &&
        isNumber(momentum) &&
        isNumber(dampening) &&
        isInt(nesterov) &&
        isNumber(weight_decay) &&
        isInt(first);
      if (!valid) refuse('sgd_update', kernelTable.sgd_update, [p, buf, g, n, lr, momentum, dampening, nesterov,
          weight_decay, first], admit);
      f[3] = n; f[4] = lr; f[5] = momentum; f[6] = dampening; f[7] = nesterov; f[8] = weight_decay; f[9] = first;
      const status = call(38);
      if (status !== 0) fail('sgd_update', status);
    },
    adam_update(p, m, v, vmax, g, n, lr, beta1, beta2, eps, weight_decay, decoupled, step) {
      const valid =
        put(0, p, 'float', n) &&
        put(1, m, 'float', n) &&
        put(2, v, 'float', n) &&
        mayPut(3, vmax, 'float', n) &&
        put(4, g, 'float', n) &&
        isSize(n) &&
        isNumber(lr) &&
        isNumber(beta1) &&
        isNumber(beta2) &&
        isNumber(eps) &&
        isNumber(weight_decay) &&
        isInt(decoupled) &&
        isNumber(step);
      if (!valid) refuse('adam_update', kernelTable.adam_update, [p, m, v, vmax, g, n, lr, beta1, beta2, eps,
          weight_decay, decoupled, step], admit);
      f[5] = n; f[6] = lr; f[7] = beta1; f[8] = beta2; f[9] = eps; f[10] = weight_decay; f[11] = decoupled;
      f[12] = step;
      const status = call(39);
      if (status !== 0) fail('adam_update', status);
    },
    rmsprop_update(p, sq, buf, gavg, g, n, lr, alpha, eps, weight_decay, momentum) {
      const valid =
        put(0, p, 'float', n) &&
        put(1, sq, 'float', n) &&
        mayPut(2, buf, 'float', n) &&
        mayPut(3, gavg, 'float', n) &&
        put(4, g, 'float', n) &&
        isSize(n) &&
        isNumber(lr) &&
        isNumber(alpha) &&
        isNumber(eps) &&
        isNumber(weight_decay) &&
        isNumber(momentum);
      if (!valid) refuse('rmsprop_update', kernelTable.rmsprop_update, [p, sq, buf, gavg, g, n, lr, alpha, eps,
          weight_decay, momentum], admit);
      f[5] = n; f[6] = lr; f[7] = alpha; f[8] = eps; f[9] = weight_decay; f[10] = momentum;
      const status = call(40);
      if (status !== 0) fail('rmsprop_update', status);
    },
    adagrad_update(p, sum, g, n, lr, eps, weight_decay) {
      const valid =
        put(0, p, 'float', n) &&
        put(1, sum, 'float', n) &&
        put(2, g, 'float', n) &&
        isSize(n) &&
        isNumber(lr) &&
        isNumber(eps) &&
        isNumber(weight_decay);
      if (!valid) refuse('adagrad_update', kernelTable.adagrad_update, [p, sum, g, n, lr, eps, weight_decay], admit);
      f[3] = n; f[4] = lr; f[5] = eps; f[6] = weight_decay;
      const status = call(41);
      if (status !== 0) fail('adagrad_update', status);
    },
    rnn_sizes(sizes, cell, T, B, I, H, D, rows) {
      const valid =
        put(0, sizes, 'double', 5) &&
        isInt(cell) &&
        isInt(T) &&
        isInt(B) &&
        isInt(I) &&
        isInt(H) &&
        isInt(D) &&
        isInt(rows);
      if (!valid) refuse('rnn_sizes', kernelTable.rnn_sizes, [sizes, cell, T, B, I, H, D, rows], admit);
      f[1] = cell; f[2] = T; f[3] = B; f[4] = I; f[5] = H; f[6] = D; f[7] = rows;
      const status = call(42);
      if (status !== 0) fail('rnn_sizes', status);
    },
    rnn_pack(packed, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, cell, gates, I, H, D, npacked) {
      const valid =
        put(0, packed, 'float', npacked) &&
        put(1, w_ih, 'float', gates * H * I) &&
        put(2, w_hh, 'float', gates * H * H) &&
        mayPut(3, b_ih, 'float', gates * H) &&
        mayPut(4, b_hh, 'float', gates * H) &&
        mayPut(5, w_ih_r, 'float', gates * H * I) &&
        mayPut(6, w_hh_r, 'float', gates * H * H) &&
        mayPut(7, b_ih_r, 'float', gates * H) &&
        mayPut(8, b_hh_r, 'float', gates * H) &&
        isInt(cell) &&
        isSize(gates) &&
        isSize(I) &&
        isSize(H) &&
        isInt(D) &&
        isWideSize(npacked);
      if (!valid) refuse('rnn_pack', kernelTable.rnn_pack, [packed, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r,
          b_hh_r, cell, gates, I, H, D, npacked], admit);
      f[9] = cell; f[10] = gates; f[11] = I; f[12] = H; f[13] = D; f[14] = npacked;
      const status = call(43);
      if (status !== 0) fail('rnn_pack', status);
    },
    rnn_forward(y, hn, cn, saved, scratch, packed, x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r,
        lengths, cell, gates, T, B, I, H, D, rows, nsaved, nscratch, npacked) {
      const valid =
        put(0, y, 'float', T * B * D * H) &&
        put(1, hn, 'float', D * B * H) &&
        mayPut(2, cn, 'float', D * B * H) &&
        mayPut(3, saved, 'float', nsaved) &&
        put(4, scratch, 'float', nscratch) &&
        mayPut(5, packed, 'float', npacked) &&
        put(6, x, 'float', T * B * I) &&
        mayPut(7, h0, 'float', D * B * H) &&
        mayPut(8, c0, 'float', D * B * H) &&
        put(9, w_ih, 'float', gates * H * I) &&
        put(10, w_hh, 'float', gates * H * H) &&
        mayPut(11, b_ih, 'float', gates * H) &&
        mayPut(12, b_hh, 'float', gates * H) &&
        mayPut(13, w_ih_r, 'float', gates * H * I) &&
        mayPut(14, w_hh_r, 'float', gates * H * H) &&
        mayPut(15, b_ih_r, 'float', gates * H) &&
        mayPut(16, b_hh_r, 'float', gates * H) &&
        mayPut(17, lengths, 'int', B) &&
        isInt(cell) &&
        isSize(gates) &&
        isSize(T) &&
        isSize(B) &&
        isSize(I) &&
        isSize(H) &&
        isSize(D) &&
        isInt(rows) &&
        isWideSize(nsaved) &&
        isWideSize(nscratch) &&
        isWideSize(npacked);
      if (!valid) refuse('rnn_forward', kernelTable.rnn_forward, [y, hn, cn, saved, scratch, packed, x, h0, c0, w_ih,
          w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, lengths, cell, gates, T, B, I, H, D, rows, nsaved, nscratch,
          npacked], admit);
      f[18] = cell; f[19] = gates; f[20] = T; f[21] = B; f[22] = I; f[23] = H; f[24] = D; f[25] = rows; f[26] = nsaved;
      f[27] = nscratch; f[28] = npacked;
      const status = call(44);
      if (status !== 0) fail('rnn_forward', status);
    },
    rnn_backward(dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_ih_r, dw_hh_r, db_ih_r, db_hh_r, dy, dhn, dcn, x, h0, c0,
        w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, lengths, saved, scratch, cell, gates, T, B, I, H, D,
        rows, nsaved, nscratch) {
      const valid =
        mayPut(0, dx, 'float', T * B * I) &&
        mayPut(1, dh0, 'float', D * B * H) &&
        mayPut(2, dc0, 'float', D * B * H) &&
        mayPut(3, dw_ih, 'float', gates * H * I) &&
        mayPut(4, dw_hh, 'float', gates * H * H) &&
        mayPut(5, db_ih, 'float', gates * H) &&
        mayPut(6, db_hh, 'float', gates * H) &&
        mayPut(7, dw_ih_r, 'float', gates * H * I) &&
        mayPut(8, dw_hh_r, 'float', gates * H * H) &&
        mayPut(9, db_ih_r, 'float', gates * H) &&
        mayPut(10, db_hh_r, 'float', gates * H) &&
        mayPut(11, dy, 'float', T * B * D * H) &&
        mayPut(12, dhn, 'float', D * B * H) &&
        mayPut(13, dcn, 'float', D * B * H) &&
        put(14, x, 'float', T * B * I) &&
        mayPut(15, h0, 'float', D * B * H) &&
        mayPut(16, c0, 'float', D * B * H) &&
        put(17, w_ih, 'float', gates * H * I) &&
        put(18, w_hh, 'float', gates * H * H) &&
        mayPut(19, b_ih, 'float', gates * H) &&
        mayPut(20, b_hh, 'float', gates * H) &&
        mayPut(21, w_ih_r, 'float', gates * H * I) &&
        mayPut(22, w_hh_r, 'float', gates * H * H) &&
        mayPut(23, b_ih_r, 'float', gates * H) &&
        mayPut(24, b_hh_r, 'float', gates * H) &&
        mayPut(25, lengths, 'int', B) &&
        put(26, saved, 'float', nsaved) &&
        put(27, scratch, 'float', nscratch) &&
        isInt(cell) &&
        isSize(gates) &&
        isSize(T) &&
        isSize(B) &&
        isSize(I) &&
        isSize(H) &&
        isSize(D) &&
        isInt(rows) &&
        isWideSize(nsaved) &&
        isWideSize(nscratch);
      if (!valid) refuse('rnn_backward', kernelTable.rnn_backward, [dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_ih_r,
          dw_hh_r, db_ih_r, db_hh_r, dy, dhn, dcn, x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r,
          lengths, saved, scratch, cell, gates, T, B, I, H, D, rows, nsaved, nscratch], admit);
      f[28] = cell; f[29] = gates; f[30] = T; f[31] = B; f[32] = I; f[33] = H; f[34] = D; f[35] = rows; f[36] = nsaved;
      f[37] = nscratch;
      const status = call(45);
      if (status !== 0) fail('rnn_backward', status);
    },
    rnn_quantized_sizes(sizes, precision, cell, T, B, I, H, D, rows) {
      const valid =
        put(0, sizes, 'double', 2) &&
        isInt(precision) &&
        isInt(cell) &&
        isInt(T) &&
        isInt(B) &&
        isInt(I) &&
        isInt(H) &&
        isInt(D) &&
        isInt(rows);
      if (!valid) refuse('rnn_quantized_sizes', kernelTable.rnn_quantized_sizes, [sizes, precision, cell, T, B, I, H, D,
          rows], admit);
      f[1] = precision; f[2] = cell; f[3] = T; f[4] = B; f[5] = I; f[6] = H; f[7] = D; f[8] = rows;
      const status = call(46);
      if (status !== 0) fail('rnn_quantized_sizes', status);
    },
    rnn_quantize(packed, error, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, precision, cell, gates, I, H, D,
        npacked) {
      const valid =
        put(0, packed, 'float', npacked) &&
        put(1, error, 'double', 1) &&
        put(2, w_ih, 'float', gates * H * I) &&
        put(3, w_hh, 'float', gates * H * H) &&
        mayPut(4, b_ih, 'float', gates * H) &&
        mayPut(5, b_hh, 'float', gates * H) &&
        mayPut(6, w_ih_r, 'float', gates * H * I) &&
        mayPut(7, w_hh_r, 'float', gates * H * H) &&
        mayPut(8, b_ih_r, 'float', gates * H) &&
        mayPut(9, b_hh_r, 'float', gates * H) &&
        isInt(precision) &&
        isInt(cell) &&
        isSize(gates) &&
        isSize(I) &&
        isSize(H) &&
        isInt(D) &&
        isWideSize(npacked);
      if (!valid) refuse('rnn_quantize', kernelTable.rnn_quantize, [packed, error, w_ih, w_hh, b_ih, b_hh, w_ih_r,
          w_hh_r, b_ih_r, b_hh_r, precision, cell, gates, I, H, D, npacked], admit);
      f[10] = precision; f[11] = cell; f[12] = gates; f[13] = I; f[14] = H; f[15] = D; f[16] = npacked;
      const status = call(47);
      if (status !== 0) fail('rnn_quantize', status);
    },
    rnn_quantized_forward(y, hn, cn, scratch, packed, x, h0, c0, lengths, precision, cell, gates, T, B, I, H, D, rows,
        nscratch, npacked) {
      const valid =
        put(0, y, 'float', T * B * D * H) &&
        put(1, hn, 'float', D * B * H) &&
        mayPut(2, cn, 'float', D * B * H) &&
        put(3, scratch, 'float', nscratch) &&
        put(4, packed, 'float', npacked) &&
        put(5, x, 'float', T * B * I) &&
        mayPut(6, h0, 'float', D * B * H) &&
        mayPut(7, c0, 'float', D * B * H) &&
        mayPut(8, lengths, 'int', B) &&
        isInt(precision) &&
        isInt(cell) &&
        isInt(gates) &&
        isSize(T) &&
        isSize(B) &&
        isSize(I) &&
        isSize(H) &&
        isSize(D) &&
        isInt(rows) &&
        isWideSize(nscratch) &&
        isWideSize(npacked);
      if (!valid) refuse('rnn_quantized_forward', kernelTable.rnn_quantized_forward, [y, hn, cn, scratch, packed, x, h0,
          c0, lengths, precision, cell, gates, T, B, I, H, D, rows, nscratch, npacked], admit);
      f[9] = precision; f[10] = cell; f[11] = gates; f[12] = T; f[13] = B; f[14] = I; f[15] = H; f[16] = D;
      f[17] = rows; f[18] = nscratch; f[19] = npacked;
      const status = call(48);
      if (status !== 0) fail('rnn_quantized_forward', status);
    },
    rnn_general_sizes(sizes, cell, features, T, B, I, H, R, rows, keep) {
      const valid =
        put(0, sizes, 'double', 5) &&
        isInt(cell) &&
        isInt(features) &&
        isInt(T) &&
        isInt(B) &&
        isInt(I) &&
        isInt(H) &&
        isInt(R) &&
        isInt(rows) &&
        isInt(keep);
      if (!valid) refuse('rnn_general_sizes', kernelTable.rnn_general_sizes, [sizes, cell, features, T, B, I, H, R,
          rows, keep], admit);
      f[1] = cell; f[2] = features; f[3] = T; f[4] = B; f[5] = I; f[6] = H; f[7] = R; f[8] = rows; f[9] = keep;
      const status = call(49);
      if (status !== 0) fail('rnn_general_sizes', status);
    },
    rnn_general_pack(packed, w_ih, w_hh, b_ih, b_hh, w_hr, cell, gates, features, I, H, R, npacked) {
      const valid =
        put(0, packed, 'float', npacked) &&
        put(1, w_ih, 'float', gates * H * I) &&
        mayPut(2, w_hh, 'float', gates * H * R) &&
        mayPut(3, b_ih, 'float', gates * H) &&
        mayPut(4, b_hh, 'float', gates * H) &&
        mayPut(5, w_hr, 'float', R * H) &&
        isInt(cell) &&
        isSize(gates) &&
        isInt(features) &&
        isSize(I) &&
        isSize(H) &&
        isSize(R) &&
        isWideSize(npacked);
      if (!valid) refuse('rnn_general_pack', kernelTable.rnn_general_pack, [packed, w_ih, w_hh, b_ih, b_hh, w_hr, cell,
          gates, features, I, H, R, npacked], admit);
      f[6] = cell; f[7] = gates; f[8] = features; f[9] = I; f[10] = H; f[11] = R; f[12] = npacked;
      const status = call(50);
      if (status !== 0) fail('rnn_general_pack', status);
    },
    rnn_general_forward(y, hn, cn, saved, scratch, packed, x, ids, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih,
        ln_hh, ln_c, ln_c_bias, drop, zone_h, zone_c, lengths, options, cell, gates, units, features, T, B, I, H, R,
        rows, reverse, width, column, keep, nsaved, nscratch, npacked) {
      const valid =
        put(0, y, 'float', T * B * width) &&
        put(1, hn, 'float', B * R) &&
        mayPut(2, cn, 'float', B * H) &&
        mayPut(3, saved, 'float', nsaved) &&
        put(4, scratch, 'float', nscratch) &&
        mayPut(5, packed, 'float', npacked) &&
        mayPut(6, x, 'float', T * B * I) &&
        mayPut(7, ids, 'int', T * B) &&
        mayPut(8, h0, 'float', B * R) &&
        mayPut(9, c0, 'float', B * H) &&
        put(10, w_ih, 'float', gates * H * I) &&
        mayPut(11, w_hh, 'float', gates * H * R) &&
        mayPut(12, b_ih, 'float', gates * H) &&
        mayPut(13, b_hh, 'float', gates * H) &&
        mayPut(14, w_hr, 'float', R * H) &&
        mayPut(15, w_unit, 'float', units * H) &&
        mayPut(16, ln_ih, 'float', gates * H) &&
        mayPut(17, ln_hh, 'float', gates * H) &&
        mayPut(18, ln_c, 'float', H) &&
        mayPut(19, ln_c_bias, 'float', H) &&
        mayPut(20, drop, 'float', B * R) &&
        mayPut(21, zone_h, 'float', T * B * R) &&
        mayPut(22, zone_c, 'float', T * B * H) &&
        mayPut(23, lengths, 'int', B) &&
        put(24, options, 'double', 13) &&
        isInt(cell) &&
        isSize(gates) &&
        isSize(units) &&
        isInt(features) &&
        isSize(T) &&
        isSize(B) &&
        isSize(I) &&
        isSize(H) &&
        isSize(R) &&
        isInt(rows) &&
        isInt(reverse) &&
        isSize(width) &&
        isInt(column) &&
        isInt(keep) &&
        isWideSize(nsaved) &&
        isWideSize(nscratch) &&
        isWideSize(npacked);
      if (!valid) refuse('rnn_general_forward', kernelTable.rnn_general_forward, [y, hn, cn, saved, scratch, packed, x,
          ids, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih, ln_hh, ln_c, ln_c_bias, drop, zone_h, zone_c,
          lengths, options, cell, gates, units, features, T, B, I, H, R, rows, reverse, width, column, keep, nsaved,
          nscratch, npacked], admit);
      f[25] = cell; f[26] = gates; f[27] = units; f[28] = features; f[29] = T; f[30] = B; f[31] = I; f[32] = H;
      f[33] = R; f[34] = rows; f[35] = reverse; f[36] = width; f[37] = column; f[38] = keep; f[39] = nsaved;
      f[40] = nscratch; f[41] = npacked;
      const status = call(51);
      if (status !== 0) fail('rnn_general_forward', status);
    },
    rnn_general_backward(dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_hr, dw_unit, dln_ih, dln_hh, dln_c, dln_c_bias,
        steps, contributions, dy, dhn, dcn, x, ids, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih, ln_hh, ln_c, ln_c_bias,
        drop, zone_h, zone_c, lengths, options, saved, scratch, cell, gates, units, features, T, B, I, H, R, rows,
        reverse, width, column, keep, nsteps, nsaved, nscratch) {
      const valid =
        mayPut(0, dx, 'float', T * B * I) &&
        mayPut(1, dh0, 'float', B * R) &&
        mayPut(2, dc0, 'float', B * H) &&
        mayPut(3, dw_ih, 'float', gates * H * I) &&
        mayPut(4, dw_hh, 'float', gates * H * R) &&
        mayPut(5, db_ih, 'float', gates * H) &&
        mayPut(6, db_hh, 'float', gates * H) &&
        mayPut(7, dw_hr, 'float', R * H) &&
        mayPut(8, dw_unit, 'float', units * H) &&
        mayPut(9, dln_ih, 'float', gates * H) &&
        mayPut(10, dln_hh, 'float', gates * H) &&
        mayPut(11, dln_c, 'float', H) &&
        mayPut(12, dln_c_bias, 'float', H) &&
        mayPut(13, steps, 'float', T * B * nsteps) &&
        mayPut(14, contributions, 'double', T * 3) &&
        mayPut(15, dy, 'float', T * B * width) &&
        mayPut(16, dhn, 'float', B * R) &&
        mayPut(17, dcn, 'float', B * H) &&
        mayPut(18, x, 'float', T * B * I) &&
        mayPut(19, ids, 'int', T * B) &&
        put(20, w_ih, 'float', gates * H * I) &&
        mayPut(21, w_hh, 'float', gates * H * R) &&
        mayPut(22, b_ih, 'float', gates * H) &&
        mayPut(23, b_hh, 'float', gates * H) &&
        mayPut(24, w_hr, 'float', R * H) &&
        mayPut(25, w_unit, 'float', units * H) &&
        mayPut(26, ln_ih, 'float', gates * H) &&
        mayPut(27, ln_hh, 'float', gates * H) &&
        mayPut(28, ln_c, 'float', H) &&
        mayPut(29, ln_c_bias, 'float', H) &&
        mayPut(30, drop, 'float', B * R) &&
        mayPut(31, zone_h, 'float', T * B * R) &&
        mayPut(32, zone_c, 'float', T * B * H) &&
        mayPut(33, lengths, 'int', B) &&
        put(34, options, 'double', 13) &&
        put(35, saved, 'float', nsaved) &&
        put(36, scratch, 'float', nscratch) &&
        isInt(cell) &&
        isSize(gates) &&
        isSize(units) &&
        isInt(features) &&
        isSize(T) &&
        isSize(B) &&
        isSize(I) &&
        isSize(H) &&
        isSize(R) &&
        isInt(rows) &&
        isInt(reverse) &&
        isSize(width) &&
        isInt(column) &&
        isInt(keep) &&
        isSize(nsteps) &&
        isWideSize(nsaved) &&
        isWideSize(nscratch);
      if (!valid) refuse('rnn_general_backward', kernelTable.rnn_general_backward, [dx, dh0, dc0, dw_ih, dw_hh, db_ih,
          db_hh, dw_hr, dw_unit, dln_ih, dln_hh, dln_c, dln_c_bias, steps, contributions, dy, dhn, dcn, x, ids, w_ih,
          w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih, ln_hh, ln_c, ln_c_bias, drop, zone_h, zone_c, lengths, options, saved,
          scratch, cell, gates, units, features, T, B, I, H, R, rows, reverse, width, column, keep, nsteps, nsaved,
          nscratch], admit);
      f[37] = cell; f[38] = gates; f[39] = units; f[40] = features; f[41] = T; f[42] = B; f[43] = I; f[44] = H;
      f[45] = R; f[46] = rows; f[47] = reverse; f[48] = width; f[49] = column; f[50] = keep; f[51] = nsteps;
      f[52] = nsaved; f[53] = nscratch;
      const status = call(52);
      if (status !== 0) fail('rnn_general_backward', status);
    },
    fma_peak(flops, rounds) {
      const valid =
        put(0, flops, 'double', 1) &&
        isInt(rounds);
      if (!valid) refuse('fma_peak', kernelTable.fma_peak, [flops, rounds], admit);
      f[1] = rounds;
      const status = call(53);
      if (status !== 0) fail('fma_peak', status);
    },
  };
}
