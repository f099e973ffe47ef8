// Generated from native/abi.h by native/generate.mjs. Do not edit: run `npm run generate`.
// The kernels as TypeScript sees them: enumerations, one typed method a kernel, and the checks of every argument.
import { refuse, statusError } from '../binding.js';
import { type Argument, readSignature } from '../signature.js';
import type { Doubles, Element, Floats, Ints, Storage } from '../types.js';

export const ABI_VERSION = 6;

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
   * y[k] = low + (high - low) (word >> 8) 2^-24, in double and then rounded once. Element k takes word j = drawn + k of the
   * stream of Philox4x32-10 that belongs to key (seed_lo, seed_hi): word j % 4 of counter (j / 4, 64 bits). The same bits on
   * every backend. drawn: an integer from 0 to 2^53.
   */
  uniform(y: Floats, n: number, low: number, high: number, drawn: number, seed_lo: number, seed_hi: number): void;
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
   * y[p,i,j] = max over k < kh, l < kw of x[p, i sh + k - ph, j sw + l - pw], without what is outside; winner: where in the plane it
   * stands, row * w + column, the first of equals. NaN wins. U_ERR_SIZE if a window has nothing inside, or kh, kw, sh, sw < 1.
   * Backward is gather_backward with the winners.
   */
  max_pool_forward(y: Floats, winner: Ints, x: Floats, planes: number, h: number, w: number, oh: number, ow: number,
      kh: number, kw: number, sh: number, sw: number, ph: number, pw: number): void;
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
  u_uniform(ctx: number, y: number, n: number, low: number, high: number, drawn: number, seed_lo: number,
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
  u_max_pool_forward(ctx: number, y: number, winner: number, x: number, planes: number, h: number, w: number,
      oh: number, ow: number, kh: number, kw: number, sh: number, sw: number, ph: number, pw: number): number;
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

/** The arguments of every kernel, in the order of native/abi.h; signature.ts says how to read them. */
const signatures: Readonly<Record<KernelName, string>> = {
  fill: 'y[n] out; n; value number',
  axpy: 'y[n] accumulated; x[n]; n; alpha number',
  affine: 'y[n] out; x[n]; n; alpha number; beta number',
  clamp: 'y[n] out; x[n]; n; low number; high number',
  binary_forward: 'y[n] out; a[n]; b[n]; n; op int',
  binary_backward: 'da[n] out optional; db[n] out optional; dy[n]; a[n]; b[n]; n; op int',
  activation_forward: 'y[n] out; x[n]; n; kind int',
  activation_backward: 'dx[n] out; dy[n]; x[n]; y[n]; n; kind int',
  dropout_forward: 'y[n] out; mask[n] saved; x[n]; n; p number; seed_lo int; seed_hi int',
  uniform: 'y[n] out; n; low number; high number; drawn number; seed_lo int; seed_hi int',
  expand: 'y[outer,mid,inner] out; x[outer,inner]; outer; mid; inner',
  reduce_sum: 'y[outer,inner] out; x[outer,mid,inner]; outer; mid; inner; scale number',
  transpose: 'y[outer,b,mid,a,inner] out; x[outer,a,mid,b,inner]; outer; a; mid; b; inner',
  slice_forward: 'y[outer,count,inner] out; x[outer,n,inner]; outer; n; inner; start int; count',
  slice_backward: 'dx[outer,n,inner] accumulated; dy[outer,count,inner]; outer; n; inner; start int; count',
  place: 'y[outer,n,inner] inout; x[outer,count,inner]; outer; n; inner; start int; count',
  gather_forward: 'y[outer,m,inner] out; x[outer,n,inner]; index[outer,m,inner] int; outer; n; m; inner',
  gather_backward: 'dx[outer,n,inner] accumulated; dy[outer,m,inner]; index[outer,m,inner] int; outer; n; m; inner',
  max_pool_forward:
    'y[planes,oh,ow] out; winner[planes,oh,ow] int out; x[planes,h,w]; planes; h; w; oh; ow; kh int; kw int; sh int; sw int; ph int; pw int',
  matmul_forward: 'y[P,M,N] out; a[P,M,K]; b[P,K,N]; P; M; N; K',
  matmul_backward: 'da[P,M,K] out optional; db[P,K,N] out optional; dy[P,M,N]; a[P,M,K]; b[P,K,N]; P; M; N; K',
  linear_forward: 'y[N,O] out; x[N,I]; w[O,I]; b[O] optional; N; I; O',
  linear_backward:
    'dx[N,I] out optional; dw[O,I] accumulated optional; db[O] accumulated optional; dy[N,O]; x[N,I]; w[O,I]; N; I; O',
  softmax_forward: 'y[N,C] out; x[N,C]; N; C',
  softmax_backward: 'dx[N,C] out; dy[N,C]; y[N,C]; N; C',
  log_softmax_forward: 'y[N,C] out; x[N,C]; N; C',
  log_softmax_backward: 'dx[N,C] out; dy[N,C]; y[N,C]; N; C',
  layer_norm_forward:
    'y[N,C] out; mean[N] saved; rstd[N] saved; x[N,C]; gamma[C] optional; beta[C] optional; N; C; eps number',
  layer_norm_backward:
    'dx[N,C] out optional; dgamma[C] accumulated optional; dbeta[C] accumulated optional; dy[N,C]; x[N,C]; mean[N]; rstd[N]; gamma[C] optional; N; C',
  embedding_forward: 'y[N,E] out; w[V,E]; index[N] int; N; V; E',
  embedding_backward: 'dw[V,E] accumulated; dy[N,E]; index[N] int; N; V; E; padding_idx int',
  cross_entropy_forward:
    'loss[L] out; logp[N,C] saved; denominator[1] saved; logits[N,C]; target[N] int; weight[C] optional; N; C; L; ignore_index int; label_smoothing number; reduction int',
  cross_entropy_backward:
    'dlogits[N,C] out; dloss[L]; logp[N,C]; denominator[1]; target[N] int; weight[C] optional; N; C; L; ignore_index int; label_smoothing number; reduction int',
  bce_with_logits_forward: 'loss[L] out; x[n]; t[n]; weight[n] optional; pos_weight[n] optional; n; L; reduction int',
  bce_with_logits_backward:
    'dx[n] out; dloss[L]; x[n]; t[n]; weight[n] optional; pos_weight[n] optional; n; L; reduction int',
  ctc_loss_forward:
    'loss[L] out; logp[T,B,C] saved; alpha[T,B,2*S+1] saved; nll[B] saved; scratch[B,6*S+7] scratch; logits[T,B,C]; targets[B,S] int; input_lengths[B] int; target_lengths[B] int; T; B; C; S; L; blank int; reduction int; zero_infinity int',
  ctc_loss_backward:
    'dlogits[T,B,C] out; scratch[B,6*S+7] scratch; dloss[L]; logp[T,B,C]; alpha[T,B,2*S+1]; nll[B]; targets[B,S] int; input_lengths[B] int; target_lengths[B] int; T; B; C; S; L; blank int; reduction int; zero_infinity int',
  regression_loss_forward: 'loss[L] out; x[n]; t[n]; n; L; reduction int; kind int; delta number',
  regression_loss_backward:
    'dx[n] out optional; dt[n] out optional; dloss[L]; x[n]; t[n]; n; L; reduction int; kind int; delta number',
  sum_squares: 'out[1] double out; x[n]; n',
  sgd_update:
    'p[n] inout; buf[n] inout optional; g[n]; n; lr number; momentum number; dampening number; nesterov int; weight_decay number; first int',
  adam_update:
    'p[n] inout; m[n] inout; v[n] inout; vmax[n] inout optional; g[n]; n; lr number; beta1 number; beta2 number; eps number; weight_decay number; decoupled int; step number',
  rmsprop_update:
    'p[n] inout; sq[n] inout; buf[n] inout optional; gavg[n] inout optional; g[n]; n; lr number; alpha number; eps number; weight_decay number; momentum number',
  adagrad_update: 'p[n] inout; sum[n] inout; g[n]; n; lr number; eps number; weight_decay number',
  rnn_sizes: 'sizes[5] double out; cell int; T int; B int; I int; H int; D int; rows int',
  rnn_pack:
    'packed[npacked] out; w_ih[gates*H,I]; w_hh[gates*H,H]; b_ih[gates*H] optional; b_hh[gates*H] optional; w_ih_r[gates*H,I] optional; w_hh_r[gates*H,H] optional; b_ih_r[gates*H] optional; b_hh_r[gates*H] optional; cell int; gates; I; H; D int; npacked wide',
  rnn_forward:
    'y[T,B,D*H] out; hn[D,B,H] out; cn[D,B,H] out optional; saved[nsaved] saved optional; scratch[nscratch] scratch; packed[npacked] optional; x[T,B,I]; h0[D,B,H] optional; c0[D,B,H] optional; w_ih[gates*H,I]; w_hh[gates*H,H]; b_ih[gates*H] optional; b_hh[gates*H] optional; w_ih_r[gates*H,I] optional; w_hh_r[gates*H,H] optional; b_ih_r[gates*H] optional; b_hh_r[gates*H] optional; lengths[B] int optional; cell int; gates; T; B; I; H; D; rows int; nsaved wide; nscratch wide; npacked wide',
  rnn_backward:
    'dx[T,B,I] out optional; dh0[D,B,H] out optional; dc0[D,B,H] out optional; dw_ih[gates*H,I] accumulated optional; dw_hh[gates*H,H] accumulated optional; db_ih[gates*H] accumulated optional; db_hh[gates*H] accumulated optional; dw_ih_r[gates*H,I] accumulated optional; dw_hh_r[gates*H,H] accumulated optional; db_ih_r[gates*H] accumulated optional; db_hh_r[gates*H] accumulated optional; dy[T,B,D*H] optional; dhn[D,B,H] optional; dcn[D,B,H] optional; x[T,B,I]; h0[D,B,H] optional; c0[D,B,H] optional; w_ih[gates*H,I]; w_hh[gates*H,H]; b_ih[gates*H] optional; b_hh[gates*H] optional; w_ih_r[gates*H,I] optional; w_hh_r[gates*H,H] optional; b_ih_r[gates*H] optional; b_hh_r[gates*H] optional; lengths[B] int optional; saved[nsaved] saved; scratch[nscratch] scratch; cell int; gates; T; B; I; H; D; rows int; nsaved wide; nscratch wide',
  rnn_quantized_sizes: 'sizes[2] double out; precision int; cell int; T int; B int; I int; H int; D int; rows int',
  rnn_quantize:
    'packed[npacked] out; error[1] double out; w_ih[gates*H,I]; w_hh[gates*H,H]; b_ih[gates*H] optional; b_hh[gates*H] optional; w_ih_r[gates*H,I] optional; w_hh_r[gates*H,H] optional; b_ih_r[gates*H] optional; b_hh_r[gates*H] optional; precision int; cell int; gates; I; H; D int; npacked wide',
  rnn_quantized_forward:
    'y[T,B,D*H] out; hn[D,B,H] out; cn[D,B,H] out optional; scratch[nscratch] scratch; packed[npacked]; x[T,B,I]; h0[D,B,H] optional; c0[D,B,H] optional; lengths[B] int optional; precision int; cell int; gates int; T; B; I; H; D; rows int; nscratch wide; npacked wide',
  rnn_general_sizes:
    'sizes[5] double out; cell int; features int; T int; B int; I int; H int; R int; rows int; keep int',
  rnn_general_pack:
    'packed[npacked] out; w_ih[gates*H,I]; w_hh[gates*H,R] optional; b_ih[gates*H] optional; b_hh[gates*H] optional; w_hr[R,H] optional; cell int; gates; features int; I; H; R; npacked wide',
  rnn_general_forward:
    'y[T,B,width] inout; hn[B,R] out; cn[B,H] out optional; saved[nsaved] saved optional; scratch[nscratch] scratch; packed[npacked] optional; x[T,B,I] optional; ids[T,B] int optional; h0[B,R] optional; c0[B,H] optional; w_ih[gates*H,I]; w_hh[gates*H,R] optional; b_ih[gates*H] optional; b_hh[gates*H] optional; w_hr[R,H] optional; w_unit[units*H] optional; ln_ih[gates*H] optional; ln_hh[gates*H] optional; ln_c[H] optional; ln_c_bias[H] optional; drop[B,R] optional; zone_h[T,B,R] optional; zone_c[T,B,H] optional; lengths[B] int optional; options[13] double; cell int; gates; units; features int; T; B; I; H; R; rows int; reverse int; width; column int; keep int; nsaved wide; nscratch wide; npacked wide',
  rnn_general_backward:
    'dx[T,B,I] accumulated optional; dh0[B,R] out optional; dc0[B,H] out optional; dw_ih[gates*H,I] accumulated optional; dw_hh[gates*H,R] accumulated optional; db_ih[gates*H] accumulated optional; db_hh[gates*H] accumulated optional; dw_hr[R,H] accumulated optional; dw_unit[units*H] accumulated optional; dln_ih[gates*H] accumulated optional; dln_hh[gates*H] accumulated optional; dln_c[H] accumulated optional; dln_c_bias[H] accumulated optional; steps[T,B,nsteps] out optional; contributions[T,3] double out optional; dy[T,B,width] optional; dhn[B,R] optional; dcn[B,H] optional; x[T,B,I] optional; ids[T,B] int optional; w_ih[gates*H,I]; w_hh[gates*H,R] optional; b_ih[gates*H] optional; b_hh[gates*H] optional; w_hr[R,H] optional; w_unit[units*H] optional; ln_ih[gates*H] optional; ln_hh[gates*H] optional; ln_c[H] optional; ln_c_bias[H] optional; drop[B,R] optional; zone_h[T,B,R] optional; zone_c[T,B,H] optional; lengths[B] int optional; options[13] double; saved[nsaved] saved; scratch[nscratch] scratch; cell int; gates; units; features int; T; B; I; H; R; rows int; reverse int; width; column int; keep int; nsteps; nsaved wide; nscratch wide',
  fma_peak: 'flops[1] double out; rounds int',
};

/** In the order of native/abi.h, which is that of the addon's call table. */
export const kernelNames = Object.keys(signatures) as readonly KernelName[];

const read = new Map<KernelName, readonly Argument[]>();

/** The arguments of a kernel: for messages, documentation and tests. */
export function argumentsOf(kernel: KernelName): readonly Argument[] {
  let args = read.get(kernel);
  if (args === undefined) read.set(kernel, (args = readSignature(signatures[kernel])));
  return args;
}

type Values = readonly (Storage | number | null)[];

function done(index: number, status: number): void {
  if (status !== 0) fail(index, status);
}

function fail(index: number, status: number): never {
  const names = Object.keys(Status) as (keyof typeof Status)[];
  throw statusError(kernelNames[index] as string, names.find((name) => Status[name] === status) ?? status);
}

function refused(index: number, values: Values, admit?: (storage: Storage) => void): never {
  const name = kernelNames[index] as KernelName;
  return refuse(name, argumentsOf(name), values, admit);
}

const size = (value: number): boolean => (value | 0) === value && value >= 0;
const wide = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const int = (value: number): boolean => (value | 0) === value;
const number = (value: number): boolean => typeof value === 'number';
const holds = (storage: Storage | null, element: Element, length: number): boolean =>
  storage != null && storage.element === element && storage.length >= length && storage.alive;
const doubles = (storage: Storage | null, length: number): boolean =>
  holds(storage, 'double', length);
const doublesOrNull = (storage: Storage | null, length: number): boolean =>
  storage === null || holds(storage, 'double', length);
const floats = (storage: Storage | null, length: number): boolean =>
  holds(storage, 'float', length);
const floatsOrNull = (storage: Storage | null, length: number): boolean =>
  storage === null || holds(storage, 'float', length);
const ints = (storage: Storage | null, length: number): boolean =>
  holds(storage, 'int', length);
const intsOrNull = (storage: Storage | null, length: number): boolean =>
  storage === null || holds(storage, 'int', length);

/** Wraps a backend's raw kernels: checks the arguments, stages them, calls, and turns a status into an error. */
export function bindKernels(binding: Binding): Kernels {
  const { ctx, raw } = binding;
  const enter = binding.enter.bind(binding);
  const leave = binding.leave.bind(binding);
  const wrong = (index: number, values: Values): never => refused(index, values);
  return {
    fill(y, n, value) {
      const valid =
        floats(y, n) &&
        size(n) &&
        number(value);
      if (!valid) wrong(0, [y, n, value]);
      try {
        done(0, raw.u_fill(ctx, enter(y, 'w'), n, value));
      } finally {
        leave();
      }
    },
    axpy(y, x, n, alpha) {
      const valid =
        floats(y, n) &&
        floats(x, n) &&
        size(n) &&
        number(alpha);
      if (!valid) wrong(1, [y, x, n, alpha]);
      try {
        done(1, raw.u_axpy(ctx, enter(y, 'w'), enter(x, 'r'), n, alpha));
      } finally {
        leave();
      }
    },
    affine(y, x, n, alpha, beta) {
      const valid =
        floats(y, n) &&
        floats(x, n) &&
        size(n) &&
        number(alpha) &&
        number(beta);
      if (!valid) wrong(2, [y, x, n, alpha, beta]);
      try {
        done(2, raw.u_affine(ctx, enter(y, 'w'), enter(x, 'r'), n, alpha, beta));
      } finally {
        leave();
      }
    },
    clamp(y, x, n, low, high) {
      const valid =
        floats(y, n) &&
        floats(x, n) &&
        size(n) &&
        number(low) &&
        number(high);
      if (!valid) wrong(3, [y, x, n, low, high]);
      try {
        done(3, raw.u_clamp(ctx, enter(y, 'w'), enter(x, 'r'), n, low, high));
      } finally {
        leave();
      }
    },
    binary_forward(y, a, b, n, op) {
      const valid =
        floats(y, n) &&
        floats(a, n) &&
        floats(b, n) &&
        size(n) &&
        int(op);
      if (!valid) wrong(4, [y, a, b, n, op]);
      try {
        done(4, raw.u_binary_forward(ctx, enter(y, 'w'), enter(a, 'r'), enter(b, 'r'), n, op));
      } finally {
        leave();
      }
    },
    binary_backward(da, db, dy, a, b, n, op) {
      const valid =
        floatsOrNull(da, n) &&
        floatsOrNull(db, n) &&
        floats(dy, n) &&
        floats(a, n) &&
        floats(b, n) &&
        size(n) &&
        int(op);
      if (!valid) wrong(5, [da, db, dy, a, b, n, op]);
      try {
        done(5, raw.u_binary_backward(ctx, enter(da, 'w'), enter(db, 'w'), enter(dy, 'r'), enter(a, 'r'), enter(b, 'r'),
            n, op));
      } finally {
        leave();
      }
    },
    activation_forward(y, x, n, kind) {
      const valid =
        floats(y, n) &&
        floats(x, n) &&
        size(n) &&
        int(kind);
      if (!valid) wrong(6, [y, x, n, kind]);
      try {
        done(6, raw.u_activation_forward(ctx, enter(y, 'w'), enter(x, 'r'), n, kind));
      } finally {
        leave();
      }
    },
    activation_backward(dx, dy, x, y, n, kind) {
      const valid =
        floats(dx, n) &&
        floats(dy, n) &&
        floats(x, n) &&
        floats(y, n) &&
        size(n) &&
        int(kind);
      if (!valid) wrong(7, [dx, dy, x, y, n, kind]);
      try {
        done(7, raw.u_activation_backward(ctx, enter(dx, 'w'), enter(dy, 'r'), enter(x, 'r'), enter(y, 'r'), n, kind));
      } finally {
        leave();
      }
    },
    dropout_forward(y, mask, x, n, p, seed_lo, seed_hi) {
      const valid =
        floats(y, n) &&
        floats(mask, n) &&
        floats(x, n) &&
        size(n) &&
        number(p) &&
        int(seed_lo) &&
        int(seed_hi);
      if (!valid) wrong(8, [y, mask, x, n, p, seed_lo, seed_hi]);
      try {
        done(8, raw.u_dropout_forward(ctx, enter(y, 'w'), enter(mask, 'w'), enter(x, 'r'), n, p, seed_lo, seed_hi));
      } finally {
        leave();
      }
    },
    uniform(y, n, low, high, drawn, seed_lo, seed_hi) {
      const valid =
        floats(y, n) &&
        size(n) &&
        number(low) &&
        number(high) &&
        number(drawn) &&
        int(seed_lo) &&
        int(seed_hi);
      if (!valid) wrong(9, [y, n, low, high, drawn, seed_lo, seed_hi]);
      try {
        done(9, raw.u_uniform(ctx, enter(y, 'w'), n, low, high, drawn, seed_lo, seed_hi));
      } finally {
        leave();
      }
    },
    expand(y, x, outer, mid, inner) {
      const valid =
        floats(y, outer * mid * inner) &&
        floats(x, outer * inner) &&
        size(outer) &&
        size(mid) &&
        size(inner);
      if (!valid) wrong(10, [y, x, outer, mid, inner]);
      try {
        done(10, raw.u_expand(ctx, enter(y, 'w'), enter(x, 'r'), outer, mid, inner));
      } finally {
        leave();
      }
    },
    reduce_sum(y, x, outer, mid, inner, scale) {
      const valid =
        floats(y, outer * inner) &&
        floats(x, outer * mid * inner) &&
        size(outer) &&
        size(mid) &&
        size(inner) &&
        number(scale);
      if (!valid) wrong(11, [y, x, outer, mid, inner, scale]);
      try {
        done(11, raw.u_reduce_sum(ctx, enter(y, 'w'), enter(x, 'r'), outer, mid, inner, scale));
      } finally {
        leave();
      }
    },
    transpose(y, x, outer, a, mid, b, inner) {
      const valid =
        floats(y, outer * b * mid * a * inner) &&
        floats(x, outer * a * mid * b * inner) &&
        size(outer) &&
        size(a) &&
        size(mid) &&
        size(b) &&
        size(inner);
      if (!valid) wrong(12, [y, x, outer, a, mid, b, inner]);
      try {
        done(12, raw.u_transpose(ctx, enter(y, 'w'), enter(x, 'r'), outer, a, mid, b, inner));
      } finally {
        leave();
      }
    },
    slice_forward(y, x, outer, n, inner, start, count) {
      const valid =
        floats(y, outer * count * inner) &&
        floats(x, outer * n * inner) &&
        size(outer) &&
        size(n) &&
        size(inner) &&
        int(start) &&
        size(count);
      if (!valid) wrong(13, [y, x, outer, n, inner, start, count]);
      try {
        done(13, raw.u_slice_forward(ctx, enter(y, 'w'), enter(x, 'r'), outer, n, inner, start, count));
      } finally {
        leave();
      }
    },
    slice_backward(dx, dy, outer, n, inner, start, count) {
      const valid =
        floats(dx, outer * n * inner) &&
        floats(dy, outer * count * inner) &&
        size(outer) &&
        size(n) &&
        size(inner) &&
        int(start) &&
        size(count);
      if (!valid) wrong(14, [dx, dy, outer, n, inner, start, count]);
      try {
        done(14, raw.u_slice_backward(ctx, enter(dx, 'w'), enter(dy, 'r'), outer, n, inner, start, count));
      } finally {
        leave();
      }
    },
    place(y, x, outer, n, inner, start, count) {
      const valid =
        floats(y, outer * n * inner) &&
        floats(x, outer * count * inner) &&
        size(outer) &&
        size(n) &&
        size(inner) &&
        int(start) &&
        size(count);
      if (!valid) wrong(15, [y, x, outer, n, inner, start, count]);
      try {
        done(15, raw.u_place(ctx, enter(y, 'w'), enter(x, 'r'), outer, n, inner, start, count));
      } finally {
        leave();
      }
    },
    gather_forward(y, x, index, outer, n, m, inner) {
      const valid =
        floats(y, outer * m * inner) &&
        floats(x, outer * n * inner) &&
        ints(index, outer * m * inner) &&
        size(outer) &&
        size(n) &&
        size(m) &&
        size(inner);
      if (!valid) wrong(16, [y, x, index, outer, n, m, inner]);
      try {
        done(16, raw.u_gather_forward(ctx, enter(y, 'w'), enter(x, 'r'), enter(index, 'r'), outer, n, m, inner));
      } finally {
        leave();
      }
    },
    gather_backward(dx, dy, index, outer, n, m, inner) {
      const valid =
        floats(dx, outer * n * inner) &&
        floats(dy, outer * m * inner) &&
        ints(index, outer * m * inner) &&
        size(outer) &&
        size(n) &&
        size(m) &&
        size(inner);
      if (!valid) wrong(17, [dx, dy, index, outer, n, m, inner]);
      try {
        done(17, raw.u_gather_backward(ctx, enter(dx, 'w'), enter(dy, 'r'), enter(index, 'r'), outer, n, m, inner));
      } finally {
        leave();
      }
    },
    max_pool_forward(y, winner, x, planes, h, w, oh, ow, kh, kw, sh, sw, ph, pw) {
      const valid =
        floats(y, planes * oh * ow) &&
        ints(winner, planes * oh * ow) &&
        floats(x, planes * h * w) &&
        size(planes) &&
        size(h) &&
        size(w) &&
        size(oh) &&
        size(ow) &&
        int(kh) &&
        int(kw) &&
        int(sh) &&
        int(sw) &&
        int(ph) &&
        int(pw);
      if (!valid) wrong(18, [y, winner, x, planes, h, w, oh, ow, kh, kw, sh, sw, ph, pw]);
      try {
        done(18, raw.u_max_pool_forward(ctx, enter(y, 'w'), enter(winner, 'w'), enter(x, 'r'), planes, h, w, oh, ow, kh,
            kw, sh, sw, ph, pw));
      } finally {
        leave();
      }
    },
    matmul_forward(y, a, b, P, M, N, K) {
      const valid =
        floats(y, P * M * N) &&
        floats(a, P * M * K) &&
        floats(b, P * K * N) &&
        size(P) &&
        size(M) &&
        size(N) &&
        size(K);
      if (!valid) wrong(19, [y, a, b, P, M, N, K]);
      try {
        done(19, raw.u_matmul_forward(ctx, enter(y, 'w'), enter(a, 'r'), enter(b, 'r'), P, M, N, K));
      } finally {
        leave();
      }
    },
    matmul_backward(da, db, dy, a, b, P, M, N, K) {
      const valid =
        floatsOrNull(da, P * M * K) &&
        floatsOrNull(db, P * K * N) &&
        floats(dy, P * M * N) &&
        floats(a, P * M * K) &&
        floats(b, P * K * N) &&
        size(P) &&
        size(M) &&
        size(N) &&
        size(K);
      if (!valid) wrong(20, [da, db, dy, a, b, P, M, N, K]);
      try {
        done(20, raw.u_matmul_backward(ctx, enter(da, 'w'), enter(db, 'w'), enter(dy, 'r'), enter(a, 'r'),
            enter(b, 'r'), P, M, N, K));
      } finally {
        leave();
      }
    },
    linear_forward(y, x, w, b, N, I, O) {
      const valid =
        floats(y, N * O) &&
        floats(x, N * I) &&
        floats(w, O * I) &&
        floatsOrNull(b, O) &&
        size(N) &&
        size(I) &&
        size(O);
      if (!valid) wrong(21, [y, x, w, b, N, I, O]);
      try {
        done(21, raw.u_linear_forward(ctx, enter(y, 'w'), enter(x, 'r'), enter(w, 'r'), enter(b, 'r'), N, I, O));
      } finally {
        leave();
      }
    },
    linear_backward(dx, dw, db, dy, x, w, N, I, O) {
      const valid =
        floatsOrNull(dx, N * I) &&
        floatsOrNull(dw, O * I) &&
        floatsOrNull(db, O) &&
        floats(dy, N * O) &&
        floats(x, N * I) &&
        floats(w, O * I) &&
        size(N) &&
        size(I) &&
        size(O);
      if (!valid) wrong(22, [dx, dw, db, dy, x, w, N, I, O]);
      try {
        done(22, raw.u_linear_backward(ctx, enter(dx, 'w'), enter(dw, 'w'), enter(db, 'w'), enter(dy, 'r'),
            enter(x, 'r'), enter(w, 'r'), N, I, O));
      } finally {
        leave();
      }
    },
    softmax_forward(y, x, N, C) {
      const valid =
        floats(y, N * C) &&
        floats(x, N * C) &&
        size(N) &&
        size(C);
      if (!valid) wrong(23, [y, x, N, C]);
      try {
        done(23, raw.u_softmax_forward(ctx, enter(y, 'w'), enter(x, 'r'), N, C));
      } finally {
        leave();
      }
    },
    softmax_backward(dx, dy, y, N, C) {
      const valid =
        floats(dx, N * C) &&
        floats(dy, N * C) &&
        floats(y, N * C) &&
        size(N) &&
        size(C);
      if (!valid) wrong(24, [dx, dy, y, N, C]);
      try {
        done(24, raw.u_softmax_backward(ctx, enter(dx, 'w'), enter(dy, 'r'), enter(y, 'r'), N, C));
      } finally {
        leave();
      }
    },
    log_softmax_forward(y, x, N, C) {
      const valid =
        floats(y, N * C) &&
        floats(x, N * C) &&
        size(N) &&
        size(C);
      if (!valid) wrong(25, [y, x, N, C]);
      try {
        done(25, raw.u_log_softmax_forward(ctx, enter(y, 'w'), enter(x, 'r'), N, C));
      } finally {
        leave();
      }
    },
    log_softmax_backward(dx, dy, y, N, C) {
      const valid =
        floats(dx, N * C) &&
        floats(dy, N * C) &&
        floats(y, N * C) &&
        size(N) &&
        size(C);
      if (!valid) wrong(26, [dx, dy, y, N, C]);
      try {
        done(26, raw.u_log_softmax_backward(ctx, enter(dx, 'w'), enter(dy, 'r'), enter(y, 'r'), N, C));
      } finally {
        leave();
      }
    },
    layer_norm_forward(y, mean, rstd, x, gamma, beta, N, C, eps) {
      const valid =
        floats(y, N * C) &&
        floats(mean, N) &&
        floats(rstd, N) &&
        floats(x, N * C) &&
        floatsOrNull(gamma, C) &&
        floatsOrNull(beta, C) &&
        size(N) &&
        size(C) &&
        number(eps);
      if (!valid) wrong(27, [y, mean, rstd, x, gamma, beta, N, C, eps]);
      try {
        done(27, raw.u_layer_norm_forward(ctx, enter(y, 'w'), enter(mean, 'w'), enter(rstd, 'w'), enter(x, 'r'),
            enter(gamma, 'r'), enter(beta, 'r'), N, C, eps));
      } finally {
        leave();
      }
    },
    layer_norm_backward(dx, dgamma, dbeta, dy, x, mean, rstd, gamma, N, C) {
      const valid =
        floatsOrNull(dx, N * C) &&
        floatsOrNull(dgamma, C) &&
        floatsOrNull(dbeta, C) &&
        floats(dy, N * C) &&
        floats(x, N * C) &&
        floats(mean, N) &&
        floats(rstd, N) &&
        floatsOrNull(gamma, C) &&
        size(N) &&
        size(C);
      if (!valid) wrong(28, [dx, dgamma, dbeta, dy, x, mean, rstd, gamma, N, C]);
      try {
        done(28, raw.u_layer_norm_backward(ctx, enter(dx, 'w'), enter(dgamma, 'w'), enter(dbeta, 'w'), enter(dy, 'r'),
            enter(x, 'r'), enter(mean, 'r'), enter(rstd, 'r'), enter(gamma, 'r'), N, C));
      } finally {
        leave();
      }
    },
    embedding_forward(y, w, index, N, V, E) {
      const valid =
        floats(y, N * E) &&
        floats(w, V * E) &&
        ints(index, N) &&
        size(N) &&
        size(V) &&
        size(E);
      if (!valid) wrong(29, [y, w, index, N, V, E]);
      try {
        done(29, raw.u_embedding_forward(ctx, enter(y, 'w'), enter(w, 'r'), enter(index, 'r'), N, V, E));
      } finally {
        leave();
      }
    },
    embedding_backward(dw, dy, index, N, V, E, padding_idx) {
      const valid =
        floats(dw, V * E) &&
        floats(dy, N * E) &&
        ints(index, N) &&
        size(N) &&
        size(V) &&
        size(E) &&
        int(padding_idx);
      if (!valid) wrong(30, [dw, dy, index, N, V, E, padding_idx]);
      try {
        done(30, raw.u_embedding_backward(ctx, enter(dw, 'w'), enter(dy, 'r'), enter(index, 'r'), N, V, E,
            padding_idx));
      } finally {
        leave();
      }
    },
    cross_entropy_forward(loss, logp, denominator, logits, target, weight, N, C, L, ignore_index, label_smoothing,
        reduction) {
      const valid =
        floats(loss, L) &&
        floats(logp, N * C) &&
        floats(denominator, 1) &&
        floats(logits, N * C) &&
        ints(target, N) &&
        floatsOrNull(weight, C) &&
        size(N) &&
        size(C) &&
        size(L) &&
        int(ignore_index) &&
        number(label_smoothing) &&
        int(reduction);
      if (!valid) wrong(31, [loss, logp, denominator, logits, target, weight, N, C, L, ignore_index, label_smoothing,
          reduction]);
      try {
        done(31, raw.u_cross_entropy_forward(ctx, enter(loss, 'w'), enter(logp, 'w'), enter(denominator, 'w'),
            enter(logits, 'r'), enter(target, 'r'), enter(weight, 'r'), N, C, L, ignore_index, label_smoothing,
            reduction));
      } finally {
        leave();
      }
    },
    cross_entropy_backward(dlogits, dloss, logp, denominator, target, weight, N, C, L, ignore_index, label_smoothing,
        reduction) {
      const valid =
        floats(dlogits, N * C) &&
        floats(dloss, L) &&
        floats(logp, N * C) &&
        floats(denominator, 1) &&
        ints(target, N) &&
        floatsOrNull(weight, C) &&
        size(N) &&
        size(C) &&
        size(L) &&
        int(ignore_index) &&
        number(label_smoothing) &&
        int(reduction);
      if (!valid) wrong(32, [dlogits, dloss, logp, denominator, target, weight, N, C, L, ignore_index, label_smoothing,
          reduction]);
      try {
        done(32, raw.u_cross_entropy_backward(ctx, enter(dlogits, 'w'), enter(dloss, 'r'), enter(logp, 'r'),
            enter(denominator, 'r'), enter(target, 'r'), enter(weight, 'r'), N, C, L, ignore_index, label_smoothing,
            reduction));
      } finally {
        leave();
      }
    },
    bce_with_logits_forward(loss, x, t, weight, pos_weight, n, L, reduction) {
      const valid =
        floats(loss, L) &&
        floats(x, n) &&
        floats(t, n) &&
        floatsOrNull(weight, n) &&
        floatsOrNull(pos_weight, n) &&
        size(n) &&
        size(L) &&
        int(reduction);
      if (!valid) wrong(33, [loss, x, t, weight, pos_weight, n, L, reduction]);
      try {
        done(33, raw.u_bce_with_logits_forward(ctx, enter(loss, 'w'), enter(x, 'r'), enter(t, 'r'), enter(weight, 'r'),
            enter(pos_weight, 'r'), n, L, reduction));
      } finally {
        leave();
      }
    },
    bce_with_logits_backward(dx, dloss, x, t, weight, pos_weight, n, L, reduction) {
      const valid =
        floats(dx, n) &&
        floats(dloss, L) &&
        floats(x, n) &&
        floats(t, n) &&
        floatsOrNull(weight, n) &&
        floatsOrNull(pos_weight, n) &&
        size(n) &&
        size(L) &&
        int(reduction);
      if (!valid) wrong(34, [dx, dloss, x, t, weight, pos_weight, n, L, reduction]);
      try {
        done(34, raw.u_bce_with_logits_backward(ctx, enter(dx, 'w'), enter(dloss, 'r'), enter(x, 'r'), enter(t, 'r'),
            enter(weight, 'r'), enter(pos_weight, 'r'), n, L, reduction));
      } finally {
        leave();
      }
    },
    ctc_loss_forward(loss, logp, alpha, nll, scratch, logits, targets, input_lengths, target_lengths, T, B, C, S, L,
        blank, reduction, zero_infinity) {
      const valid =
        floats(loss, L) &&
        floats(logp, T * B * C) &&
        floats(alpha, T * B * (2 * S + 1)) &&
        floats(nll, B) &&
        floats(scratch, B * (6 * S + 7)) &&
        floats(logits, T * B * C) &&
        ints(targets, B * S) &&
        ints(input_lengths, B) &&
        ints(target_lengths, B) &&
        size(T) &&
        size(B) &&
        size(C) &&
        size(S) &&
        size(L) &&
        int(blank) &&
        int(reduction) &&
        int(zero_infinity);
      if (!valid) wrong(35, [loss, logp, alpha, nll, scratch, logits, targets, input_lengths, target_lengths, T, B, C,
          S, L, blank, reduction, zero_infinity]);
      try {
        done(35, raw.u_ctc_loss_forward(ctx, enter(loss, 'w'), enter(logp, 'w'), enter(alpha, 'w'), enter(nll, 'w'),
            enter(scratch, 'w'), enter(logits, 'r'), enter(targets, 'r'), enter(input_lengths, 'r'),
            enter(target_lengths, 'r'), T, B, C, S, L, blank, reduction, zero_infinity));
      } finally {
        leave();
      }
    },
    ctc_loss_backward(dlogits, scratch, dloss, logp, alpha, nll, targets, input_lengths, target_lengths, T, B, C, S, L,
        blank, reduction, zero_infinity) {
      const valid =
        floats(dlogits, T * B * C) &&
        floats(scratch, B * (6 * S + 7)) &&
        floats(dloss, L) &&
        floats(logp, T * B * C) &&
        floats(alpha, T * B * (2 * S + 1)) &&
        floats(nll, B) &&
        ints(targets, B * S) &&
        ints(input_lengths, B) &&
        ints(target_lengths, B) &&
        size(T) &&
        size(B) &&
        size(C) &&
        size(S) &&
        size(L) &&
        int(blank) &&
        int(reduction) &&
        int(zero_infinity);
      if (!valid) wrong(36, [dlogits, scratch, dloss, logp, alpha, nll, targets, input_lengths, target_lengths, T, B, C,
          S, L, blank, reduction, zero_infinity]);
      try {
        done(36, raw.u_ctc_loss_backward(ctx, enter(dlogits, 'w'), enter(scratch, 'w'), enter(dloss, 'r'),
            enter(logp, 'r'), enter(alpha, 'r'), enter(nll, 'r'), enter(targets, 'r'), enter(input_lengths, 'r'),
            enter(target_lengths, 'r'), T, B, C, S, L, blank, reduction, zero_infinity));
      } finally {
        leave();
      }
    },
    regression_loss_forward(loss, x, t, n, L, reduction, kind, delta) {
      const valid =
        floats(loss, L) &&
        floats(x, n) &&
        floats(t, n) &&
        size(n) &&
        size(L) &&
        int(reduction) &&
        int(kind) &&
        number(delta);
      if (!valid) wrong(37, [loss, x, t, n, L, reduction, kind, delta]);
      try {
        done(37, raw.u_regression_loss_forward(ctx, enter(loss, 'w'), enter(x, 'r'), enter(t, 'r'), n, L, reduction,
            kind, delta));
      } finally {
        leave();
      }
    },
    regression_loss_backward(dx, dt, dloss, x, t, n, L, reduction, kind, delta) {
      const valid =
        floatsOrNull(dx, n) &&
        floatsOrNull(dt, n) &&
        floats(dloss, L) &&
        floats(x, n) &&
        floats(t, n) &&
        size(n) &&
        size(L) &&
        int(reduction) &&
        int(kind) &&
        number(delta);
      if (!valid) wrong(38, [dx, dt, dloss, x, t, n, L, reduction, kind, delta]);
      try {
        done(38, raw.u_regression_loss_backward(ctx, enter(dx, 'w'), enter(dt, 'w'), enter(dloss, 'r'), enter(x, 'r'),
            enter(t, 'r'), n, L, reduction, kind, delta));
      } finally {
        leave();
      }
    },
    sum_squares(out, x, n) {
      const valid =
        doubles(out, 1) &&
        floats(x, n) &&
        size(n);
      if (!valid) wrong(39, [out, x, n]);
      try {
        done(39, raw.u_sum_squares(ctx, enter(out, 'w'), enter(x, 'r'), n));
      } finally {
        leave();
      }
    },
    sgd_update(p, buf, g, n, lr, momentum, dampening, nesterov, weight_decay, first) {
      const valid =
        floats(p, n) &&
        floatsOrNull(buf, n) &&
        floats(g, n) &&
        size(n) &&
        number(lr) &&
        number(momentum) &&
        number(dampening) &&
        int(nesterov) &&
        number(weight_decay) &&
        int(first);
      if (!valid) wrong(40, [p, buf, g, n, lr, momentum, dampening, nesterov, weight_decay, first]);
      try {
        done(40, raw.u_sgd_update(ctx, enter(p, 'w'), enter(buf, 'w'), enter(g, 'r'), n, lr, momentum, dampening,
            nesterov, weight_decay, first));
      } finally {
        leave();
      }
    },
    adam_update(p, m, v, vmax, g, n, lr, beta1, beta2, eps, weight_decay, decoupled, step) {
      const valid =
        floats(p, n) &&
        floats(m, n) &&
        floats(v, n) &&
        floatsOrNull(vmax, n) &&
        floats(g, n) &&
        size(n) &&
        number(lr) &&
        number(beta1) &&
        number(beta2) &&
        number(eps) &&
        number(weight_decay) &&
        int(decoupled) &&
        number(step);
      if (!valid) wrong(41, [p, m, v, vmax, g, n, lr, beta1, beta2, eps, weight_decay, decoupled, step]);
      try {
        done(41, raw.u_adam_update(ctx, enter(p, 'w'), enter(m, 'w'), enter(v, 'w'), enter(vmax, 'w'), enter(g, 'r'), n,
            lr, beta1, beta2, eps, weight_decay, decoupled, step));
      } finally {
        leave();
      }
    },
    rmsprop_update(p, sq, buf, gavg, g, n, lr, alpha, eps, weight_decay, momentum) {
      const valid =
        floats(p, n) &&
        floats(sq, n) &&
        floatsOrNull(buf, n) &&
        floatsOrNull(gavg, n) &&
        floats(g, n) &&
        size(n) &&
        number(lr) &&
        number(alpha) &&
        number(eps) &&
        number(weight_decay) &&
        number(momentum);
      if (!valid) wrong(42, [p, sq, buf, gavg, g, n, lr, alpha, eps, weight_decay, momentum]);
      try {
        done(42, raw.u_rmsprop_update(ctx, enter(p, 'w'), enter(sq, 'w'), enter(buf, 'w'), enter(gavg, 'w'),
            enter(g, 'r'), n, lr, alpha, eps, weight_decay, momentum));
      } finally {
        leave();
      }
    },
    adagrad_update(p, sum, g, n, lr, eps, weight_decay) {
      const valid =
        floats(p, n) &&
        floats(sum, n) &&
        floats(g, n) &&
        size(n) &&
        number(lr) &&
        number(eps) &&
        number(weight_decay);
      if (!valid) wrong(43, [p, sum, g, n, lr, eps, weight_decay]);
      try {
        done(43, raw.u_adagrad_update(ctx, enter(p, 'w'), enter(sum, 'w'), enter(g, 'r'), n, lr, eps, weight_decay));
      } finally {
        leave();
      }
    },
    rnn_sizes(sizes, cell, T, B, I, H, D, rows) {
      const valid =
        doubles(sizes, 5) &&
        int(cell) &&
        int(T) &&
        int(B) &&
        int(I) &&
        int(H) &&
        int(D) &&
        int(rows);
      if (!valid) wrong(44, [sizes, cell, T, B, I, H, D, rows]);
      try {
        done(44, raw.u_rnn_sizes(ctx, enter(sizes, 'w'), cell, T, B, I, H, D, rows));
      } finally {
        leave();
      }
    },
    rnn_pack(packed, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, cell, gates, I, H, D, npacked) {
      const valid =
        floats(packed, npacked) &&
        floats(w_ih, gates * H * I) &&
        floats(w_hh, gates * H * H) &&
        floatsOrNull(b_ih, gates * H) &&
        floatsOrNull(b_hh, gates * H) &&
        floatsOrNull(w_ih_r, gates * H * I) &&
        floatsOrNull(w_hh_r, gates * H * H) &&
        floatsOrNull(b_ih_r, gates * H) &&
        floatsOrNull(b_hh_r, gates * H) &&
        int(cell) &&
        size(gates) &&
        size(I) &&
        size(H) &&
        int(D) &&
        wide(npacked);
      if (!valid) wrong(45, [packed, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, cell, gates, I, H, D,
          npacked]);
      try {
        done(45, raw.u_rnn_pack(ctx, enter(packed, 'w'), enter(w_ih, 'r'), enter(w_hh, 'r'), enter(b_ih, 'r'),
            enter(b_hh, 'r'), enter(w_ih_r, 'r'), enter(w_hh_r, 'r'), enter(b_ih_r, 'r'), enter(b_hh_r, 'r'), cell,
            gates, I, H, D, npacked));
      } finally {
        leave();
      }
    },
    rnn_forward(y, hn, cn, saved, scratch, packed, x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r,
        lengths, cell, gates, T, B, I, H, D, rows, nsaved, nscratch, npacked) {
      const valid =
        floats(y, T * B * D * H) &&
        floats(hn, D * B * H) &&
        floatsOrNull(cn, D * B * H) &&
        floatsOrNull(saved, nsaved) &&
        floats(scratch, nscratch) &&
        floatsOrNull(packed, npacked) &&
        floats(x, T * B * I) &&
        floatsOrNull(h0, D * B * H) &&
        floatsOrNull(c0, D * B * H) &&
        floats(w_ih, gates * H * I) &&
        floats(w_hh, gates * H * H) &&
        floatsOrNull(b_ih, gates * H) &&
        floatsOrNull(b_hh, gates * H) &&
        floatsOrNull(w_ih_r, gates * H * I) &&
        floatsOrNull(w_hh_r, gates * H * H) &&
        floatsOrNull(b_ih_r, gates * H) &&
        floatsOrNull(b_hh_r, gates * H) &&
        intsOrNull(lengths, B) &&
        int(cell) &&
        size(gates) &&
        size(T) &&
        size(B) &&
        size(I) &&
        size(H) &&
        size(D) &&
        int(rows) &&
        wide(nsaved) &&
        wide(nscratch) &&
        wide(npacked);
      if (!valid) wrong(46, [y, hn, cn, saved, scratch, packed, x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r,
          b_ih_r, b_hh_r, lengths, cell, gates, T, B, I, H, D, rows, nsaved, nscratch, npacked]);
      try {
        done(46, raw.u_rnn_forward(ctx, enter(y, 'w'), enter(hn, 'w'), enter(cn, 'w'), enter(saved, 'w'),
            enter(scratch, 'w'), enter(packed, 'r'), enter(x, 'r'), enter(h0, 'r'), enter(c0, 'r'), enter(w_ih, 'r'),
            enter(w_hh, 'r'), enter(b_ih, 'r'), enter(b_hh, 'r'), enter(w_ih_r, 'r'), enter(w_hh_r, 'r'),
            enter(b_ih_r, 'r'), enter(b_hh_r, 'r'), enter(lengths, 'r'), cell, gates, T, B, I, H, D, rows, nsaved,
            nscratch, npacked));
      } finally {
        leave();
      }
    },
    rnn_backward(dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_ih_r, dw_hh_r, db_ih_r, db_hh_r, dy, dhn, dcn, x, h0, c0,
        w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, lengths, saved, scratch, cell, gates, T, B, I, H, D,
        rows, nsaved, nscratch) {
      const valid =
        floatsOrNull(dx, T * B * I) &&
        floatsOrNull(dh0, D * B * H) &&
        floatsOrNull(dc0, D * B * H) &&
        floatsOrNull(dw_ih, gates * H * I) &&
        floatsOrNull(dw_hh, gates * H * H) &&
        floatsOrNull(db_ih, gates * H) &&
        floatsOrNull(db_hh, gates * H) &&
        floatsOrNull(dw_ih_r, gates * H * I) &&
        floatsOrNull(dw_hh_r, gates * H * H) &&
        floatsOrNull(db_ih_r, gates * H) &&
        floatsOrNull(db_hh_r, gates * H) &&
        floatsOrNull(dy, T * B * D * H) &&
        floatsOrNull(dhn, D * B * H) &&
        floatsOrNull(dcn, D * B * H) &&
        floats(x, T * B * I) &&
        floatsOrNull(h0, D * B * H) &&
        floatsOrNull(c0, D * B * H) &&
        floats(w_ih, gates * H * I) &&
        floats(w_hh, gates * H * H) &&
        floatsOrNull(b_ih, gates * H) &&
        floatsOrNull(b_hh, gates * H) &&
        floatsOrNull(w_ih_r, gates * H * I) &&
        floatsOrNull(w_hh_r, gates * H * H) &&
        floatsOrNull(b_ih_r, gates * H) &&
        floatsOrNull(b_hh_r, gates * H) &&
        intsOrNull(lengths, B) &&
        floats(saved, nsaved) &&
        floats(scratch, nscratch) &&
        int(cell) &&
        size(gates) &&
        size(T) &&
        size(B) &&
        size(I) &&
        size(H) &&
        size(D) &&
        int(rows) &&
        wide(nsaved) &&
        wide(nscratch);
      if (!valid) wrong(47, [dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_ih_r, dw_hh_r, db_ih_r, db_hh_r, dy, dhn, dcn,
          x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, lengths, saved, scratch, cell, gates, T, B,
          I, H, D, rows, nsaved, nscratch]);
      try {
        done(47, raw.u_rnn_backward(ctx, enter(dx, 'w'), enter(dh0, 'w'), enter(dc0, 'w'), enter(dw_ih, 'w'),
            enter(dw_hh, 'w'), enter(db_ih, 'w'), enter(db_hh, 'w'), enter(dw_ih_r, 'w'), enter(dw_hh_r, 'w'),
            enter(db_ih_r, 'w'), enter(db_hh_r, 'w'), enter(dy, 'r'), enter(dhn, 'r'), enter(dcn, 'r'), enter(x, 'r'),
            enter(h0, 'r'), enter(c0, 'r'), enter(w_ih, 'r'), enter(w_hh, 'r'), enter(b_ih, 'r'), enter(b_hh, 'r'),
            enter(w_ih_r, 'r'), enter(w_hh_r, 'r'), enter(b_ih_r, 'r'), enter(b_hh_r, 'r'), enter(lengths, 'r'),
            enter(saved, 'r'), enter(scratch, 'w'), cell, gates, T, B, I, H, D, rows, nsaved, nscratch));
      } finally {
        leave();
      }
    },
    rnn_quantized_sizes(sizes, precision, cell, T, B, I, H, D, rows) {
      const valid =
        doubles(sizes, 2) &&
        int(precision) &&
        int(cell) &&
        int(T) &&
        int(B) &&
        int(I) &&
        int(H) &&
        int(D) &&
        int(rows);
      if (!valid) wrong(48, [sizes, precision, cell, T, B, I, H, D, rows]);
      try {
        done(48, raw.u_rnn_quantized_sizes(ctx, enter(sizes, 'w'), precision, cell, T, B, I, H, D, rows));
      } finally {
        leave();
      }
    },
    rnn_quantize(packed, error, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, precision, cell, gates, I, H, D,
        npacked) {
      const valid =
        floats(packed, npacked) &&
        doubles(error, 1) &&
        floats(w_ih, gates * H * I) &&
        floats(w_hh, gates * H * H) &&
        floatsOrNull(b_ih, gates * H) &&
        floatsOrNull(b_hh, gates * H) &&
        floatsOrNull(w_ih_r, gates * H * I) &&
        floatsOrNull(w_hh_r, gates * H * H) &&
        floatsOrNull(b_ih_r, gates * H) &&
        floatsOrNull(b_hh_r, gates * H) &&
        int(precision) &&
        int(cell) &&
        size(gates) &&
        size(I) &&
        size(H) &&
        int(D) &&
        wide(npacked);
      if (!valid) wrong(49, [packed, error, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, precision, cell,
          gates, I, H, D, npacked]);
      try {
        done(49, raw.u_rnn_quantize(ctx, enter(packed, 'w'), enter(error, 'w'), enter(w_ih, 'r'), enter(w_hh, 'r'),
            enter(b_ih, 'r'), enter(b_hh, 'r'), enter(w_ih_r, 'r'), enter(w_hh_r, 'r'), enter(b_ih_r, 'r'),
            enter(b_hh_r, 'r'), precision, cell, gates, I, H, D, npacked));
      } finally {
        leave();
      }
    },
    rnn_quantized_forward(y, hn, cn, scratch, packed, x, h0, c0, lengths, precision, cell, gates, T, B, I, H, D, rows,
        nscratch, npacked) {
      const valid =
        floats(y, T * B * D * H) &&
        floats(hn, D * B * H) &&
        floatsOrNull(cn, D * B * H) &&
        floats(scratch, nscratch) &&
        floats(packed, npacked) &&
        floats(x, T * B * I) &&
        floatsOrNull(h0, D * B * H) &&
        floatsOrNull(c0, D * B * H) &&
        intsOrNull(lengths, B) &&
        int(precision) &&
        int(cell) &&
        int(gates) &&
        size(T) &&
        size(B) &&
        size(I) &&
        size(H) &&
        size(D) &&
        int(rows) &&
        wide(nscratch) &&
        wide(npacked);
      if (!valid) wrong(50, [y, hn, cn, scratch, packed, x, h0, c0, lengths, precision, cell, gates, T, B, I, H, D,
          rows, nscratch, npacked]);
      try {
        done(50, raw.u_rnn_quantized_forward(ctx, enter(y, 'w'), enter(hn, 'w'), enter(cn, 'w'), enter(scratch, 'w'),
            enter(packed, 'r'), enter(x, 'r'), enter(h0, 'r'), enter(c0, 'r'), enter(lengths, 'r'), precision, cell,
            gates, T, B, I, H, D, rows, nscratch, npacked));
      } finally {
        leave();
      }
    },
    rnn_general_sizes(sizes, cell, features, T, B, I, H, R, rows, keep) {
      const valid =
        doubles(sizes, 5) &&
        int(cell) &&
        int(features) &&
        int(T) &&
        int(B) &&
        int(I) &&
        int(H) &&
        int(R) &&
        int(rows) &&
        int(keep);
      if (!valid) wrong(51, [sizes, cell, features, T, B, I, H, R, rows, keep]);
      try {
        done(51, raw.u_rnn_general_sizes(ctx, enter(sizes, 'w'), cell, features, T, B, I, H, R, rows, keep));
      } finally {
        leave();
      }
    },
    rnn_general_pack(packed, w_ih, w_hh, b_ih, b_hh, w_hr, cell, gates, features, I, H, R, npacked) {
      const valid =
        floats(packed, npacked) &&
        floats(w_ih, gates * H * I) &&
        floatsOrNull(w_hh, gates * H * R) &&
        floatsOrNull(b_ih, gates * H) &&
        floatsOrNull(b_hh, gates * H) &&
        floatsOrNull(w_hr, R * H) &&
        int(cell) &&
        size(gates) &&
        int(features) &&
        size(I) &&
        size(H) &&
        size(R) &&
        wide(npacked);
      if (!valid) wrong(52, [packed, w_ih, w_hh, b_ih, b_hh, w_hr, cell, gates, features, I, H, R, npacked]);
      try {
        done(52, raw.u_rnn_general_pack(ctx, enter(packed, 'w'), enter(w_ih, 'r'), enter(w_hh, 'r'), enter(b_ih, 'r'),
            enter(b_hh, 'r'), enter(w_hr, 'r'), cell, gates, features, I, H, R, npacked));
      } finally {
        leave();
      }
    },
    rnn_general_forward(y, hn, cn, saved, scratch, packed, x, ids, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih,
        ln_hh, ln_c, ln_c_bias, drop, zone_h, zone_c, lengths, options, cell, gates, units, features, T, B, I, H, R,
        rows, reverse, width, column, keep, nsaved, nscratch, npacked) {
      const valid =
        floats(y, T * B * width) &&
        floats(hn, B * R) &&
        floatsOrNull(cn, B * H) &&
        floatsOrNull(saved, nsaved) &&
        floats(scratch, nscratch) &&
        floatsOrNull(packed, npacked) &&
        floatsOrNull(x, T * B * I) &&
        intsOrNull(ids, T * B) &&
        floatsOrNull(h0, B * R) &&
        floatsOrNull(c0, B * H) &&
        floats(w_ih, gates * H * I) &&
        floatsOrNull(w_hh, gates * H * R) &&
        floatsOrNull(b_ih, gates * H) &&
        floatsOrNull(b_hh, gates * H) &&
        floatsOrNull(w_hr, R * H) &&
        floatsOrNull(w_unit, units * H) &&
        floatsOrNull(ln_ih, gates * H) &&
        floatsOrNull(ln_hh, gates * H) &&
        floatsOrNull(ln_c, H) &&
        floatsOrNull(ln_c_bias, H) &&
        floatsOrNull(drop, B * R) &&
        floatsOrNull(zone_h, T * B * R) &&
        floatsOrNull(zone_c, T * B * H) &&
        intsOrNull(lengths, B) &&
        doubles(options, 13) &&
        int(cell) &&
        size(gates) &&
        size(units) &&
        int(features) &&
        size(T) &&
        size(B) &&
        size(I) &&
        size(H) &&
        size(R) &&
        int(rows) &&
        int(reverse) &&
        size(width) &&
        int(column) &&
        int(keep) &&
        wide(nsaved) &&
        wide(nscratch) &&
        wide(npacked);
      if (!valid) wrong(53, [y, hn, cn, saved, scratch, packed, x, ids, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit,
          ln_ih, ln_hh, ln_c, ln_c_bias, drop, zone_h, zone_c, lengths, options, cell, gates, units, features, T, B, I,
          H, R, rows, reverse, width, column, keep, nsaved, nscratch, npacked]);
      try {
        done(53, raw.u_rnn_general_forward(ctx, enter(y, 'w'), enter(hn, 'w'), enter(cn, 'w'), enter(saved, 'w'),
            enter(scratch, 'w'), enter(packed, 'r'), enter(x, 'r'), enter(ids, 'r'), enter(h0, 'r'), enter(c0, 'r'),
            enter(w_ih, 'r'), enter(w_hh, 'r'), enter(b_ih, 'r'), enter(b_hh, 'r'), enter(w_hr, 'r'),
            enter(w_unit, 'r'), enter(ln_ih, 'r'), enter(ln_hh, 'r'), enter(ln_c, 'r'), enter(ln_c_bias, 'r'),
            enter(drop, 'r'), enter(zone_h, 'r'), enter(zone_c, 'r'), enter(lengths, 'r'), enter(options, 'r'), cell,
            gates, units, features, T, B, I, H, R, rows, reverse, width, column, keep, nsaved, nscratch, npacked));
      } finally {
        leave();
      }
    },
    rnn_general_backward(dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_hr, dw_unit, dln_ih, dln_hh, dln_c, dln_c_bias,
        steps, contributions, dy, dhn, dcn, x, ids, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih, ln_hh, ln_c, ln_c_bias,
        drop, zone_h, zone_c, lengths, options, saved, scratch, cell, gates, units, features, T, B, I, H, R, rows,
        reverse, width, column, keep, nsteps, nsaved, nscratch) {
      const valid =
        floatsOrNull(dx, T * B * I) &&
        floatsOrNull(dh0, B * R) &&
        floatsOrNull(dc0, B * H) &&
        floatsOrNull(dw_ih, gates * H * I) &&
        floatsOrNull(dw_hh, gates * H * R) &&
        floatsOrNull(db_ih, gates * H) &&
        floatsOrNull(db_hh, gates * H) &&
        floatsOrNull(dw_hr, R * H) &&
        floatsOrNull(dw_unit, units * H) &&
        floatsOrNull(dln_ih, gates * H) &&
        floatsOrNull(dln_hh, gates * H) &&
        floatsOrNull(dln_c, H) &&
        floatsOrNull(dln_c_bias, H) &&
        floatsOrNull(steps, T * B * nsteps) &&
        doublesOrNull(contributions, T * 3) &&
        floatsOrNull(dy, T * B * width) &&
        floatsOrNull(dhn, B * R) &&
        floatsOrNull(dcn, B * H) &&
        floatsOrNull(x, T * B * I) &&
        intsOrNull(ids, T * B) &&
        floats(w_ih, gates * H * I) &&
        floatsOrNull(w_hh, gates * H * R) &&
        floatsOrNull(b_ih, gates * H) &&
        floatsOrNull(b_hh, gates * H) &&
        floatsOrNull(w_hr, R * H) &&
        floatsOrNull(w_unit, units * H) &&
        floatsOrNull(ln_ih, gates * H) &&
        floatsOrNull(ln_hh, gates * H) &&
        floatsOrNull(ln_c, H) &&
        floatsOrNull(ln_c_bias, H) &&
        floatsOrNull(drop, B * R) &&
        floatsOrNull(zone_h, T * B * R) &&
        floatsOrNull(zone_c, T * B * H) &&
        intsOrNull(lengths, B) &&
        doubles(options, 13) &&
        floats(saved, nsaved) &&
        floats(scratch, nscratch) &&
        int(cell) &&
        size(gates) &&
        size(units) &&
        int(features) &&
        size(T) &&
        size(B) &&
        size(I) &&
        size(H) &&
        size(R) &&
        int(rows) &&
        int(reverse) &&
        size(width) &&
        int(column) &&
        int(keep) &&
        size(nsteps) &&
        wide(nsaved) &&
        wide(nscratch);
      if (!valid) wrong(54, [dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_hr, dw_unit, dln_ih, dln_hh, dln_c,
          dln_c_bias, steps, contributions, dy, dhn, dcn, x, ids, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih, ln_hh,
          ln_c, ln_c_bias, drop, zone_h, zone_c, lengths, options, saved, scratch, cell, gates, units, features, T, B,
          I, H, R, rows, reverse, width, column, keep, nsteps, nsaved, nscratch]);
      try {
        done(54, raw.u_rnn_general_backward(ctx, enter(dx, 'w'), enter(dh0, 'w'), enter(dc0, 'w'), enter(dw_ih, 'w'),
            enter(dw_hh, 'w'), enter(db_ih, 'w'), enter(db_hh, 'w'), enter(dw_hr, 'w'), enter(dw_unit, 'w'),
            enter(dln_ih, 'w'), enter(dln_hh, 'w'), enter(dln_c, 'w'), enter(dln_c_bias, 'w'), enter(steps, 'w'),
            enter(contributions, 'w'), enter(dy, 'r'), enter(dhn, 'r'), enter(dcn, 'r'), enter(x, 'r'), enter(ids, 'r'),
            enter(w_ih, 'r'), enter(w_hh, 'r'), enter(b_ih, 'r'), enter(b_hh, 'r'), enter(w_hr, 'r'),
            enter(w_unit, 'r'), enter(ln_ih, 'r'), enter(ln_hh, 'r'), enter(ln_c, 'r'), enter(ln_c_bias, 'r'),
            enter(drop, 'r'), enter(zone_h, 'r'), enter(zone_c, 'r'), enter(lengths, 'r'), enter(options, 'r'),
            enter(saved, 'r'), enter(scratch, 'w'), cell, gates, units, features, T, B, I, H, R, rows, reverse, width,
            column, keep, nsteps, nsaved, nscratch));
      } finally {
        leave();
      }
    },
    fma_peak(flops, rounds) {
      const valid =
        doubles(flops, 1) &&
        int(rounds);
      if (!valid) wrong(55, [flops, rounds]);
      try {
        done(55, raw.u_fma_peak(ctx, enter(flops, 'w'), rounds));
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
  const wrong = (index: number, values: Values): never => refused(index, values, (storage) => binding.admit(storage));
  const put = (slot: number, value: number): true => {
    f[slot] = value;
    return true;
  };
  const putSize = (slot: number, value: number): boolean => size(value) && put(slot, value);
  const putWide = (slot: number, value: number): boolean => wide(value) && put(slot, value);
  const putInt = (slot: number, value: number): boolean => int(value) && put(slot, value);
  const putNumber = (slot: number, value: number): boolean => number(value) && put(slot, value);
  const putDoubles = (slot: number, storage: Storage | null, length: number): boolean =>
    storage != null && binding.put(slot, storage, 'double', length);
  const putDoublesOrNull = (slot: number, storage: Storage | null, length: number): boolean =>
    storage === null ? put(slot, 0) : binding.put(slot, storage, 'double', length);
  const putFloats = (slot: number, storage: Storage | null, length: number): boolean =>
    storage != null && binding.put(slot, storage, 'float', length);
  const putFloatsOrNull = (slot: number, storage: Storage | null, length: number): boolean =>
    storage === null ? put(slot, 0) : binding.put(slot, storage, 'float', length);
  const putInts = (slot: number, storage: Storage | null, length: number): boolean =>
    storage != null && binding.put(slot, storage, 'int', length);
  const putIntsOrNull = (slot: number, storage: Storage | null, length: number): boolean =>
    storage === null ? put(slot, 0) : binding.put(slot, storage, 'int', length);
  return {
    fill(y, n, value) {
      const valid =
        putFloats(0, y, n) &&
        putSize(1, n) &&
        putNumber(2, value);
      if (!valid) wrong(0, [y, n, value]);
      done(0, call(0));
    },
    axpy(y, x, n, alpha) {
      const valid =
        putFloats(0, y, n) &&
        putFloats(1, x, n) &&
        putSize(2, n) &&
        putNumber(3, alpha);
      if (!valid) wrong(1, [y, x, n, alpha]);
      done(1, call(1));
    },
    affine(y, x, n, alpha, beta) {
      const valid =
        putFloats(0, y, n) &&
        putFloats(1, x, n) &&
        putSize(2, n) &&
        putNumber(3, alpha) &&
        putNumber(4, beta);
      if (!valid) wrong(2, [y, x, n, alpha, beta]);
      done(2, call(2));
    },
    clamp(y, x, n, low, high) {
      const valid =
        putFloats(0, y, n) &&
        putFloats(1, x, n) &&
        putSize(2, n) &&
        putNumber(3, low) &&
        putNumber(4, high);
      if (!valid) wrong(3, [y, x, n, low, high]);
      done(3, call(3));
    },
    binary_forward(y, a, b, n, op) {
      const valid =
        putFloats(0, y, n) &&
        putFloats(1, a, n) &&
        putFloats(2, b, n) &&
        putSize(3, n) &&
        putInt(4, op);
      if (!valid) wrong(4, [y, a, b, n, op]);
      done(4, call(4));
    },
    binary_backward(da, db, dy, a, b, n, op) {
      const valid =
        putFloatsOrNull(0, da, n) &&
        putFloatsOrNull(1, db, n) &&
        putFloats(2, dy, n) &&
        putFloats(3, a, n) &&
        putFloats(4, b, n) &&
        putSize(5, n) &&
        putInt(6, op);
      if (!valid) wrong(5, [da, db, dy, a, b, n, op]);
      done(5, call(5));
    },
    activation_forward(y, x, n, kind) {
      const valid =
        putFloats(0, y, n) &&
        putFloats(1, x, n) &&
        putSize(2, n) &&
        putInt(3, kind);
      if (!valid) wrong(6, [y, x, n, kind]);
      done(6, call(6));
    },
    activation_backward(dx, dy, x, y, n, kind) {
      const valid =
        putFloats(0, dx, n) &&
        putFloats(1, dy, n) &&
        putFloats(2, x, n) &&
        putFloats(3, y, n) &&
        putSize(4, n) &&
        putInt(5, kind);
      if (!valid) wrong(7, [dx, dy, x, y, n, kind]);
      done(7, call(7));
    },
    dropout_forward(y, mask, x, n, p, seed_lo, seed_hi) {
      const valid =
        putFloats(0, y, n) &&
        putFloats(1, mask, n) &&
        putFloats(2, x, n) &&
        putSize(3, n) &&
        putNumber(4, p) &&
        putInt(5, seed_lo) &&
        putInt(6, seed_hi);
      if (!valid) wrong(8, [y, mask, x, n, p, seed_lo, seed_hi]);
      done(8, call(8));
    },
    uniform(y, n, low, high, drawn, seed_lo, seed_hi) {
      const valid =
        putFloats(0, y, n) &&
        putSize(1, n) &&
        putNumber(2, low) &&
        putNumber(3, high) &&
        putNumber(4, drawn) &&
        putInt(5, seed_lo) &&
        putInt(6, seed_hi);
      if (!valid) wrong(9, [y, n, low, high, drawn, seed_lo, seed_hi]);
      done(9, call(9));
    },
    expand(y, x, outer, mid, inner) {
      const valid =
        putFloats(0, y, outer * mid * inner) &&
        putFloats(1, x, outer * inner) &&
        putSize(2, outer) &&
        putSize(3, mid) &&
        putSize(4, inner);
      if (!valid) wrong(10, [y, x, outer, mid, inner]);
      done(10, call(10));
    },
    reduce_sum(y, x, outer, mid, inner, scale) {
      const valid =
        putFloats(0, y, outer * inner) &&
        putFloats(1, x, outer * mid * inner) &&
        putSize(2, outer) &&
        putSize(3, mid) &&
        putSize(4, inner) &&
        putNumber(5, scale);
      if (!valid) wrong(11, [y, x, outer, mid, inner, scale]);
      done(11, call(11));
    },
    transpose(y, x, outer, a, mid, b, inner) {
      const valid =
        putFloats(0, y, outer * b * mid * a * inner) &&
        putFloats(1, x, outer * a * mid * b * inner) &&
        putSize(2, outer) &&
        putSize(3, a) &&
        putSize(4, mid) &&
        putSize(5, b) &&
        putSize(6, inner);
      if (!valid) wrong(12, [y, x, outer, a, mid, b, inner]);
      done(12, call(12));
    },
    slice_forward(y, x, outer, n, inner, start, count) {
      const valid =
        putFloats(0, y, outer * count * inner) &&
        putFloats(1, x, outer * n * inner) &&
        putSize(2, outer) &&
        putSize(3, n) &&
        putSize(4, inner) &&
        putInt(5, start) &&
        putSize(6, count);
      if (!valid) wrong(13, [y, x, outer, n, inner, start, count]);
      done(13, call(13));
    },
    slice_backward(dx, dy, outer, n, inner, start, count) {
      const valid =
        putFloats(0, dx, outer * n * inner) &&
        putFloats(1, dy, outer * count * inner) &&
        putSize(2, outer) &&
        putSize(3, n) &&
        putSize(4, inner) &&
        putInt(5, start) &&
        putSize(6, count);
      if (!valid) wrong(14, [dx, dy, outer, n, inner, start, count]);
      done(14, call(14));
    },
    place(y, x, outer, n, inner, start, count) {
      const valid =
        putFloats(0, y, outer * n * inner) &&
        putFloats(1, x, outer * count * inner) &&
        putSize(2, outer) &&
        putSize(3, n) &&
        putSize(4, inner) &&
        putInt(5, start) &&
        putSize(6, count);
      if (!valid) wrong(15, [y, x, outer, n, inner, start, count]);
      done(15, call(15));
    },
    gather_forward(y, x, index, outer, n, m, inner) {
      const valid =
        putFloats(0, y, outer * m * inner) &&
        putFloats(1, x, outer * n * inner) &&
        putInts(2, index, outer * m * inner) &&
        putSize(3, outer) &&
        putSize(4, n) &&
        putSize(5, m) &&
        putSize(6, inner);
      if (!valid) wrong(16, [y, x, index, outer, n, m, inner]);
      done(16, call(16));
    },
    gather_backward(dx, dy, index, outer, n, m, inner) {
      const valid =
        putFloats(0, dx, outer * n * inner) &&
        putFloats(1, dy, outer * m * inner) &&
        putInts(2, index, outer * m * inner) &&
        putSize(3, outer) &&
        putSize(4, n) &&
        putSize(5, m) &&
        putSize(6, inner);
      if (!valid) wrong(17, [dx, dy, index, outer, n, m, inner]);
      done(17, call(17));
    },
    max_pool_forward(y, winner, x, planes, h, w, oh, ow, kh, kw, sh, sw, ph, pw) {
      const valid =
        putFloats(0, y, planes * oh * ow) &&
        putInts(1, winner, planes * oh * ow) &&
        putFloats(2, x, planes * h * w) &&
        putSize(3, planes) &&
        putSize(4, h) &&
        putSize(5, w) &&
        putSize(6, oh) &&
        putSize(7, ow) &&
        putInt(8, kh) &&
        putInt(9, kw) &&
        putInt(10, sh) &&
        putInt(11, sw) &&
        putInt(12, ph) &&
        putInt(13, pw);
      if (!valid) wrong(18, [y, winner, x, planes, h, w, oh, ow, kh, kw, sh, sw, ph, pw]);
      done(18, call(18));
    },
    matmul_forward(y, a, b, P, M, N, K) {
      const valid =
        putFloats(0, y, P * M * N) &&
        putFloats(1, a, P * M * K) &&
        putFloats(2, b, P * K * N) &&
        putSize(3, P) &&
        putSize(4, M) &&
        putSize(5, N) &&
        putSize(6, K);
      if (!valid) wrong(19, [y, a, b, P, M, N, K]);
      done(19, call(19));
    },
    matmul_backward(da, db, dy, a, b, P, M, N, K) {
      const valid =
        putFloatsOrNull(0, da, P * M * K) &&
        putFloatsOrNull(1, db, P * K * N) &&
        putFloats(2, dy, P * M * N) &&
        putFloats(3, a, P * M * K) &&
        putFloats(4, b, P * K * N) &&
        putSize(5, P) &&
        putSize(6, M) &&
        putSize(7, N) &&
        putSize(8, K);
      if (!valid) wrong(20, [da, db, dy, a, b, P, M, N, K]);
      done(20, call(20));
    },
    linear_forward(y, x, w, b, N, I, O) {
      const valid =
        putFloats(0, y, N * O) &&
        putFloats(1, x, N * I) &&
        putFloats(2, w, O * I) &&
        putFloatsOrNull(3, b, O) &&
        putSize(4, N) &&
        putSize(5, I) &&
        putSize(6, O);
      if (!valid) wrong(21, [y, x, w, b, N, I, O]);
      done(21, call(21));
    },
    linear_backward(dx, dw, db, dy, x, w, N, I, O) {
      const valid =
        putFloatsOrNull(0, dx, N * I) &&
        putFloatsOrNull(1, dw, O * I) &&
        putFloatsOrNull(2, db, O) &&
        putFloats(3, dy, N * O) &&
        putFloats(4, x, N * I) &&
        putFloats(5, w, O * I) &&
        putSize(6, N) &&
        putSize(7, I) &&
        putSize(8, O);
      if (!valid) wrong(22, [dx, dw, db, dy, x, w, N, I, O]);
      done(22, call(22));
    },
    softmax_forward(y, x, N, C) {
      const valid =
        putFloats(0, y, N * C) &&
        putFloats(1, x, N * C) &&
        putSize(2, N) &&
        putSize(3, C);
      if (!valid) wrong(23, [y, x, N, C]);
      done(23, call(23));
    },
    softmax_backward(dx, dy, y, N, C) {
      const valid =
        putFloats(0, dx, N * C) &&
        putFloats(1, dy, N * C) &&
        putFloats(2, y, N * C) &&
        putSize(3, N) &&
        putSize(4, C);
      if (!valid) wrong(24, [dx, dy, y, N, C]);
      done(24, call(24));
    },
    log_softmax_forward(y, x, N, C) {
      const valid =
        putFloats(0, y, N * C) &&
        putFloats(1, x, N * C) &&
        putSize(2, N) &&
        putSize(3, C);
      if (!valid) wrong(25, [y, x, N, C]);
      done(25, call(25));
    },
    log_softmax_backward(dx, dy, y, N, C) {
      const valid =
        putFloats(0, dx, N * C) &&
        putFloats(1, dy, N * C) &&
        putFloats(2, y, N * C) &&
        putSize(3, N) &&
        putSize(4, C);
      if (!valid) wrong(26, [dx, dy, y, N, C]);
      done(26, call(26));
    },
    layer_norm_forward(y, mean, rstd, x, gamma, beta, N, C, eps) {
      const valid =
        putFloats(0, y, N * C) &&
        putFloats(1, mean, N) &&
        putFloats(2, rstd, N) &&
        putFloats(3, x, N * C) &&
        putFloatsOrNull(4, gamma, C) &&
        putFloatsOrNull(5, beta, C) &&
        putSize(6, N) &&
        putSize(7, C) &&
        putNumber(8, eps);
      if (!valid) wrong(27, [y, mean, rstd, x, gamma, beta, N, C, eps]);
      done(27, call(27));
    },
    layer_norm_backward(dx, dgamma, dbeta, dy, x, mean, rstd, gamma, N, C) {
      const valid =
        putFloatsOrNull(0, dx, N * C) &&
        putFloatsOrNull(1, dgamma, C) &&
        putFloatsOrNull(2, dbeta, C) &&
        putFloats(3, dy, N * C) &&
        putFloats(4, x, N * C) &&
        putFloats(5, mean, N) &&
        putFloats(6, rstd, N) &&
        putFloatsOrNull(7, gamma, C) &&
        putSize(8, N) &&
        putSize(9, C);
      if (!valid) wrong(28, [dx, dgamma, dbeta, dy, x, mean, rstd, gamma, N, C]);
      done(28, call(28));
    },
    embedding_forward(y, w, index, N, V, E) {
      const valid =
        putFloats(0, y, N * E) &&
        putFloats(1, w, V * E) &&
        putInts(2, index, N) &&
        putSize(3, N) &&
        putSize(4, V) &&
        putSize(5, E);
      if (!valid) wrong(29, [y, w, index, N, V, E]);
      done(29, call(29));
    },
    embedding_backward(dw, dy, index, N, V, E, padding_idx) {
      const valid =
        putFloats(0, dw, V * E) &&
        putFloats(1, dy, N * E) &&
        putInts(2, index, N) &&
        putSize(3, N) &&
        putSize(4, V) &&
        putSize(5, E) &&
        putInt(6, padding_idx);
      if (!valid) wrong(30, [dw, dy, index, N, V, E, padding_idx]);
      done(30, call(30));
    },
    cross_entropy_forward(loss, logp, denominator, logits, target, weight, N, C, L, ignore_index, label_smoothing,
        reduction) {
      const valid =
        putFloats(0, loss, L) &&
        putFloats(1, logp, N * C) &&
        putFloats(2, denominator, 1) &&
        putFloats(3, logits, N * C) &&
        putInts(4, target, N) &&
        putFloatsOrNull(5, weight, C) &&
        putSize(6, N) &&
        putSize(7, C) &&
        putSize(8, L) &&
        putInt(9, ignore_index) &&
        putNumber(10, label_smoothing) &&
        putInt(11, reduction);
      if (!valid) wrong(31, [loss, logp, denominator, logits, target, weight, N, C, L, ignore_index, label_smoothing,
          reduction]);
      done(31, call(31));
    },
    cross_entropy_backward(dlogits, dloss, logp, denominator, target, weight, N, C, L, ignore_index, label_smoothing,
        reduction) {
      const valid =
        putFloats(0, dlogits, N * C) &&
        putFloats(1, dloss, L) &&
        putFloats(2, logp, N * C) &&
        putFloats(3, denominator, 1) &&
        putInts(4, target, N) &&
        putFloatsOrNull(5, weight, C) &&
        putSize(6, N) &&
        putSize(7, C) &&
        putSize(8, L) &&
        putInt(9, ignore_index) &&
        putNumber(10, label_smoothing) &&
        putInt(11, reduction);
      if (!valid) wrong(32, [dlogits, dloss, logp, denominator, target, weight, N, C, L, ignore_index, label_smoothing,
          reduction]);
      done(32, call(32));
    },
    bce_with_logits_forward(loss, x, t, weight, pos_weight, n, L, reduction) {
      const valid =
        putFloats(0, loss, L) &&
        putFloats(1, x, n) &&
        putFloats(2, t, n) &&
        putFloatsOrNull(3, weight, n) &&
        putFloatsOrNull(4, pos_weight, n) &&
        putSize(5, n) &&
        putSize(6, L) &&
        putInt(7, reduction);
      if (!valid) wrong(33, [loss, x, t, weight, pos_weight, n, L, reduction]);
      done(33, call(33));
    },
    bce_with_logits_backward(dx, dloss, x, t, weight, pos_weight, n, L, reduction) {
      const valid =
        putFloats(0, dx, n) &&
        putFloats(1, dloss, L) &&
        putFloats(2, x, n) &&
        putFloats(3, t, n) &&
        putFloatsOrNull(4, weight, n) &&
        putFloatsOrNull(5, pos_weight, n) &&
        putSize(6, n) &&
        putSize(7, L) &&
        putInt(8, reduction);
      if (!valid) wrong(34, [dx, dloss, x, t, weight, pos_weight, n, L, reduction]);
      done(34, call(34));
    },
    ctc_loss_forward(loss, logp, alpha, nll, scratch, logits, targets, input_lengths, target_lengths, T, B, C, S, L,
        blank, reduction, zero_infinity) {
      const valid =
        putFloats(0, loss, L) &&
        putFloats(1, logp, T * B * C) &&
        putFloats(2, alpha, T * B * (2 * S + 1)) &&
        putFloats(3, nll, B) &&
        putFloats(4, scratch, B * (6 * S + 7)) &&
        putFloats(5, logits, T * B * C) &&
        putInts(6, targets, B * S) &&
        putInts(7, input_lengths, B) &&
        putInts(8, target_lengths, B) &&
        putSize(9, T) &&
        putSize(10, B) &&
        putSize(11, C) &&
        putSize(12, S) &&
        putSize(13, L) &&
        putInt(14, blank) &&
        putInt(15, reduction) &&
        putInt(16, zero_infinity);
      if (!valid) wrong(35, [loss, logp, alpha, nll, scratch, logits, targets, input_lengths, target_lengths, T, B, C,
          S, L, blank, reduction, zero_infinity]);
      done(35, call(35));
    },
    ctc_loss_backward(dlogits, scratch, dloss, logp, alpha, nll, targets, input_lengths, target_lengths, T, B, C, S, L,
        blank, reduction, zero_infinity) {
      const valid =
        putFloats(0, dlogits, T * B * C) &&
        putFloats(1, scratch, B * (6 * S + 7)) &&
        putFloats(2, dloss, L) &&
        putFloats(3, logp, T * B * C) &&
        putFloats(4, alpha, T * B * (2 * S + 1)) &&
        putFloats(5, nll, B) &&
        putInts(6, targets, B * S) &&
        putInts(7, input_lengths, B) &&
        putInts(8, target_lengths, B) &&
        putSize(9, T) &&
        putSize(10, B) &&
        putSize(11, C) &&
        putSize(12, S) &&
        putSize(13, L) &&
        putInt(14, blank) &&
        putInt(15, reduction) &&
        putInt(16, zero_infinity);
      if (!valid) wrong(36, [dlogits, scratch, dloss, logp, alpha, nll, targets, input_lengths, target_lengths, T, B, C,
          S, L, blank, reduction, zero_infinity]);
      done(36, call(36));
    },
    regression_loss_forward(loss, x, t, n, L, reduction, kind, delta) {
      const valid =
        putFloats(0, loss, L) &&
        putFloats(1, x, n) &&
        putFloats(2, t, n) &&
        putSize(3, n) &&
        putSize(4, L) &&
        putInt(5, reduction) &&
        putInt(6, kind) &&
        putNumber(7, delta);
      if (!valid) wrong(37, [loss, x, t, n, L, reduction, kind, delta]);
      done(37, call(37));
    },
    regression_loss_backward(dx, dt, dloss, x, t, n, L, reduction, kind, delta) {
      const valid =
        putFloatsOrNull(0, dx, n) &&
        putFloatsOrNull(1, dt, n) &&
        putFloats(2, dloss, L) &&
        putFloats(3, x, n) &&
        putFloats(4, t, n) &&
        putSize(5, n) &&
        putSize(6, L) &&
        putInt(7, reduction) &&
        putInt(8, kind) &&
        putNumber(9, delta);
      if (!valid) wrong(38, [dx, dt, dloss, x, t, n, L, reduction, kind, delta]);
      done(38, call(38));
    },
    sum_squares(out, x, n) {
      const valid =
        putDoubles(0, out, 1) &&
        putFloats(1, x, n) &&
        putSize(2, n);
      if (!valid) wrong(39, [out, x, n]);
      done(39, call(39));
    },
    sgd_update(p, buf, g, n, lr, momentum, dampening, nesterov, weight_decay, first) {
      const valid =
        putFloats(0, p, n) &&
        putFloatsOrNull(1, buf, n) &&
        putFloats(2, g, n) &&
        putSize(3, n) &&
        putNumber(4, lr) &&
        putNumber(5, momentum) &&
        putNumber(6, dampening) &&
        putInt(7, nesterov) &&
        putNumber(8, weight_decay) &&
        putInt(9, first);
      if (!valid) wrong(40, [p, buf, g, n, lr, momentum, dampening, nesterov, weight_decay, first]);
      done(40, call(40));
    },
    adam_update(p, m, v, vmax, g, n, lr, beta1, beta2, eps, weight_decay, decoupled, step) {
      const valid =
        putFloats(0, p, n) &&
        putFloats(1, m, n) &&
        putFloats(2, v, n) &&
        putFloatsOrNull(3, vmax, n) &&
        putFloats(4, g, n) &&
        putSize(5, n) &&
        putNumber(6, lr) &&
        putNumber(7, beta1) &&
        putNumber(8, beta2) &&
        putNumber(9, eps) &&
        putNumber(10, weight_decay) &&
        putInt(11, decoupled) &&
        putNumber(12, step);
      if (!valid) wrong(41, [p, m, v, vmax, g, n, lr, beta1, beta2, eps, weight_decay, decoupled, step]);
      done(41, call(41));
    },
    rmsprop_update(p, sq, buf, gavg, g, n, lr, alpha, eps, weight_decay, momentum) {
      const valid =
        putFloats(0, p, n) &&
        putFloats(1, sq, n) &&
        putFloatsOrNull(2, buf, n) &&
        putFloatsOrNull(3, gavg, n) &&
        putFloats(4, g, n) &&
        putSize(5, n) &&
        putNumber(6, lr) &&
        putNumber(7, alpha) &&
        putNumber(8, eps) &&
        putNumber(9, weight_decay) &&
        putNumber(10, momentum);
      if (!valid) wrong(42, [p, sq, buf, gavg, g, n, lr, alpha, eps, weight_decay, momentum]);
      done(42, call(42));
    },
    adagrad_update(p, sum, g, n, lr, eps, weight_decay) {
      const valid =
        putFloats(0, p, n) &&
        putFloats(1, sum, n) &&
        putFloats(2, g, n) &&
        putSize(3, n) &&
        putNumber(4, lr) &&
        putNumber(5, eps) &&
        putNumber(6, weight_decay);
      if (!valid) wrong(43, [p, sum, g, n, lr, eps, weight_decay]);
      done(43, call(43));
    },
    rnn_sizes(sizes, cell, T, B, I, H, D, rows) {
      const valid =
        putDoubles(0, sizes, 5) &&
        putInt(1, cell) &&
        putInt(2, T) &&
        putInt(3, B) &&
        putInt(4, I) &&
        putInt(5, H) &&
        putInt(6, D) &&
        putInt(7, rows);
      if (!valid) wrong(44, [sizes, cell, T, B, I, H, D, rows]);
      done(44, call(44));
    },
    rnn_pack(packed, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, cell, gates, I, H, D, npacked) {
      const valid =
        putFloats(0, packed, npacked) &&
        putFloats(1, w_ih, gates * H * I) &&
        putFloats(2, w_hh, gates * H * H) &&
        putFloatsOrNull(3, b_ih, gates * H) &&
        putFloatsOrNull(4, b_hh, gates * H) &&
        putFloatsOrNull(5, w_ih_r, gates * H * I) &&
        putFloatsOrNull(6, w_hh_r, gates * H * H) &&
        putFloatsOrNull(7, b_ih_r, gates * H) &&
        putFloatsOrNull(8, b_hh_r, gates * H) &&
        putInt(9, cell) &&
        putSize(10, gates) &&
        putSize(11, I) &&
        putSize(12, H) &&
        putInt(13, D) &&
        putWide(14, npacked);
      if (!valid) wrong(45, [packed, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, cell, gates, I, H, D,
          npacked]);
      done(45, call(45));
    },
    rnn_forward(y, hn, cn, saved, scratch, packed, x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r,
        lengths, cell, gates, T, B, I, H, D, rows, nsaved, nscratch, npacked) {
      const valid =
        putFloats(0, y, T * B * D * H) &&
        putFloats(1, hn, D * B * H) &&
        putFloatsOrNull(2, cn, D * B * H) &&
        putFloatsOrNull(3, saved, nsaved) &&
        putFloats(4, scratch, nscratch) &&
        putFloatsOrNull(5, packed, npacked) &&
        putFloats(6, x, T * B * I) &&
        putFloatsOrNull(7, h0, D * B * H) &&
        putFloatsOrNull(8, c0, D * B * H) &&
        putFloats(9, w_ih, gates * H * I) &&
        putFloats(10, w_hh, gates * H * H) &&
        putFloatsOrNull(11, b_ih, gates * H) &&
        putFloatsOrNull(12, b_hh, gates * H) &&
        putFloatsOrNull(13, w_ih_r, gates * H * I) &&
        putFloatsOrNull(14, w_hh_r, gates * H * H) &&
        putFloatsOrNull(15, b_ih_r, gates * H) &&
        putFloatsOrNull(16, b_hh_r, gates * H) &&
        putIntsOrNull(17, lengths, B) &&
        putInt(18, cell) &&
        putSize(19, gates) &&
        putSize(20, T) &&
        putSize(21, B) &&
        putSize(22, I) &&
        putSize(23, H) &&
        putSize(24, D) &&
        putInt(25, rows) &&
        putWide(26, nsaved) &&
        putWide(27, nscratch) &&
        putWide(28, npacked);
      if (!valid) wrong(46, [y, hn, cn, saved, scratch, packed, x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r,
          b_ih_r, b_hh_r, lengths, cell, gates, T, B, I, H, D, rows, nsaved, nscratch, npacked]);
      done(46, call(46));
    },
    rnn_backward(dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_ih_r, dw_hh_r, db_ih_r, db_hh_r, dy, dhn, dcn, x, h0, c0,
        w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, lengths, saved, scratch, cell, gates, T, B, I, H, D,
        rows, nsaved, nscratch) {
      const valid =
        putFloatsOrNull(0, dx, T * B * I) &&
        putFloatsOrNull(1, dh0, D * B * H) &&
        putFloatsOrNull(2, dc0, D * B * H) &&
        putFloatsOrNull(3, dw_ih, gates * H * I) &&
        putFloatsOrNull(4, dw_hh, gates * H * H) &&
        putFloatsOrNull(5, db_ih, gates * H) &&
        putFloatsOrNull(6, db_hh, gates * H) &&
        putFloatsOrNull(7, dw_ih_r, gates * H * I) &&
        putFloatsOrNull(8, dw_hh_r, gates * H * H) &&
        putFloatsOrNull(9, db_ih_r, gates * H) &&
        putFloatsOrNull(10, db_hh_r, gates * H) &&
        putFloatsOrNull(11, dy, T * B * D * H) &&
        putFloatsOrNull(12, dhn, D * B * H) &&
        putFloatsOrNull(13, dcn, D * B * H) &&
        putFloats(14, x, T * B * I) &&
        putFloatsOrNull(15, h0, D * B * H) &&
        putFloatsOrNull(16, c0, D * B * H) &&
        putFloats(17, w_ih, gates * H * I) &&
        putFloats(18, w_hh, gates * H * H) &&
        putFloatsOrNull(19, b_ih, gates * H) &&
        putFloatsOrNull(20, b_hh, gates * H) &&
        putFloatsOrNull(21, w_ih_r, gates * H * I) &&
        putFloatsOrNull(22, w_hh_r, gates * H * H) &&
        putFloatsOrNull(23, b_ih_r, gates * H) &&
        putFloatsOrNull(24, b_hh_r, gates * H) &&
        putIntsOrNull(25, lengths, B) &&
        putFloats(26, saved, nsaved) &&
        putFloats(27, scratch, nscratch) &&
        putInt(28, cell) &&
        putSize(29, gates) &&
        putSize(30, T) &&
        putSize(31, B) &&
        putSize(32, I) &&
        putSize(33, H) &&
        putSize(34, D) &&
        putInt(35, rows) &&
        putWide(36, nsaved) &&
        putWide(37, nscratch);
      if (!valid) wrong(47, [dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_ih_r, dw_hh_r, db_ih_r, db_hh_r, dy, dhn, dcn,
          x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, lengths, saved, scratch, cell, gates, T, B,
          I, H, D, rows, nsaved, nscratch]);
      done(47, call(47));
    },
    rnn_quantized_sizes(sizes, precision, cell, T, B, I, H, D, rows) {
      const valid =
        putDoubles(0, sizes, 2) &&
        putInt(1, precision) &&
        putInt(2, cell) &&
        putInt(3, T) &&
        putInt(4, B) &&
        putInt(5, I) &&
        putInt(6, H) &&
        putInt(7, D) &&
        putInt(8, rows);
      if (!valid) wrong(48, [sizes, precision, cell, T, B, I, H, D, rows]);
      done(48, call(48));
    },
    rnn_quantize(packed, error, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, precision, cell, gates, I, H, D,
        npacked) {
      const valid =
        putFloats(0, packed, npacked) &&
        putDoubles(1, error, 1) &&
        putFloats(2, w_ih, gates * H * I) &&
        putFloats(3, w_hh, gates * H * H) &&
        putFloatsOrNull(4, b_ih, gates * H) &&
        putFloatsOrNull(5, b_hh, gates * H) &&
        putFloatsOrNull(6, w_ih_r, gates * H * I) &&
        putFloatsOrNull(7, w_hh_r, gates * H * H) &&
        putFloatsOrNull(8, b_ih_r, gates * H) &&
        putFloatsOrNull(9, b_hh_r, gates * H) &&
        putInt(10, precision) &&
        putInt(11, cell) &&
        putSize(12, gates) &&
        putSize(13, I) &&
        putSize(14, H) &&
        putInt(15, D) &&
        putWide(16, npacked);
      if (!valid) wrong(49, [packed, error, w_ih, w_hh, b_ih, b_hh, w_ih_r, w_hh_r, b_ih_r, b_hh_r, precision, cell,
          gates, I, H, D, npacked]);
      done(49, call(49));
    },
    rnn_quantized_forward(y, hn, cn, scratch, packed, x, h0, c0, lengths, precision, cell, gates, T, B, I, H, D, rows,
        nscratch, npacked) {
      const valid =
        putFloats(0, y, T * B * D * H) &&
        putFloats(1, hn, D * B * H) &&
        putFloatsOrNull(2, cn, D * B * H) &&
        putFloats(3, scratch, nscratch) &&
        putFloats(4, packed, npacked) &&
        putFloats(5, x, T * B * I) &&
        putFloatsOrNull(6, h0, D * B * H) &&
        putFloatsOrNull(7, c0, D * B * H) &&
        putIntsOrNull(8, lengths, B) &&
        putInt(9, precision) &&
        putInt(10, cell) &&
        putInt(11, gates) &&
        putSize(12, T) &&
        putSize(13, B) &&
        putSize(14, I) &&
        putSize(15, H) &&
        putSize(16, D) &&
        putInt(17, rows) &&
        putWide(18, nscratch) &&
        putWide(19, npacked);
      if (!valid) wrong(50, [y, hn, cn, scratch, packed, x, h0, c0, lengths, precision, cell, gates, T, B, I, H, D,
          rows, nscratch, npacked]);
      done(50, call(50));
    },
    rnn_general_sizes(sizes, cell, features, T, B, I, H, R, rows, keep) {
      const valid =
        putDoubles(0, sizes, 5) &&
        putInt(1, cell) &&
        putInt(2, features) &&
        putInt(3, T) &&
        putInt(4, B) &&
        putInt(5, I) &&
        putInt(6, H) &&
        putInt(7, R) &&
        putInt(8, rows) &&
        putInt(9, keep);
      if (!valid) wrong(51, [sizes, cell, features, T, B, I, H, R, rows, keep]);
      done(51, call(51));
    },
    rnn_general_pack(packed, w_ih, w_hh, b_ih, b_hh, w_hr, cell, gates, features, I, H, R, npacked) {
      const valid =
        putFloats(0, packed, npacked) &&
        putFloats(1, w_ih, gates * H * I) &&
        putFloatsOrNull(2, w_hh, gates * H * R) &&
        putFloatsOrNull(3, b_ih, gates * H) &&
        putFloatsOrNull(4, b_hh, gates * H) &&
        putFloatsOrNull(5, w_hr, R * H) &&
        putInt(6, cell) &&
        putSize(7, gates) &&
        putInt(8, features) &&
        putSize(9, I) &&
        putSize(10, H) &&
        putSize(11, R) &&
        putWide(12, npacked);
      if (!valid) wrong(52, [packed, w_ih, w_hh, b_ih, b_hh, w_hr, cell, gates, features, I, H, R, npacked]);
      done(52, call(52));
    },
    rnn_general_forward(y, hn, cn, saved, scratch, packed, x, ids, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih,
        ln_hh, ln_c, ln_c_bias, drop, zone_h, zone_c, lengths, options, cell, gates, units, features, T, B, I, H, R,
        rows, reverse, width, column, keep, nsaved, nscratch, npacked) {
      const valid =
        putFloats(0, y, T * B * width) &&
        putFloats(1, hn, B * R) &&
        putFloatsOrNull(2, cn, B * H) &&
        putFloatsOrNull(3, saved, nsaved) &&
        putFloats(4, scratch, nscratch) &&
        putFloatsOrNull(5, packed, npacked) &&
        putFloatsOrNull(6, x, T * B * I) &&
        putIntsOrNull(7, ids, T * B) &&
        putFloatsOrNull(8, h0, B * R) &&
        putFloatsOrNull(9, c0, B * H) &&
        putFloats(10, w_ih, gates * H * I) &&
        putFloatsOrNull(11, w_hh, gates * H * R) &&
        putFloatsOrNull(12, b_ih, gates * H) &&
        putFloatsOrNull(13, b_hh, gates * H) &&
        putFloatsOrNull(14, w_hr, R * H) &&
        putFloatsOrNull(15, w_unit, units * H) &&
        putFloatsOrNull(16, ln_ih, gates * H) &&
        putFloatsOrNull(17, ln_hh, gates * H) &&
        putFloatsOrNull(18, ln_c, H) &&
        putFloatsOrNull(19, ln_c_bias, H) &&
        putFloatsOrNull(20, drop, B * R) &&
        putFloatsOrNull(21, zone_h, T * B * R) &&
        putFloatsOrNull(22, zone_c, T * B * H) &&
        putIntsOrNull(23, lengths, B) &&
        putDoubles(24, options, 13) &&
        putInt(25, cell) &&
        putSize(26, gates) &&
        putSize(27, units) &&
        putInt(28, features) &&
        putSize(29, T) &&
        putSize(30, B) &&
        putSize(31, I) &&
        putSize(32, H) &&
        putSize(33, R) &&
        putInt(34, rows) &&
        putInt(35, reverse) &&
        putSize(36, width) &&
        putInt(37, column) &&
        putInt(38, keep) &&
        putWide(39, nsaved) &&
        putWide(40, nscratch) &&
        putWide(41, npacked);
      if (!valid) wrong(53, [y, hn, cn, saved, scratch, packed, x, ids, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit,
          ln_ih, ln_hh, ln_c, ln_c_bias, drop, zone_h, zone_c, lengths, options, cell, gates, units, features, T, B, I,
          H, R, rows, reverse, width, column, keep, nsaved, nscratch, npacked]);
      done(53, call(53));
    },
    rnn_general_backward(dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_hr, dw_unit, dln_ih, dln_hh, dln_c, dln_c_bias,
        steps, contributions, dy, dhn, dcn, x, ids, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih, ln_hh, ln_c, ln_c_bias,
        drop, zone_h, zone_c, lengths, options, saved, scratch, cell, gates, units, features, T, B, I, H, R, rows,
        reverse, width, column, keep, nsteps, nsaved, nscratch) {
      const valid =
        putFloatsOrNull(0, dx, T * B * I) &&
        putFloatsOrNull(1, dh0, B * R) &&
        putFloatsOrNull(2, dc0, B * H) &&
        putFloatsOrNull(3, dw_ih, gates * H * I) &&
        putFloatsOrNull(4, dw_hh, gates * H * R) &&
        putFloatsOrNull(5, db_ih, gates * H) &&
        putFloatsOrNull(6, db_hh, gates * H) &&
        putFloatsOrNull(7, dw_hr, R * H) &&
        putFloatsOrNull(8, dw_unit, units * H) &&
        putFloatsOrNull(9, dln_ih, gates * H) &&
        putFloatsOrNull(10, dln_hh, gates * H) &&
        putFloatsOrNull(11, dln_c, H) &&
        putFloatsOrNull(12, dln_c_bias, H) &&
        putFloatsOrNull(13, steps, T * B * nsteps) &&
        putDoublesOrNull(14, contributions, T * 3) &&
        putFloatsOrNull(15, dy, T * B * width) &&
        putFloatsOrNull(16, dhn, B * R) &&
        putFloatsOrNull(17, dcn, B * H) &&
        putFloatsOrNull(18, x, T * B * I) &&
        putIntsOrNull(19, ids, T * B) &&
        putFloats(20, w_ih, gates * H * I) &&
        putFloatsOrNull(21, w_hh, gates * H * R) &&
        putFloatsOrNull(22, b_ih, gates * H) &&
        putFloatsOrNull(23, b_hh, gates * H) &&
        putFloatsOrNull(24, w_hr, R * H) &&
        putFloatsOrNull(25, w_unit, units * H) &&
        putFloatsOrNull(26, ln_ih, gates * H) &&
        putFloatsOrNull(27, ln_hh, gates * H) &&
        putFloatsOrNull(28, ln_c, H) &&
        putFloatsOrNull(29, ln_c_bias, H) &&
        putFloatsOrNull(30, drop, B * R) &&
        putFloatsOrNull(31, zone_h, T * B * R) &&
        putFloatsOrNull(32, zone_c, T * B * H) &&
        putIntsOrNull(33, lengths, B) &&
        putDoubles(34, options, 13) &&
        putFloats(35, saved, nsaved) &&
        putFloats(36, scratch, nscratch) &&
        putInt(37, cell) &&
        putSize(38, gates) &&
        putSize(39, units) &&
        putInt(40, features) &&
        putSize(41, T) &&
        putSize(42, B) &&
        putSize(43, I) &&
        putSize(44, H) &&
        putSize(45, R) &&
        putInt(46, rows) &&
        putInt(47, reverse) &&
        putSize(48, width) &&
        putInt(49, column) &&
        putInt(50, keep) &&
        putSize(51, nsteps) &&
        putWide(52, nsaved) &&
        putWide(53, nscratch);
      if (!valid) wrong(54, [dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dw_hr, dw_unit, dln_ih, dln_hh, dln_c,
          dln_c_bias, steps, contributions, dy, dhn, dcn, x, ids, w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih, ln_hh,
          ln_c, ln_c_bias, drop, zone_h, zone_c, lengths, options, saved, scratch, cell, gates, units, features, T, B,
          I, H, R, rows, reverse, width, column, keep, nsteps, nsaved, nscratch]);
      done(54, call(54));
    },
    fma_peak(flops, rounds) {
      const valid =
        putDoubles(0, flops, 1) &&
        putInt(1, rounds);
      if (!valid) wrong(55, [flops, rounds]);
      done(55, call(55));
    },
  };
}
