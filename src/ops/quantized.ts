// One recurrent layer over a whole sequence from int8 or bfloat16 weights: inference only, one call into the kernels.
import { current } from '../autograd/context.js';
import { newOutput, recording } from '../autograd/tape.js';
import { floatsOf, Tensor } from '../autograd/tensor.js';
import type { RecurrentCell } from '../backend/cells/index.js';
import { Precision } from '../backend/generated/abi.js';
import type { Floats } from '../backend/types.js';
import { QuantizedError } from '../errors.js';
import type { LayerResult, Lengths } from './recurrent.js';
import { DerivedWeights, SizesOf, type Weights } from './recurrent-weights.js';

/** How weights are rounded: to 8-bit integers with a scale for each output channel, or to bfloat16. */
export type QuantizedDType = keyof typeof Precision;

interface QuantizedSizes {
  readonly packed: number;
  readonly scratch: number;
}

/** What one layer remembers while it is quantised. */
export class QuantizedWeights {
  readonly precision: number;
  readonly #sizes: SizesOf<QuantizedSizes, [T: number, B: number, rows: number]>;
  readonly #rounded: DerivedWeights<Weights>;
  #error = 0;

  constructor(
    readonly dtype: QuantizedDType,
    readonly cell: RecurrentCell,
    readonly inputSize: number,
    readonly hiddenSize: number,
    readonly directions: number,
  ) {
    const precision = Precision[dtype];
    const [I, H, D] = [inputSize, hiddenSize, directions];
    this.precision = precision;
    this.#sizes = new SizesOf((T, B, rows) => {
      const { memory, kernels } = current();
      const out = memory.alloc('double', 2, 'host');
      kernels.rnn_quantized_sizes(out, precision, cell.id, T, B, I, H, D, rows);
      const [packed, scratch] = memory.view(out) as unknown as readonly [number, number];
      return { packed, scratch };
    });
    this.#rounded = new DerivedWeights(cell.name, (packed, w) => {
      const { memory, kernels } = current();
      const error = memory.alloc('double', 1, 'host');
      kernels.rnn_quantize(packed, error, ...w, precision, cell.id, cell.gates.length, I, H, D, packed.length);
      this.#error = memory.view(error)[0] as number;
    });
  }

  sizes(T: number, B: number, rows: number): QuantizedSizes {
    return this.#sizes.get(T, B, rows);
  }

  /** The rounded weights as kernels take them. */
  packed(weights: Weights, length: number): Floats {
    return this.#rounded.get(weights, length).packed;
  }

  /** The largest |w - what it was rounded to| over the weights of both products. */
  error(weights: Weights): number {
    this.packed(weights, this.sizes(0, 0, 0).packed);
    return this.#error;
  }

  /** Gives the memory of the rounded weights back. */
  free(): void {
    this.#rounded.free();
  }
}

/**
 * y, hn, cn = the cell unrolled over x, from rounded weights (native/abi.h says how). Arguments and results are those of
 * recurrentLayer.
 *
 * @throws QuantizedError  if the call would have to be recorded: rounding has no gradient
 */
export function quantizedLayer(
  quantized: QuantizedWeights,
  x: Tensor,
  weights: Weights,
  h0: Tensor | null,
  c0: Tensor | null,
  lengths: Lengths | null,
): LayerResult {
  const { dtype, precision, cell, inputSize: I, hiddenSize: H, directions: D } = quantized;
  if (recording(x, h0, c0, ...weights)) {
    throw new QuantizedError(
      `${cell.name}: this layer computes from ${dtype} weights, which have no gradient; make predictions inside noGrad(), or ` +
        'call dequantize(model) before training',
    );
  }
  const [T, B] = x.shape as [number, number, number];
  const { memory, kernels } = current();
  const rows = lengths?.rows ?? T * B;
  const { scratch: nscratch, packed: npacked } = quantized.sizes(T, B, rows);
  const packed = quantized.packed(weights, npacked);
  const xs = floatsOf(x, cell.name, 'x');
  const h = h0 && floatsOf(h0, cell.name, 'h');
  const c = c0 && floatsOf(c0, cell.name, 'c');
  const y = newOutput(T * B * D * H, false);
  const hn = newOutput(D * B * H, false);
  const cn = cell.states.length === 2 ? newOutput(D * B * H, false) : null;
  memory.withScratch(nscratch, (scratch) => {
    // biome-ignore format: as in native/abi.h
    kernels.rnn_quantized_forward(
      y, hn, cn, scratch, packed, xs, h, c, lengths?.storage ?? null,
      precision, cell.id, cell.gates.length, T, B, I, H, D, rows, nscratch, npacked,
    );
  });
  return {
    y: new Tensor(y, [T, B, D * H]),
    hn: new Tensor(hn, [D, B, H]),
    cn: cn && new Tensor(cn, [D, B, H]),
  };
}
