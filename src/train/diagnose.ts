// diagnose: one forward and one backward pass of a model, looked into step by step.
import { isRecording, scope } from '../autograd/context.js';
import { generator } from '../autograd/random.js';
import { Tensor } from '../autograd/tensor.js';
import { OptionError } from '../errors.js';
import type { Module } from '../layers/module.js';
import { collectSteps, type LayerSteps } from '../ops/diagnostics.js';
import { gradNorm } from '../optim/clip.js';
import { checkOptions, is, type Rule, required, show } from '../options.js';
import { type BatchInput, toBatch } from './data.js';
import { adviceFor } from './diagnose/advice.js';
import { Diagnosis, type LayerDiagnosis, type RecurrentMatrix } from './diagnose/diagnosis.js';
import { flowOf, inForwardOrder, longestOf, namer } from './diagnose/flow.js';
import { type Jacobian, jacobianOf, probesFor, type RowCall, rowOf } from './diagnose/jacobian.js';
import { judge, rateInWords } from './diagnose/rates.js';
import { block, largestSingularValue, spectralRadius } from './diagnose/spectrum.js';
import { checkModel, keepModes } from './evaluate.js';
import { type Forward, isLoss, type LossSpec, Objective } from './objective.js';
import { makeUnrolling, type Window } from './windows.js';

export interface JacobianOptions {
  /** The row of the batch. Default: the first of the longest. */
  readonly row?: number;
  /** Directions to look at; the size of h gives exact norms. Default: all up to 128, else 64 random ones. */
  readonly probes?: number;
}

export interface DiagnoseOptions {
  /** A name (crossEntropy, bceWithLogits, mse, mae, huber) or `(output, y, batch) => tensor` of one element. */
  readonly loss: LossSpec;
  /** How the model takes a batch; see fit. */
  readonly forward?: Forward;
  /** With dropout, recurrent dropout and zoneout as in training. Default false: as in evaluation. */
  readonly training?: boolean;
  /** Keep the norms of each row of the batch. Default false: of the whole batch. */
  readonly rows?: boolean;
  /** Measure dh_T/dh_t of one row too. Default true. */
  readonly jacobian?: boolean | JacobianOptions;
}

const isJacobian: Rule = {
  expected: 'true, false or { row, probes }',
  accepts: (v) => typeof v === 'boolean' || (typeof v === 'object' && v !== null),
};

/**
 * How gradients flow back through time: one forward and backward pass over a batch, measured inside the kernels.
 *
 *   const diagnosis = diagnose(model, { x, y }, { loss: 'crossEntropy' });
 *   console.log(String(diagnosis));             // a table, the norms over time, a verdict, what to do
 *
 * For each recurrent layer and direction, at each step t: |dL/dh_t| and |dL/dc_t| over the batch; the norm of what the step adds
 * to dW_ih, dW_hh and db_hh; each gate's mean and the fractions of its units that are low (below 0.1, a candidate below -0.9) and
 * high (above 0.9). Of the weights: sigma_max and spectral radius of each gate's block of W_hh. Of one row: the Frobenius norms
 * of dh_T/dh_t, dh_T/dc_t and dh_T/dx_t, where T is its last step. For a plain RNN
 *
 *   dh_T/dh_t = product over s = t+1..T of diag(f'(a_s)) W_hh,      |dh_T/dh_t|_2 <= (sigma_max max|f'|)^(T-t)
 *
 * A rate is the factor a norm changes by with each step back: exp of the slope of its logarithm, by least squares (dL/dh: root mean
 * square over rows laid end on end). The verdict is that of |dh_T/d(h_t, c_t)|, which does not depend on where the loss sits, or of
 * |dL/dh| without a Jacobian: 'vanishing' where less than 1 % would be left over the longest row's steps (but at least 20),
 * 'exploding' where more than a hundredfold would, 'unknown' where fewer than two steps have a gradient.
 *
 * Nothing is changed: gradients, modes, random numbers and the step that is being recorded are as they were.
 *
 * @param batch  { x, y, lengths?, ... } or [x, y], as in fit
 * @throws OptionError  for a wrong option, inside noGrad, and where the batch reaches no recurrent layer
 * Source: Bengio et al. 1994; Pascanu et al. 2013.
 */
