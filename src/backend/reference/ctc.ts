// Connectionist temporal classification by its recursions (Graves et al. 2006, equations 5 to 16), with the state's sums taken
// as they are written: a list of the states a path may come from, one after the other.
import { Reduction, Status } from '../generated/abi.js';
import { allWithin, type Floats, type Ints } from './kernel.js';
import { log_softmax_forward } from './rows.js';

/** log(e^x + e^y + ...) of as many as there are. */
function logSum(logs: readonly number[]): number {
  const most = logs.reduce((a, b) => (b > a || Number.isNaN(b) ? b : a), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(most)) return most;
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
}

/** The target with blanks around each class, and which states a path may come from to be in state s. */
function statesOf(target: Ints, blank: number): { labels: number[]; sources: number[][] } {
  const labels = [blank];
  for (const label of target) labels.push(label, blank);
  const sources = labels.map((label, s) => {
    const from = [s];
    if (s >= 1) from.push(s - 1);
    if (s >= 2 && label !== blank && label !== labels[s - 2]) from.push(s - 2);
    return from;
  });
  return { labels, sources };
}

function check(
  targets: Ints,
  input_lengths: Ints,
  target_lengths: Ints,
  T: number,
  B: number,
  C: number,
  S: number,
  L: number,
  blank: number,
  reduction: number,
): number {
  if (reduction !== Reduction.none && reduction !== Reduction.mean && reduction !== Reduction.sum) return Status.kind;
  if (L !== (reduction === Reduction.none ? B : 1)) return Status.size;
  if (blank < 0 || blank >= C) return Status.index;
  for (let b = 0; b < B; b++) {
    const U = target_lengths[b]!;
    if (input_lengths[b]! < 0 || input_lengths[b]! > T || U < 0 || U > S) return Status.lengths;
    const target = targets.subarray(b * S, b * S + U);
    if (!allWithin(target, U, C) || target.includes(blank)) return Status.index;
  }
  return Status.ok;
}

/** loss = -log p(target | logits) */
export function ctc_loss_forward(
  loss: Floats,
  logp: Floats,
  alpha: Floats,
  nll: Floats,
  _scratch: Floats,
  logits: Floats,
  targets: Ints,
  input_lengths: Ints,
  target_lengths: Ints,
  T: number,
  B: number,
  C: number,
  S: number,
  L: number,
  blank: number,
  reduction: number,
  zero_infinity: number,
): number {
  const status = check(targets, input_lengths, target_lengths, T, B, C, S, L, blank, reduction);
  if (status !== Status.ok) return status;
  log_softmax_forward(logp, logits, T * B, C);
  const width = 2 * S + 1;
  alpha.fill(Number.NEGATIVE_INFINITY);

  let total = 0;
  for (let b = 0; b < B; b++) {
    const U = target_lengths[b]!;
    const { labels, sources } = statesOf(targets.subarray(b * S, b * S + U), blank);
    let before: number[] = [];
    for (let t = 0; t < T; t++) {
      const row = t * B + b;
      if (t >= input_lengths[b]!) {
        logp.fill(0, row * C, row * C + C);
        continue;
      }
      const lp = (s: number) => logp[row * C + labels[s]!]!;
      const now = labels.map((_, s) => {
        if (t === 0) return s <= 1 ? lp(s) : Number.NEGATIVE_INFINITY;
        return lp(s) + logSum(sources[s]!.map((from) => before[from]!));
      });
      const most = Math.max(...now);
      for (const [s, log] of now.entries()) alpha[row * width + s] = log - (Number.isFinite(most) ? most : 0);
      before = now;
    }
    const impossible = Number.NEGATIVE_INFINITY;
    const paths = input_lengths[b] === 0 ? (U === 0 ? 0 : impossible) : logSum(before.slice(-2));
    nll[b] = 0 - paths;
    const ofRow = zero_infinity && paths === impossible ? 0 : 0 - paths;
    if (reduction === Reduction.none) loss[b] = ofRow;
    total += reduction === Reduction.mean ? ofRow / Math.max(1, U) / B : ofRow;
  }
  if (reduction !== Reduction.none) loss[0] = total;
  return Status.ok;
}

/** dloss/dlogits[t,c] = softmax[t,c] - p(the path says c at t | it says the target) */
export function ctc_loss_backward(
  dlogits: Floats,
  _scratch: Floats,
  dloss: Floats,
  logp: Floats,
  alpha: Floats,
  nll: Floats,
  targets: Ints,
  input_lengths: Ints,
  target_lengths: Ints,
  T: number,
  B: number,
  C: number,
  S: number,
  L: number,
  blank: number,
  reduction: number,
  zero_infinity: number,
): number {
  const status = check(targets, input_lengths, target_lengths, T, B, C, S, L, blank, reduction);
  if (status !== Status.ok) return status;
  const width = 2 * S + 1;
  dlogits.fill(0);
  for (let b = 0; b < B; b++) {
    const U = target_lengths[b]!;
    const impossible = nll[b] === Number.POSITIVE_INFINITY;
    if (impossible && zero_infinity) continue;
    const { labels, sources } = statesOf(targets.subarray(b * S, b * S + U), blank);
    const gradient =
      reduction === Reduction.none ? dloss[b]! : dloss[0]! / (reduction === Reduction.mean ? Math.max(1, U) * B : 1);
    let rest = labels.map((_, s) => (s >= labels.length - 2 ? 0 : Number.NEGATIVE_INFINITY));
    for (let t = input_lengths[b]! - 1; t >= 0; t--) {
      const row = t * B + b;
      const lp = (s: number) => logp[row * C + labels[s]!]!;
      const paths = labels.map((_, s) => alpha[row * width + s]! + rest[s]!);
      const all = logSum(paths);
      for (let c = 0; c < C; c++) {
        const saying = logSum(paths.filter((_, s) => labels[s] === c));
        const share = impossible ? Number.NaN : Math.exp(saying - all);
        dlogits[row * C + c] = gradient * (Math.exp(logp[row * C + c]!) - share);
      }
      // What comes after step t - 1 in state s: every state that may come from s, what it says at t, and what comes then.
      const next = labels.map((): number[] => []);
      for (const [s, from] of sources.entries()) for (const f of from) next[f]!.push(lp(s) + rest[s]!);
      rest = next.map(logSum);
    }
  }
  return Status.ok;
}
