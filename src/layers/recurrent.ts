// The recurrent layers: RNN, LSTM, GRU, MGU, IndRNN. What differs between them is their cell and a few options.
import type { Tensor } from '../autograd/tensor.js';
import { gru, gruResetBefore, indRnn, lstm, lstmCoupled, mgu, rnnRelu, rnnTanh } from '../backend/cells/index.js';
import { OptionError } from '../errors.js';
import { checkOptions, is, show } from '../options.js';
import { RecurrentBase } from './recurrent-base.js';
import {
  type GRUOptions,
  type IndRNNOptions,
  type LSTMOptions,
  type MGUOptions,
  type RNNOptions,
  setupOf,
  sharedRules,
} from './recurrent-options.js';

const gatedRules = { activations: is.object, zoneout: is.number(0, 1) };
const nonlinearityRules = { ...gatedRules, nonlinearity: is.oneOf('tanh', 'relu') };
const isRate = gatedRules.zoneout.accepts;

function checkNonlinearity(where: string, { nonlinearity, activations }: RNNOptions): void {
  if (nonlinearity === undefined || activations?.candidate === undefined) return;
  throw new OptionError(
    `${where}: nonlinearity ${show(nonlinearity)} and activations.candidate say the same thing twice; leave one of them out`,
  );
}

function checkProjection({ projSize = 0, hiddenSize }: LSTMOptions, refuse: (why: string) => never): void {
  if (projSize === 0) return;
  if (typeof hiddenSize !== 'number')
    refuse('projSize needs one hiddenSize for all layers, got a list; leave out one of them');
  else if (projSize >= hiddenSize) refuse(`projSize must be below hiddenSize, ${hiddenSize}, got ${projSize}`);
}

/**
 * Elman network: h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu in place of tanh.
 *
 *   const rnn = new RNN({ inputSize: 8, hiddenSize: 16 });
 *   const { output, state } = rnn.forward(u.randn([20, 4, 8]));   // [20, 4, 16], h [1, 4, 16]
 *
 * The equivalent loop:
 *
 *   for (const x of steps) {
 *     h = tanh(x.matmul(W_ih.transpose()).add(b_ih).add(h.matmul(W_hh.transpose())).add(b_hh));
 *   }
 *
 * Weights [hiddenSize, ...] start uniform within 1 / sqrt(hiddenSize). Source: Elman 1990.
 *
 * With relu and init: 'identity' this is the IRNN of Le et al. 2015.
 */
export class RNN extends RecurrentBase<null> {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(options: RNNOptions) {
    checkOptions('RNN', options, { ...sharedRules, ...nonlinearityRules });
    checkNonlinearity('RNN', options);
    const cell = options.nonlinearity === 'relu' ? rnnRelu : rnnTanh;
    super('rnn', setupOf('RNN', cell, options, ['candidate']), options);
    this.nonlinearity = options.nonlinearity ?? 'tanh';
  }
}

/**
 * Long short-term memory.
 *
 *   i = sigmoid(W_ii x + b_ii + W_hi h + b_hi)      f, o alike;  g = tanh(...)
 *   c' = f*c + i*g          h' = o*tanh(c')
 *
 *   const lstm = new LSTM({ inputSize: 8, hiddenSize: 16, numLayers: 2 });
 *   const { output, state } = lstm.forward(x, { lengths: [20, 3, 11, 0] });   // state.h and state.c [2, 4, 16]
 *
 * The equivalent loop:
 *
 *   for (const x of steps) {
 *     const gates = linear(x, W_ih, b_ih).add(linear(h, W_hh, b_hh));
 *     const [i, f, g, o] = [0, 1, 2, 3].map((k) => gates.slice(k * H, (k + 1) * H, 1));
 *     c = sigmoid(f).mul(c).add(sigmoid(i).mul(tanh(g)));
 *     h = sigmoid(o).mul(tanh(c));
 *   }
 *
 * Gate order i, f, g, o (PyTorch's). Weights [4*hiddenSize, ...] start uniform within 1 / sqrt(hiddenSize).
 *
 * With everything it may have (* is elementwise, N layer normalisation where asked for, else the identity):
 *
 *   i = sigmoid(N(W_i x) + b_ii + N(W_hi h) + b_hi + p_i*c)      f alike;  coupled: f = 1 - i
 *   c' = clamp(f*c + i*g)      o = sigmoid(... + p_o*c')      h' = W_hr (o*tanh(N(c')))
 *
 * Source: Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000; peepholes: Gers & Schmidhuber 2000; projection: Sak et
 * al. 2014; coupled: Greff et al. 2015.
 */