export function diagnose(model: Module, batch: BatchInput, options: DiagnoseOptions): Diagnosis {
  checkModel('diagnose', model);
  checkOptions<DiagnoseOptions>('diagnose', options, {
    loss: required(isLoss),
    forward: is.function,
    training: is.boolean,
    rows: is.boolean,
    jacobian: isJacobian,
  });
  const { jacobian = true, training = false, rows = false } = options;
  const wanted = jacobian === true ? {} : jacobian;
  if (wanted !== false) {
    checkOptions<JacobianOptions>('diagnose: jacobian', wanted, { row: is.integer(0), probes: is.integer(1) });
  }
  if (!isRecording()) throw new OptionError('diagnose: there are no gradients inside noGrad; call it outside');
  const given = toBatch('diagnose', batch);
  const restore = [keepModes(model), keepGradients([...model.parameters(), ...leavesOf(given)]), keepGenerator()];
  try {
    model.train(training);
    return scope(() => {
      const nameOf = namer(model);
      const seen: { steps: LayerSteps; row: RowCall | null }[] = [];
      const { loss, norm } = collectSteps(
        (steps) => {
          const row = wanted === false ? null : chosenRow(steps, wanted.row);
          seen.push({ steps, row: row === null ? null : rowOf(steps, row) });
        },
        () => onePass(model, given, options),
      );
      if (seen.length === 0) {
        throw new OptionError(
          `diagnose: no gradient passed through a recurrent layer of the ${model.constructor.name}; the loss must depend on ` +
            'one, and its input or weights must require gradients',
        );
      }
      const layers = inForwardOrder(seen, ({ steps }) => steps.direction).map(({ steps, row }): LayerDiagnosis => {
        const found = row && jacobianOf(row, probesFor(row, (wanted as JacobianOptions).probes));
        return judged(steps, nameOf(steps), rows, found);
      });
      const advice = adviceFor(
        layers.map((flow) => ({ flow, verdict: flow.verdict, rate: flow.jacobian?.rates.state ?? flow.rates.dh })),
        norm,
      );
      return new Diagnosis(loss, norm, layers, advice);
    });
  } finally {
    for (const undo of restore) undo();
  }
}

/** Inside diagnose's scope, and with the step kept: neither its memory nor that of the user's own step is touched. */
function onePass(model: Module, batch: ReturnType<typeof toBatch>, options: DiagnoseOptions) {
  // Without tbptt a batch is one window.
  const [window] = makeUnrolling('diagnose', model, undefined, options.forward).windows(batch);
  const { loss } = new Objective('diagnose', options.loss).run(model, window as Window);
  if (!loss.requiresGrad) {
    throw new OptionError('diagnose: the loss does not depend on anything that requires a gradient');
  }
  loss.backward(null, { retainGraph: true });
  return { loss: loss.item(), norm: gradNorm(model.parameters()) };
}

/** null where no row has a step. */
function chosenRow({ T, B, lengths }: LayerSteps, asked: number | undefined): number | null {
  if (asked !== undefined && asked >= B) {
    throw new OptionError(
      `diagnose: jacobian: row must be an integer from 0 to ${B - 1}, a row of the batch, got ${show(asked)}`,
    );
  }
  const longest = longestOf({ T, lengths });
  const row = asked ?? (lengths === null ? 0 : lengths.indexOf(longest));
  return (lengths === null ? T : (lengths[row] as number)) > 0 ? row : null;
}

function judged(steps: LayerSteps, name: string, rows: boolean, jacobian: Jacobian | null): LayerDiagnosis {
  const flow = flowOf(steps, name, rows);
  const own = { ...flow, matrices: matricesOf(steps), jacobian };
  if (jacobian === null || Number.isNaN(jacobian.rates.state)) return own;
  const rate = jacobian.rates.state;
  const length = longestOf(steps) - 1;
  const what = flow.dc === null ? 'dh_T/dh_t' : 'dh_T/d(h_t, c_t)';
  return { ...own, verdict: judge(rate, length), text: rateInWords(what, rate, length) };
}

function matricesOf({ cell, hiddenSize: H, outputSize: R, call }: LayerSteps): RecurrentMatrix[] {
  const [, wHh, , , , wUnit] = call.weights;
  if (wHh === null) {
    // u * h: a diagonal matrix.
    const largest = (wUnit?.toArray() ?? []).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return [{ gate: cell.gates[0] as string, sigmaMax: largest, spectralRadius: largest }];
  }
  const values = wHh.toArray();
  return cell.gates.map((gate, k) => {
    const matrix = block(values, k * H, H, R);
    return { gate, sigmaMax: largestSingularValue(matrix), spectralRadius: R === H ? spectralRadius(matrix) : null };
  });
}

/** Tensors of the batch that collect gradients themselves. */
function leavesOf(batch: object): Tensor[] {
  return Object.values(batch).filter(
    (value): value is Tensor => value instanceof Tensor && value.requiresGrad && !value.node,
  );
}

/** Forgets the gradients of `leaves`; what it returns brings them back, the same tensors with the same numbers. */
function keepGradients(leaves: readonly Tensor[]): () => void {
  const kept = leaves.map((leaf) => ({ leaf, grad: leaf.grad, numbers: leaf.grad?.toArray() }));
  for (const leaf of leaves) leaf.zeroGrad();
  return () => {
    for (const { leaf, grad, numbers } of kept) {
      leaf.grad = grad;
      if (grad !== null && numbers !== undefined) grad.data.set(numbers);
    }
  };
}

function keepGenerator(): () => void {
  const state = generator.state();
  return () => generator.restore(state);
}
