// The simple (Elman) recurrent network: h' = f(W_ih x + b_ih + W_hh h + b_hh), f = tanh or relu.
// Source: Elman 1990; with relu: Le, Jaitly, Hinton 2015.
//
// Independently recurrent, with one weight a unit in place of the matrix: h' = f(W_ih x + b_ih + u h + b_hh), f = relu.
// Source: Li, Li, Cook, Zhu, Gao 2018.
import { Cell } from '../generated/abi.js';
import { reluCandidate, sigmoidAndTanh } from './activation.js';
import type { RecurrentCell } from './cell.js';

export const rnnTanh: RecurrentCell = {
  name: 'rnn_tanh',
  id: Cell.rnnTanh,
  gates: ['h'],
  candidate: 0,
  states: ['h'],
  units: [],
  multiplies: true,
  activations: sigmoidAndTanh,
  savedPerUnit: 0,

  forward(u) {
    u.hNext = u.candidate.of(u.gx[0] + u.gh[0]);
  },

  // forward was: h' = f(gx + gh)
  backward(u) {
    u.dgx[0] = u.dgh[0] = u.dhNext * u.candidate.slope(u.hNext);
    u.dh = 0;
  },
};

export const rnnRelu: RecurrentCell = { ...rnnTanh, name: 'rnn_relu', id: Cell.rnnRelu, activations: reluCandidate };

export const indRnn: RecurrentCell = {
  ...rnnRelu,
  name: 'ind_rnn',
  id: Cell.indRnn,
  units: ['h'],
  multiplies: false,

  // gh is b_hh alone.
  forward(u) {
    u.hNext = u.candidate.of(u.gx[0] + u.w[0] * u.hMasked + u.gh[0]);
  },

  // forward was: h' = f(gx + u h + gh)
  backward(u) {
    const d = u.dhNext * u.candidate.slope(u.hNext);
    u.dgx[0] = u.dgh[0] = d;
    u.dw[0] += d * u.hMasked;
    u.dhMasked += d * u.w[0];
    u.dh = 0;
  },
};
