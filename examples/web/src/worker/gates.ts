// What the gates do along one sequence, and what the net would answer after each of its steps.
import * as u from 'unrolled';
import type { Gates, GateTrack } from '../shared/messages.js';
import type { Net } from './net.js';
import { lossOf, type NetOf, type Problem } from './problem.js';
import { tensorsOf } from './update.js';

/** @returns null where there is nothing to read in `text` */
export function gatesAlong(problem: Problem, nets: readonly NetOf[], text: string): Gates | null {
  const example = problem.example(text);
  if (example === null) return null;
  const { tokens, batch } = example;
  const cells: Gates['cells'] = {};
  for (const { cell, net } of nets) {
    const [x, y] = tensorsOf(net, batch);
    const reading = u.noGrad(() => net.read(x));
    const scores = u.noGrad(() => net.head.forward(reading.output));
    const answers = problem.explain(Float32Array.from(scores.data), batch.T);
    const gates = cell === 'rnn' ? [sizeOfState(net, reading.output)] : gatesOf(problem, net, x, y);
    cells[cell] = { gates, answers };
  }
  return { tokens, cells };
}

/** As the kernels measured them in the upper layer: the backward pass that this takes changes nothing. */
function gatesOf(problem: Problem, net: Net, x: u.Tensor, y: u.Tensor): GateTrack[] {
  const loss = (scores: u.Tensor) => lossOf(problem, scores, y);
  const { layers } = u.diagnose(net, { x, y }, { loss, jacobian: false });
  return (layers.at(-1)?.gates ?? []).map(({ name, isCandidate, mean }) => ({
    name,
    isCandidate,
    mean: Array.from(mean),
  }));
}

/** A plain net has no gates: how large its state is. */
function sizeOfState({ cell }: Net, output: u.Tensor): GateTrack {
  const H = cell.outputSize;
  const values = output.data;
  const mean = Array.from({ length: values.length / H }, (_, t) => {
    let sum = 0;
    for (let k = 0; k < H; k++) sum += Math.abs(values[t * H + k] as number);
    return sum / H;
  });
  return { name: '|h|', isCandidate: false, mean };
}
