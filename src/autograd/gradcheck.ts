// Compares the gradients of backward with differences of the function itself.
import { NumericError, OptionError } from '../errors.js';
import { checkOptions, is, show } from '../options.js';
import { current, noGrad } from './context.js';
import { Generator, generator } from './random.js';
import { checkTensor, showShape, Tensor, type TensorData } from './tensor.js';

export interface GradcheckOptions {
  /** Distance of the two points of a difference. Default 1e-6 on the reference backend, 1e-2 on those in float32 */
  readonly eps?: number;
  /** Allowed difference: atol + rtol |numeric|. Default 1e-5 on the reference backend, 2e-3 on those in float32 */
  readonly atol?: number;
  /** Default 1e-3 on the reference backend, 2e-2 on those in float32 */
  readonly rtol?: number;
}

/**
 * Checks backward against central differences, (f(x + eps) - f(x - eps)) / 2 eps, element by element.
 *
 *   u.gradcheck((a, b) => a.matmul(b).tanh(), [a, b]);
 *
 * Outputs are summed with fixed random weights, so that errors cannot cancel. Random numbers that fn draws are the same in
 * every call. On the reference backend all of it is in double precision.
 *
 * @param fn      takes the inputs, returns one tensor or several
 * @param inputs  those with requiresGrad are checked; parameters of a layer may be among them
 * @returns true
 * @throws NumericError  at the first element that differs, naming it;  OptionError  if no input requires a gradient
 */
export function gradcheck(
  fn: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): true {
  checkOptions('gradcheck', options, { eps: is.between(0), atol: is.number(0), rtol: is.number(0) });
  if (typeof fn !== 'function') throw new OptionError(`gradcheck: fn must be a function, got ${show(fn)}`);
  if (!Array.isArray(inputs))
    throw new OptionError(`gradcheck: inputs must be an array of tensors, got ${show(inputs)}`);
  inputs.forEach((input, k) => {
    checkTensor(input, 'gradcheck', `input ${k}`);
  });
  const checked = inputs.filter((t) => t.requiresGrad);
  if (checked.length === 0) {
    throw new OptionError('gradcheck: at least one input must require a gradient; make it with { requiresGrad: true }');
  }
  const double = checked.every((t) => t.data instanceof Float64Array);
  const { eps = double ? 1e-6 : 1e-2, atol = double ? 1e-5 : 2e-3, rtol = double ? 1e-3 : 2e-2 } = options;
  const draws = generator.state();
  const run = (): Tensor[] => {
    generator.restore(draws);
    const result = fn(...inputs);
    const outputs = Array.isArray(result) ? [...result] : [result];
    outputs.forEach((y, k) => {
      checkTensor(y, 'gradcheck', `output ${k} of fn`);
    });
    return outputs;
  };
  const weights = noGrad(run).map((y) => projection(y));
  const value = (): number => noGrad(() => run().reduce((total, y, k) => total + dot(y, weights[k] as Tensor), 0));

  const analytic = gradients(run, checked, weights);
  for (const [number, input] of checked.entries()) {
    for (let k = 0; k < input.size; k++) {
      const kept = input.data[k] as number;
      const at = (x: number): [point: number, value: number] => {
        input.data[k] = x;
        // What was stored, not what was asked for: float32 rounds.
        return [input.data[k] as number, value()];
      };
      const [right, above] = at(kept + eps);
      const [left, below] = at(kept - eps);
      input.data[k] = kept;
      const numeric = (above - below) / (right - left);
      const got = (analytic[number] as number[])[k] as number;
      if (!(Math.abs(got - numeric) <= atol + rtol * Math.abs(numeric))) {
        throw new NumericError(
          `gradcheck: gradient of input ${inputs.indexOf(input)} ${showShape(input.shape)} at element ${k} must be ` +
            `${numeric} (central difference), got ${got} from backward`,
        );
      }
    }
  }
  return true;
}

function gradients(run: () => Tensor[], inputs: readonly Tensor[], weights: readonly Tensor[]): number[][] {
  for (const input of inputs) input.zeroGrad();
  const outputs = run();
  outputs.forEach((y, k) => {
    if (y.requiresGrad) y.backward(weights[k], { retainGraph: k < outputs.length - 1 });
  });
  const found = inputs.map((input) => input.grad?.toArray() ?? new Array<number>(input.size).fill(0));
  for (const input of inputs) input.zeroGrad();
  return found;
}

/** Fixed weights between 0.5 and 1.5 in the shape of an output. */
function projection(y: Tensor): Tensor {
  const { memory } = current();
  const storage = memory.alloc('float', y.size, 'host');
  new Generator(1).fillUniform(memory.view(storage), 0.5, 1.5);
  return new Tensor(storage, y.shape);
}

/** In double, whatever the backend. */
function dot(y: Tensor, weights: Tensor): number {
  const { memory } = current();
  const a = memory.view(y.storage) as TensorData;
  const b = memory.view(weights.storage) as TensorData;
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}
