// quantize and dequantize: a model that predicts from int8 or bfloat16 weights, and back.
import type { Parameter } from '../autograd/tensor.js';
import { OptionError } from '../errors.js';
import type { QuantizedDType } from '../ops/quantized.js';
import { checkOptions, is, required, show } from '../options.js';
import { Module } from './module.js';
import { RecurrentBase } from './recurrent-base.js';

export interface QuantizeOptions {
  readonly dtype: QuantizedDType;
}

/** What became of one layer. */
export interface QuantizedLayerReport {
  /** Its dotted name in the model, as in parameter names; '' for the model itself. */
  readonly name: string;
  readonly dtype: QuantizedDType;
  /** Bytes of its parameters: what a pass over the weights reads in float32. */
  readonly float32Bytes: number;
  /** The same once quantised: rounded weights, scales, float32 biases. */
  readonly quantizedBytes: number;
  /** The largest |w - what it was rounded to|. */
  readonly largestError: number;
}

/**
 * Makes every RNN, LSTM and GRU of a model compute from rounded weights: int8 reads a quarter of the bytes, bf16 half.
 * At batch size 1, where reading the weights is what takes the time, native prediction of large layers gets faster by almost
 * as much with int8 and by about half with bf16. In WASM only int8 does; bf16 saves memory there, not time. At larger batches
 * float32 is as fast or faster.
 *
 *   int8   W v = s_row s_v sum q_row q_v     q = round(v / s), s = max |v| / 127, one for each row of W, and anew at each
 *                                            step for x and for h (dynamic quantisation); sums are exact
 *   bf16   W rounded to bfloat16 (8 bits of precision), everything else float32
 *
 * Biases, states and the cell's functions stay float32. The parameters stay too: stateDict() saves float32, and after
 * loadStateDict() or any other change of a weight the next prediction rounds it anew. Other layers are left alone.
 *
 *   model.eval();
 *   for (const { name, quantizedBytes } of u.quantize(model, { dtype: 'int8' })) console.log(name, quantizedBytes);
 *   u.noGrad(() => model.forward(x));
 *
 * A forward that would be recorded throws QuantizedError; `dequantize(model)` makes it trainable again.
 *
 * @returns one report for each layer that was quantised; an empty list if the model has none
 * @throws OptionError  if the model is no Module, dtype is not 'int8' or 'bf16', or a layer has what rounded weights do not
 *   serve: goBackwards, projSize, peephole, layerNorm, zoneout, activations, cellClip, or no product (IndRNN)
 */
export function quantize(model: Module, options: QuantizeOptions): QuantizedLayerReport[] {
  checkModel('quantize', model);
  checkOptions('quantize', options, { dtype: required(is.oneOf('int8', 'bf16')) });
  const { dtype } = options;
  const layers = recurrentLayers(model);
  for (const [name, layer] of layers) {
    const why = layer.whyNotQuantized();
    if (why === null) continue;
    throw new OptionError(
      `quantize: ${name === '' ? 'this layer' : name} cannot compute from rounded weights: ${why}; quantize the other layers ` +
        'one by one, quantize(model.layer, options)',
    );
  }
  return layers.map(([name, layer]) => {
    const largestError = layer.setQuantization(dtype);
    const sizes = [...layer.namedParameters()].map(([own, parameter]) => bytesOf(own, parameter, dtype));
    const sum = (which: 0 | 1) => sizes.reduce((total, pair) => total + pair[which], 0);
    return { name, dtype, float32Bytes: sum(0), quantizedBytes: sum(1), largestError };
  });
}

/** Makes a quantised model compute from its float32 parameters again. */
export function dequantize(model: Module): void {
  checkModel('dequantize', model);
  for (const [, layer] of recurrentLayers(model)) layer.setQuantization(null);
}

function checkModel(where: string, model: unknown): void {
  if (!(model instanceof Module)) throw new OptionError(`${where}: model must be a Module, got ${show(model)}`);
}

type Recurrent = RecurrentBase<never>;

function recurrentLayers(model: Module): [string, Recurrent][] {
  return [...model.namedModules()].filter((named): named is [string, Recurrent] => named[1] instanceof RecurrentBase);
}

/** Of a parameter in float32, and quantised: a row of int8 weights has a scale. */
function bytesOf(name: string, parameter: Parameter, dtype: QuantizedDType): [float32: number, quantized: number] {
  const float32 = 4 * parameter.size;
  if (!name.startsWith('weight_')) return [float32, float32];
  return [float32, dtype === 'int8' ? parameter.size + 4 * (parameter.shape[0] as number) : 2 * parameter.size];
}