export class LSTM extends RecurrentBase<Tensor> {
  constructor(options: LSTMOptions) {
    checkOptions('LSTM', options, {
      ...sharedRules,
      forgetBias: is.number(),
      projSize: is.integer(0),
      peephole: is.boolean,
      coupled: is.boolean,
      cellClip: is.between(0),
      activations: is.object,
      zoneout: { expected: 'a number from 0 to 1, or { h, c }', accepts: (v) => isRate(v) || is.object.accepts(v) },
    });
    const { forgetBias, bias = true, coupled = false } = options;
    const refuse = (why: string): never => {
      throw new OptionError(`LSTM: ${why}`);
    };
    if (forgetBias !== undefined && !bias) {
      refuse('option "forgetBias" needs biases; leave it out or leave out "bias: false"');
    }
    if (forgetBias !== undefined && coupled) {
      refuse('with coupled: true the forget gate is 1 - i and has no bias of its own; leave out forgetBias');
    }
    checkProjection(options, refuse);
    super('lstm', setupOf('LSTM', coupled ? lstmCoupled : lstm, options, ['gate', 'candidate', 'output']), options);
    if (forgetBias === undefined) return;
    for (const [name, parameter] of this.namedParameters()) {
      // Gate f is the second of i, f, g, o. The two biases add up.
      const H = parameter.size / 4;
      if (/^bias_[ih]h_/.test(name)) parameter.data.fill(name.startsWith('bias_ih') ? forgetBias : 0, H, 2 * H);
    }
  }
}

/**
 * Gated recurrent unit.
 *
 *   r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)      z alike
 *   n = tanh(W_in x + b_in + r*(W_hn h + b_hn))     with resetAfter: false   n = tanh(W_in x + b_in + W_hn (r*h) + b_hn)
 *   h' = (1 - z)*n + z*h
 *
 *   const gru = new GRU({ inputSize: 8, hiddenSize: 16, bidirectional: true });
 *   const { output, state } = gru.forward(x);   // [20, 4, 32], h [2, 4, 16]
 *
 * The equivalent loop:
 *
 *   for (const x of steps) {
 *     const [xr, xz, xn] = thirds(linear(x, W_ih, b_ih));
 *     const [hr, hz, hn] = thirds(linear(h, W_hh, b_hh));
 *     const n = tanh(xn.add(sigmoid(xr.add(hr)).mul(hn)));
 *     h = n.add(sigmoid(xz.add(hz)).mul(h.sub(n)));
 *   }
 *
 * Gate order r, z, n (PyTorch's). Weights [3*hiddenSize, ...] start uniform within 1 / sqrt(hiddenSize).
 * Source: Cho et al. 2014.
 */
export class GRU extends RecurrentBase<null> {
  readonly resetAfter: boolean;

  constructor(options: GRUOptions) {
    checkOptions('GRU', options, { ...sharedRules, ...gatedRules, resetAfter: is.boolean });
    const { resetAfter = true } = options;
    super('gru', setupOf('GRU', resetAfter ? gru : gruResetBefore, options, ['gate', 'candidate']), options);
    this.resetAfter = resetAfter;
  }
}

/**
 * Minimal gated unit: one gate does what the GRU's two do.
 *
 *   f = sigmoid(W_if x + b_if + W_hf h + b_hf)
 *   n = tanh(W_in x + b_in + W_hn (f*h) + b_hn)
 *   h' = (1 - f)*h + f*n
 *
 *   const mgu = new MGU({ inputSize: 8, hiddenSize: 16 });
 *   const { output, state } = mgu.forward(x);   // [20, 4, 16], h [1, 4, 16]
 *
 * The equivalent loop:
 *
 *   for (const x of steps) {
 *     const [xf, xn] = halves(linear(x, W_ih, b_ih));
 *     const f = sigmoid(xf.add(linear(h, W_hf, b_hf)));
 *     const n = tanh(xn.add(linear(f.mul(h), W_hn, b_hn)));
 *     h = h.add(f.mul(n.sub(h)));
 *   }
 *
 * Gate order f, n. Weights [2*hiddenSize, ...] start uniform within 1 / sqrt(hiddenSize). Source: Zhou et al. 2016.
 */
export class MGU extends RecurrentBase<null> {
  constructor(options: MGUOptions) {
    checkOptions('MGU', options, { ...sharedRules, ...gatedRules });
    super('mgu', setupOf('MGU', mgu, options, ['gate', 'candidate']), options);
  }
}

/**
 * Independently recurrent network: each unit sees its own past only.
 *
 *   h' = relu(W_ih x + b_ih + u*h)       or tanh in place of relu
 *
 *   const rnn = new IndRNN({ inputSize: 8, hiddenSize: 16, numLayers: 4 });
 *   const { output, state } = rnn.forward(x);   // [20, 4, 16], h [4, 4, 16]
 *
 * The equivalent loop:
 *
 *   for (const x of steps) h = relu(linear(x, W_ih, b_ih).add(u.mul(h)));
 *
 * weight_hh_l0 is u [hiddenSize], uniform in 0..1 at first; there is one bias, bias_ih_l0. weight_ih_l0 and the bias start
 * uniform within 1 / sqrt(hiddenSize). Source: Li et al. 2018.
 */
export class IndRNN extends RecurrentBase<null> {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(options: IndRNNOptions) {
    checkOptions('IndRNN', options, { ...sharedRules, ...nonlinearityRules });
    checkNonlinearity('IndRNN', options);
    const { nonlinearity = 'relu', activations } = options;
    const chosen = nonlinearity === 'tanh' ? { candidate: 'tanh' as const } : activations;
    super(
      'indrnn',
      setupOf('IndRNN', indRnn, { ...options, ...(chosen && { activations: chosen }) }, ['candidate']),
      options,
    );
    this.nonlinearity = nonlinearity;
  }
}
