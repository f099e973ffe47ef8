// One recurrent layer over a whole sequence from int8 or bfloat16 weights: inference only, one call into the kernels.
import { current } from '../autograd/context.js';
import { newOutput, recording } from '../autograd/tape.js';
import { floatsOf, Tensor } from '../autograd/tensor.js';
import type { RecurrentCell } from '../backend/cells/index.js';
import { Precision } from '../backend/generated/abi.js';
import type { Floats } from '../backend/types.js';
import { QuantizedError } from '../errors.js';
import type { Lengths, Weights } from './recurrent.js';

/** How weights are rounded: to 8-bit integers with a scale for each output channel, or to bfloat16. */
export type QuantizedDType = keyof typeof Precision;

type SixFloats = [MaybeFloats, MaybeFloats, MaybeFloats, MaybeFloats, MaybeFloats, MaybeFloats];
type MaybeFloats = Floats | null;

/** What one layer remembers while it is quantised: the rounded weights, made again when a weight has changed. */
export class QuantizedWeights {
  #key: readonly number[] = [];
  #packedLength = 0;
  #scratchLength = 0;
  #packed: Floats | null = null;
  #error = 0;
  #madeFrom: readonly (Tensor | null)[] = [];
  #madeFromVersions = -1;

  constructor(
    readonly dtype: QuantizedDType,
    readonly cell: RecurrentCell,
    readonly inputSize: number,
    readonly hiddenSize: number,
    readonly directions: number,
  ) {}

  get precision(): number {
    return Precision[this.dtype];
  }

  /** Floats of scratch that a call of this size needs. */
  scratch(T: number, B: number, rows: number): number {
    const [lastT, lastB, lastRows] = this.#key;
    if (T === lastT && B === lastB && rows === lastRows) return this.#scratchLength;
    const { memory, kernels } = current();
    const { precision, cell, inputSize, hiddenSize, directions } = this;
    const out = memory.alloc('double', 2, 'host');
    kernels.rnn_quantized_sizes(out, precision, cell.id, T, B, inputSize, hiddenSize, directions, rows);
    [this.#packedLength, this.#scratchLength] = memory.view(out) as unknown as [number, number];
    this.#key = [T, B, rows];
    return this.#scratchLength;
  }

  /** The rounded weights as kernels take them. */
  packed(weights: Weights): Floats {
    // Versions only grow: their sum tells whether any changed.
    let versions = 0;
    let same = this.#packed?.alive === true;
    for (let k = 0; k < 8; k++) {
      const weight = weights[k] as Tensor | null;
      if (weight !== this.#madeFrom[k]) same = false;
      if (weight !== null) versions += weight.version;
    }
    if (same && versions === this.#madeFromVersions) return this.#packed as Floats;
    const { memory, kernels } = current();
    if (this.#packed?.alive !== true) {
      if (this.#key.length === 0) this.scratch(0, 0, 0);
      this.#packed = memory.alloc('float', this.#packedLength, 'persistent');
    }
    const { precision, cell, inputSize: I, hiddenSize: H, directions: D } = this;
    const error = memory.alloc('double', 1, 'host');
    const w = weights.map((weight) => weight && floatsOf(weight, cell.name, 'weight')) as unknown as [
      Floats,
      Floats,
      ...SixFloats,
    ];
    kernels.rnn_quantize(this.#packed, error, ...w, precision, cell.id, cell.gates.length, I, H, D, this.#packedLength);
    this.#error = memory.view(error)[0] as number;
    this.#madeFrom = [...weights];
    this.#madeFromVersions = versions;
    return this.#packed;
  }

  /** The largest |w - what it was rounded to| over the weights of both products. */
  error(weights: Weights): number {
    this.packed(weights);
    return this.#error;
  }

  /** Gives the memory of the rounded weights back. */
  free(): void {
    if (this.#packed !== null) current().memory.free(this.#packed);
    this.#packed = null;
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
): { y: Tensor; hn: Tensor; cn: Tensor | null } {
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
  const nscratch = quantized.scratch(T, B, rows);
  const packed = quantized.packed(weights);
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
      precision, cell.id, cell.gates.length, T, B, I, H, D, rows, nscratch, packed.length,
    );
  });
  return {
    y: new Tensor(y, [T, B, D * H]),
    hn: new Tensor(hn, [D, B, H]),
    cn: cn && new Tensor(cn, [D, B, H]),
  };
}
