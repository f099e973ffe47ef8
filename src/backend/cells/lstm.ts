// Long short-term memory. Source: Hochreiter & Schmidhuber 1997; forget gate: Gers, Schmidhuber, Cummins 2000; peepholes p, zero
// where a layer has none: Gers & Schmidhuber 2000; one gate for both, f = 1 - i: Greff et al. 2015.
//
//   i = sigmoid(gx_i + gh_i + p_i c)    f = sigmoid(gx_f + gh_f + p_f c)    g = tanh(gx_g + gh_g)
//   c' = f c + i g    or, coupled,    c' = (1 - i) c + i g = c + i (g - c)
//   o = sigmoid(gx_o + gh_o + p_o c')    h' = o tanh(c')
import { Cell } from '../generated/abi.js';
import { sigmoidAndTanh } from './activation.js';
import type { Readout, RecurrentCell, Unit } from './cell.js';

const at = { i: 0, f: 1, g: 2, o: 3 } as const;
const coupledAt = { i: 0, g: 1, o: 2 } as const;

/** o is gate number `o`; its peephole is weight number `p`. */
function outputGate(o: 2 | 3, p: 1 | 2): Readout {
  return {
    forward(u) {
      u.saved[o] = u.gate.of(u.gx[o] + u.gh[o] + u.w[p] * u.cNext);
      u.hNext = u.saved[o] * u.output.of(u.cSeen);
    },

    backward(u) {
      const value = u.saved[o];
      // forward was: h' = o tanh(c')
      const t = u.output.of(u.cSeen);
      u.dcSeen = u.dhNext * value * u.output.slope(t);
      // forward was: o = sigmoid(gx + gh + p c')
      const d = u.dhNext * t * u.gate.slope(value);
      u.dgx[o] = u.dgh[o] = d;
      u.dw[p] += d * u.cNext;
      u.dcNext += d * u.w[p];
    },
  };
}

/** Gate k, peephole p on the old c: forward was  gate = sigmoid(gx + gh + p c). */
function gateBackward(u: Unit, k: 0 | 1, p: 0 | 1, dGate: number): void {
  const d = dGate * u.gate.slope(u.saved[k]);
  u.dgx[k] = u.dgh[k] = d;
  u.dw[p] += d * u.c;
  u.dc += d * u.w[p];
}

export const lstm: RecurrentCell = {
  name: 'lstm',
  id: Cell.lstm,
  gates: ['i', 'f', 'g', 'o'],
  candidate: at.g,
  states: ['h', 'c'],
  units: ['i', 'f', 'o'],
  multiplies: true,
  activations: sigmoidAndTanh,
  savedPerUnit: 4,

  forward(u) {
    const i = u.gate.of(u.gx[at.i] + u.gh[at.i] + u.w[0] * u.c);
    const f = u.gate.of(u.gx[at.f] + u.gh[at.f] + u.w[1] * u.c);
    const g = u.candidate.of(u.gx[at.g] + u.gh[at.g]);
    u.cNext = f * u.c + i * g;
    u.saved[at.i] = i;
    u.saved[at.f] = f;
    u.saved[at.g] = g;
  },

  backward(u) {
    const [i, f, g] = u.saved;
    // forward was: c' = f c + i g
    u.dh = 0;
    u.dc = u.dcNext * f;
    gateBackward(u, at.i, 0, u.dcNext * g);
    gateBackward(u, at.f, 1, u.dcNext * u.c);
    // forward was: g = tanh(gx + gh)
    u.dgx[at.g] = u.dgh[at.g] = u.dcNext * i * u.candidate.slope(g);
  },

  readout: outputGate(at.o, 2),
};

export const lstmCoupled: RecurrentCell = {
  ...lstm,
  name: 'lstm_coupled',
  id: Cell.lstmCoupled,
  gates: ['i', 'g', 'o'],
  candidate: coupledAt.g,
  units: ['i', 'o'],
  savedPerUnit: 3,

  forward(u) {
    const i = u.gate.of(u.gx[coupledAt.i] + u.gh[coupledAt.i] + u.w[0] * u.c);
    const g = u.candidate.of(u.gx[coupledAt.g] + u.gh[coupledAt.g]);
    u.cNext = u.c + i * (g - u.c);
    u.saved[coupledAt.i] = i;
    u.saved[coupledAt.g] = g;
  },

  backward(u) {
    const [i, g] = u.saved;
    // forward was: c' = c + i (g - c)
    u.dh = 0;
    u.dc = u.dcNext * (1 - i);
    gateBackward(u, coupledAt.i, 0, u.dcNext * (g - u.c));
    // forward was: g = tanh(gx + gh)
    u.dgx[coupledAt.g] = u.dgh[coupledAt.g] = u.dcNext * i * u.candidate.slope(g);
  },

  readout: outputGate(coupledAt.o, 1),
};
