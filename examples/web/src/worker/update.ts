// One batch for one net: forward, backward through a window of steps, clipping, the optimiser's step. What the microscope sees of it.
import * as u from 'unrolled';
import type { Figures, Flow } from '../shared/history.js';
import type { Settings } from '../shared/settings.js';
import type { Net, Reading } from './net.js';
import { type Batch, IGNORED, lossOf, type Problem, windowOf } from './problem.js';

export interface Learner {
  readonly net: Net;
  readonly optimizer: u.Adam;
}

/** The net cannot go on: its numbers are no longer finite. */
export class Diverged extends Error {}

export interface Updated extends Figures {
  /** Null: not looked at. */
  readonly flow: Flow | null;
}

/**
 * Learns from a batch: one update, or with a truncation window one for each window of steps. The state goes on from window to
 * window, the gradient does not.
 *
 * @param look  measure the gradient of each step's state
 * @throws Diverged  with the weights as they were before the update that failed
 */
export function learn(
  problem: Problem,
  { net, optimizer }: Learner,
  batch: Batch,
  settings: Settings,
  look: boolean,
): Updated {
  const flows: (u.LayerFlow | null)[] = [];
  let [loss, metric, updates] = [0, 0, 0];
  net.train();
  const update = (part: Batch, y: u.Tensor, read: () => Reading): u.RecurrentState => {
    let state: u.RecurrentState | null = null;
    const step = (): u.StepResult => {
      optimizer.zeroGrad();
      const reading = read();
      const scores = net.answer(reading);
      const error = lossOf(problem, scores, y);
      const value = error.item();
      if (!Number.isFinite(value)) throw new Diverged(`its loss is ${value}`);
      loss += value;
      metric += problem.figure(scores, part, value);
      updates++;
      state = reading.state.detach();
      error.backward();
      const norm = u.clipGradNorm(net.parameters(), settings.clip > 0 ? settings.clip : Number.MAX_VALUE);
      if (!Number.isFinite(norm)) throw new Diverged(`the norm of its gradients is ${norm}`);
      optimizer.step();
      return { loss: value, norm };
    };
    if (look) {
      // A microscope of its own for each look: what was seen is kept by the history.
      u.microscope({ every: 1, onReport: ({ layers }) => flows.push(layers.at(-1) ?? null) }).aroundStep(step, {
        step: 1,
        model: net,
      });
    } else {
      step();
    }
    return state as unknown as u.RecurrentState;
  };

  const { T } = batch;
  const k = settings.window === 0 ? T : Math.min(settings.window, T);
  if (net.shape.answers === 'last') {
    const { x, lengths, y, state } = lastSteps(net, batch, k);
    update(batch, y, () => net.read(x, { state, lengths }));
    return result({ loss, metric, updates }, look ? flowOf(flows, T - k, [null]) : null);
  }
  let state: u.RecurrentState | null = null;
  const gaps: (number | null)[] = [];
  for (let from = 0; from < T; from += k) {
    const to = Math.min(T, from + k);
    const before: u.RecurrentState | null = state;
    const part = windowOf(batch, net.shape, from, to);
    const y = batch.y.slice(from * batch.B, to * batch.B);
    if (y.every((target) => target === IGNORED)) {
      // Nothing to learn here, but to be read.
      state = u.noGrad(() => net.read(part.x, { state: before }).state);
      gaps.push(to - from);
      continue;
    }
    state = update({ ...batch, T: to - from, y }, part.y, () => net.read(part.x, { state: before }));
    gaps.push(null);
  }
  return result({ loss, metric, updates }, look ? flowOf(flows, 0, gaps) : null);
}

function result(sums: { loss: number; metric: number; updates: number }, flow: Flow | null): Updated {
  return { loss: sums.loss / sums.updates, metric: sums.metric / sums.updates, flow };
}

/** Each row's last k steps, and the state that the steps before them lead to. */
function lastSteps(net: Net, { x, y, T, B, lengths }: Batch, k: number) {
  const own = Array.from({ length: B }, (_, b) => lengths?.[b] ?? T);
  const before = own.map((length) => Math.max(0, length - k));
  const cut = (firsts: readonly number[], counts: readonly number[]) => {
    const steps = Math.max(1, ...counts);
    const ids = new Int32Array(steps * B);
    for (let b = 0; b < B; b++) {
      for (let t = 0; t < (counts[b] as number); t++) ids[t * B + b] = x[((firsts[b] as number) + t) * B + b] as number;
    }
    return { x: u.tensor(ids, [steps, B]), lengths: Int32Array.from(counts) };
  };
  const isCut = before.some((count) => count > 0);
  const prefix = isCut ? cut(new Array<number>(B).fill(0), before) : null;
  return {
    ...cut(
      before,
      own.map((length, b) => length - (before[b] as number)),
    ),
    y: u.tensor(y, [B]),
    state: prefix && u.noGrad(() => net.read(prefix.x, { lengths: prefix.lengths }).state),
  };
}

/** `gaps`: by window, null where there was an update, else the steps that had none. `skipped`: steps before the first. */
function flowOf(flows: readonly (u.LayerFlow | null)[], skipped: number, gaps: readonly (number | null)[]): Flow {
  const norms: (number | null)[] = new Array<null>(skipped).fill(null);
  const seen = [...flows];
  for (const gap of gaps) {
    if (gap !== null) norms.push(...new Array<null>(gap).fill(null));
    else norms.push(...Array.from(seen.shift()?.dh ?? [], decades));
  }
  const rates = flows.flatMap((flow) => (flow === null || Number.isNaN(flow.rates.dh) ? [] : [flow.rates.dh]));
  return { norms, rate: rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0) / rates.length };
}

/** log10 to two decimals, so that a history of it is small. What float32 cannot hold is as good as 1e-45. */
function decades(norm: number): number | null {
  if (!Number.isFinite(norm)) return null;
  return Math.round(100 * Math.log10(Math.max(norm, 1e-45))) / 100;
}

/** Loss and metric of batches that are not learnt from. */
export function measure(problem: Problem, net: Net, batches: readonly Batch[]): Figures {
  let [loss, metric, rows] = [0, 0, 0];
  net.eval();
  for (const batch of batches) {
    u.noGrad(() =>
      u.scope(() => {
        const [x, y] = tensorsOf(net, batch);
        const scores = net.forward(x, { lengths: batch.lengths });
        const value = lossOf(problem, scores, y).item();
        loss += value * batch.B;
        metric += problem.figure(scores, batch, value) * batch.B;
        rows += batch.B;
      }),
    );
  }
  return { loss: loss / rows, metric: metric / rows };
}

/** A whole batch as tensors. */
export function tensorsOf({ shape }: Net, batch: Batch): [x: u.Tensor, y: u.Tensor] {
  const { T, B } = batch;
  if (shape.answers === 'last') return [u.tensor(batch.x, [T, B]), u.tensor(batch.y, [B])];
  const { x, y } = windowOf(batch, shape);
  return [x, y];
}
