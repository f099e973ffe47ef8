// Gated recurrent unit, in the two forms in use. Source: Cho et al. 2014.
//
//   r = sigmoid(gx_r + gh_r)    z = sigmoid(gx_z + gh_z)    n = tanh(gx_n + ...)
//   h' = (1 - z) n + z h = n + z (h - n)
//
// The reset gate acts after the product (PyTorch, cuDNN):        n = tanh(W_in x + b_in + r (W_hn h + b_hn))
// or before it (the paper, Keras with reset_after=False, ONNX):  n = tanh(W_in x + b_in + W_hn (r h) + b_hn)
import { Cell } from '../generated/abi.js';
import { sigmoidAndTanh } from './activation.js';
import type { RecurrentCell, Unit } from './cell.js';

const at = { r: 0, z: 1, n: 2, ghn: 3 } as const;

const resetGate = (u: Unit): number => u.gate.of(u.gx[at.r] + u.gh[at.r]);
const updateGate = (u: Unit): number => u.gate.of(u.gx[at.z] + u.gh[at.z]);

export const gru: RecurrentCell = {
  name: 'gru',
  id: Cell.gru,
  gates: ['r', 'z', 'n'],
  candidate: at.n,
  states: ['h'],
  units: [],
  multiplies: true,
  activations: sigmoidAndTanh,
  savedPerUnit: 4,

  forward(u) {
    const r = resetGate(u);
    const z = updateGate(u);
    const n = u.candidate.of(u.gx[at.n] + r * u.gh[at.n]);
    u.hNext = n + z * (u.h - n);
    u.saved[at.r] = r;
    u.saved[at.z] = z;
    u.saved[at.n] = n;
    u.saved[at.ghn] = u.gh[at.n];
  },

  backward(u) {
    const [r, z, n, ghn] = u.saved;
    // forward was: h' = n + z (h - n)
    const dZ = u.dhNext * (u.h - n);
    const dN = u.dhNext * (1 - z);
    u.dh = u.dhNext * z;
    // forward was: n = tanh(gx_n + r gh_n)
    const d = dN * u.candidate.slope(n);
    const dR = d * ghn;
    u.dgx[at.n] = d;
    u.dgh[at.n] = d * r;
    // forward was: r, z = sigmoid(gx + gh)
    u.dgx[at.r] = u.dgh[at.r] = dR * u.gate.slope(r);
    u.dgx[at.z] = u.dgh[at.z] = dZ * u.gate.slope(z);
  },
};

export const gruResetBefore: RecurrentCell = {
  name: 'gru_reset_before',
  id: Cell.gruResetBefore,
  gates: ['r', 'z', 'n'],
  candidate: at.n,
  states: ['h'],
  units: [],
  multiplies: true,
  activations: sigmoidAndTanh,
  savedPerUnit: 3,

  // gh_n is the product with v = r h, not with h.
  inner: {
    firstGate: at.n,

    forward(u) {
      return resetGate(u) * u.hMasked;
    },

    again(u) {
      return u.saved[at.r] * u.hMasked;
    },

    // forward was: v = r h, r = sigmoid(gx_r + gh_r)
    backward(u, dv) {
      const r = u.saved[at.r];
      u.dhMasked += dv * r;
      const d = dv * u.hMasked * u.gate.slope(r);
      u.dgx[at.r] += d;
      u.dgh[at.r] += d;
    },
  },

  forward(u) {
    const r = resetGate(u);
    const z = updateGate(u);
    const n = u.candidate.of(u.gx[at.n] + u.gh[at.n]);
    u.hNext = n + z * (u.h - n);
    u.saved[at.r] = r;
    u.saved[at.z] = z;
    u.saved[at.n] = n;
  },

  backward(u) {
    const [, z, n] = u.saved;
    // forward was: h' = n + z (h - n)
    const dZ = u.dhNext * (u.h - n);
    const dN = u.dhNext * (1 - z);
    u.dh = u.dhNext * z;
    // forward was: n = tanh(gx_n + gh_n);  z = sigmoid(gx_z + gh_z).  r acts through v only: `inner`.
    u.dgx[at.n] = u.dgh[at.n] = dN * u.candidate.slope(n);
    u.dgx[at.r] = u.dgh[at.r] = 0;
    u.dgx[at.z] = u.dgh[at.z] = dZ * u.gate.slope(z);
  },
};
