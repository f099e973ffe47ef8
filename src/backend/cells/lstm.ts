// Long short-term memory. Source: Hochreiter & Schmidhuber 1997; forget gate: Gers, Schmidhuber, Cummins 2000.
//
//   i = sigmoid(gx_i + gh_i)    f = sigmoid(gx_f + gh_f)    g = tanh(gx_g + gh_g)    o = sigmoid(gx_o + gh_o)
//   c' = f c + i g              h' = o tanh(c')
import { Cell } from '../generated/abi.js';
import { type RecurrentCell, sigmoid } from './cell.js';

const at = { i: 0, f: 1, g: 2, o: 3 } as const;

export const lstm: RecurrentCell = {
  name: 'lstm',
  id: Cell.lstm,
  gates: ['i', 'f', 'g', 'o'],
  states: ['h', 'c'],
  savedPerUnit: 4,

  forward(u) {
    const i = sigmoid(u.gx[at.i] + u.gh[at.i]);
    const f = sigmoid(u.gx[at.f] + u.gh[at.f]);
    const g = Math.tanh(u.gx[at.g] + u.gh[at.g]);
    const o = sigmoid(u.gx[at.o] + u.gh[at.o]);
    u.cNext = f * u.c + i * g;
    u.hNext = o * Math.tanh(u.cNext);
    u.saved[at.i] = i;
    u.saved[at.f] = f;
    u.saved[at.g] = g;
    u.saved[at.o] = o;
  },

  backward(u) {
    const [i, f, g, o] = u.saved;
    // forward was: h' = o tanh(c')
    const t = Math.tanh(u.cNext);
    const dO = u.dhNext * t;
    const dcNext = u.dcNext + u.dhNext * o * (1 - t * t);
    // forward was: c' = f c + i g
    const dI = dcNext * g;
    const dF = dcNext * u.c;
    const dG = dcNext * i;
    u.dc = dcNext * f;
    u.dh = 0;
    // forward was: i, f, o = sigmoid(gx + gh);  g = tanh(gx + gh)
    u.dgx[at.i] = u.dgh[at.i] = dI * i * (1 - i);
    u.dgx[at.f] = u.dgh[at.f] = dF * f * (1 - f);
    u.dgx[at.g] = u.dgh[at.g] = dG * (1 - g * g);
    u.dgx[at.o] = u.dgh[at.o] = dO * o * (1 - o);
  },
};
