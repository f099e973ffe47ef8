// Looking into backward passes: while a collector is installed, each recurrent layer that is recorded has its gradients measured
// step by step, inside the very kernels that compute them.
import { finallyAlsoAsync } from '../autograd/context.js';
import type { Tensor } from '../autograd/tensor.js';
import type { RecurrentCell } from '../backend/cells/index.js';
import type { FloatArray, Floats } from '../backend/types.js';
import { OptionError } from '../errors.js';
import { show } from '../options.js';
import type { GeneralPlan, Masks } from './recurrent-general.js';
import type { GeneralWeights } from './recurrent-weights.js';

/** Which layer it is: `layer` of the stack that `module` is, and which of its directions. */
export interface LayerOrigin {
  readonly module: object;
  readonly layer: number;
  /** 1: the second direction of a bidirectional layer. */
  readonly direction: 0 | 1;
}

/** What this direction was called with: enough to run rows of it again. The numbers of its tensors last as long as its step. */
export interface RecordedCall {
  readonly plan: GeneralPlan;
  readonly weights: GeneralWeights;
  /** [T, B, I] */
  readonly x: Tensor;
  /** [B, R] and [B, H]; null: zeros */
  readonly h0: Floats | null;
  readonly c0: Floats | null;
  readonly masks: Masks;
}

/** What the backward pass of one direction of one layer saw. native/abi.h, rnn_general_backward, defines the numbers. */
export interface LayerSteps extends LayerOrigin {
  readonly cell: RecurrentCell;
  readonly T: number;
  readonly B: number;
  /** Size of c and of the gates, and of h. */
  readonly hiddenSize: number;
  readonly outputSize: number;
  /** Rows are read from their last step to their first. */
  readonly reverse: boolean;
  /** Valid steps of each row; null: all T. */
  readonly lengths: Int32Array | null;
  /** [T, B, 2 + 3 gates]: |dL/dh|^2, |dL/dc|^2, then mean, low and high fraction of each gate; 0 at padding. */
  readonly steps: FloatArray;
  /** [T, 3]: |.|^2 of what each step adds to dW_ih, dW_hh and db_hh; null: not asked for. */
  readonly contributions: Float64Array | null;
  readonly call: RecordedCall;
}

/** Called in backward, from the last layer to the first. What it is given is its own to keep. */
export type StepCollector = (steps: LayerSteps) => void;

export interface CollectOptions {
  /**
   * Measure what each step adds to the weights' gradients too, which takes products of its own. Without, `contributions` is null.
   * Default true.
   */
  readonly contributions?: boolean;
}

/** Who wants to know, and what. */
export interface Installed {
  readonly collector: StepCollector;
  readonly contributions: boolean;
}

let installed: Installed | null = null;

/** Who wants to know, now. */
export const stepCollector = (): Installed | null => installed;

/**
 * Runs `fn`; the backward pass of every recurrent layer recorded meanwhile is reported to `collector`, when it runs. Of two
 * collectors, one within the other, the inner one gets what is recorded in its `fn`. An async `fn` is waited for.
 */
export function collectSteps<R>(collector: StepCollector, fn: () => R, options: CollectOptions = {}): R {
  if (typeof collector !== 'function') {
    throw new OptionError(`collectSteps: collector must be a function, got ${show(collector)}`);
  }
  const outer = installed;
  installed = { collector, contributions: options.contributions ?? true };
  return finallyAlsoAsync(fn, () => {
    installed = outer;
  });
}
