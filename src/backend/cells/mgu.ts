// Minimal gated unit: a GRU whose one gate is both its update and its reset gate. Source: Zhou, Wu, Zhang, Zhou 2016.
//
//   f = sigmoid(gx_f + gh_f)    n = tanh(W_in x + b_in + W_hn (f h) + b_hn)
//   h' = (1 - f) h + f n = h + f (n - h)
import { Cell } from '../generated/abi.js';
import { sigmoidAndTanh } from './activation.js';
import type { RecurrentCell, Unit } from './cell.js';

const at = { f: 0, n: 1 } as const;

const forgetGate = (u: Unit): number => u.gate.of(u.gx[at.f] + u.gh[at.f]);

export const mgu: RecurrentCell = {
  name: 'mgu',
  id: Cell.mgu,
  gates: ['f', 'n'],
  candidate: at.n,
  states: ['h'],
  units: [],
  multiplies: true,
  activations: sigmoidAndTanh,
  savedPerUnit: 2,

  // gh_n is the product with v = f h, not with h.
  inner: {
    firstGate: at.n,

    forward(u) {
      return forgetGate(u) * u.hMasked;
    },

    again(u) {
      return u.saved[at.f] * u.hMasked;
    },

    // forward was: v = f h, f = sigmoid(gx_f + gh_f)
    backward(u, dv) {
      const f = u.saved[at.f];
      u.dhMasked += dv * f;
      const d = dv * u.hMasked * u.gate.slope(f);
      u.dgx[at.f] += d;
      u.dgh[at.f] += d;
    },
  },

  forward(u) {
    const f = forgetGate(u);
    const n = u.candidate.of(u.gx[at.n] + u.gh[at.n]);
    u.hNext = u.h + f * (n - u.h);
    u.saved[at.f] = f;
    u.saved[at.n] = n;
  },

  backward(u) {
    const [f, n] = u.saved;
    // forward was: h' = h + f (n - h);  f = sigmoid(gx_f + gh_f);  n = tanh(gx_n + gh_n)
    u.dh = u.dhNext * (1 - f);
    u.dgx[at.f] = u.dgh[at.f] = u.dhNext * (n - u.h) * u.gate.slope(f);
    u.dgx[at.n] = u.dgh[at.n] = u.dhNext * f * u.candidate.slope(n);
  },
};
