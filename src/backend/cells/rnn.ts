// The simple (Elman) recurrent network: h' = f(W_ih x + b_ih + W_hh h + b_hh), f = tanh or relu.
// Source: Elman 1990; with relu: Le, Jaitly, Hinton 2015.
import { Cell } from '../generated/abi.js';
import type { RecurrentCell } from './cell.js';

export const rnnTanh: RecurrentCell = {
  name: 'rnn_tanh',
  id: Cell.rnnTanh,
  gates: ['h'],
  states: ['h'],
  savedPerUnit: 0,

  forward(u) {
    u.hNext = Math.tanh(u.gx[0] + u.gh[0]);
  },

  // forward was: h' = tanh(gx + gh)
  backward(u) {
    const d = u.dhNext * (1 - u.hNext * u.hNext);
    u.dgx[0] = d;
    u.dgh[0] = d;
    u.dh = 0;
  },
};

export const rnnRelu: RecurrentCell = {
  name: 'rnn_relu',
  id: Cell.rnnRelu,
  gates: ['h'],
  states: ['h'],
  savedPerUnit: 0,

  forward(u) {
    u.hNext = Math.max(u.gx[0] + u.gh[0], 0);
  },

  // forward was: h' = max(gx + gh, 0)
  backward(u) {
    const d = u.hNext > 0 ? u.dhNext : 0;
    u.dgx[0] = d;
    u.dgh[0] = d;
    u.dh = 0;
  },
};
