// One recurrent layer over a whole sequence, all directions: one node on the tape, one call into the kernels.
import { current } from '../autograd/context.js';
import { newGradient, newOutput, record, recording } from '../autograd/tape.js';
import { floatsOf, Tensor } from '../autograd/tensor.js';
import type { RecurrentCell } from '../backend/cells/index.js';
import { repeatable } from '../backend/repeat.js';
import type { Doubles, Ints } from '../backend/types.js';
import type { LayerMemory } from './recurrent-step.js';
import {
  accumulatorsOf,
  DerivedWeights,
  type PackedWeights,
  SizesOf,
  storagesOf,
  type Weights,
} from './recurrent-weights.js';

/** Valid steps of each row, checked, in a storage that nobody else writes to: backward reads it again. And their sum. */
export interface Lengths {
  readonly storage: Ints;
  readonly rows: number;
}

/** Floats that the kernels need for one problem size. */
export interface WorkSizes {
  readonly packed: number;
  readonly saved: number;
  readonly trainingScratch: number;
  readonly inferenceScratch: number;
  readonly backwardScratch: number;
}

/** What rnn_sizes and rnn_general_sizes write. `ask`: calls one of them. */
export function workSizes(ask: (out: Doubles) => void): WorkSizes {
  const { memory } = current();
  const out = memory.alloc('double', 5, 'host');
  ask(out);
  const [packed, saved, trainingScratch, inferenceScratch, backwardScratch] = memory.view(
    out,
  ) as unknown as FiveNumbers;
  return { packed, saved, trainingScratch, inferenceScratch, backwardScratch };
}

type FiveNumbers = readonly [number, number, number, number, number];

/**
 * What one layer remembers between calls: the sizes of its last problem, and its weights packed for inference. A recorded
 * forward does not use the packed copy: its weights change with every update.
 */
export class RecurrentPlan {
  readonly #sizes: SizesOf<WorkSizes, [T: number, B: number, rows: number]>;
  readonly #packed: DerivedWeights<Weights>;

  constructor(
    readonly cell: RecurrentCell,
    readonly inputSize: number,
    readonly hiddenSize: number,
    readonly directions: number,
  ) {
    const [I, H, D] = [inputSize, hiddenSize, directions];
    this.#sizes = new SizesOf((T, B, rows) =>
      workSizes((out) => current().kernels.rnn_sizes(out, cell.id, T, B, I, H, D, rows)),
    );
    this.#packed = new DerivedWeights(cell.name, (packed, w) => {
      current().kernels.rnn_pack(packed, ...w, cell.id, cell.gates.length, I, H, D, packed.length);
    });
  }

  /** The size of h. */
  get outputSize(): number {
    return this.hiddenSize;
  }

  sizes(T: number, B: number, rows: number): WorkSizes {
    return this.#sizes.get(T, B, rows);
  }

  /** The weights as kernels take them, and packed. */
  packed(weights: Weights, length: number): PackedWeights<Weights> {
    return this.#packed.get(weights, length);
  }

  /** One step of streaming: a call to make again and again. */
  stepCall({ storages: w, packed }: PackedWeights<Weights>, at: LayerMemory, B: number, nscratch: number): () => void {
    const { cell, inputSize: I, hiddenSize: H } = this;
    // biome-ignore format: as in native/abi.h
    return repeatable(current(), 'rnn_forward', [
      at.y, at.hn, at.cn, null, nscratch, packed, at.x, at.h0, at.c0, w[0], w[1], w[2], w[3], null, null, null, null, null,
      cell.id, cell.gates.length, 1, B, I, H, 1, B, 0, nscratch, packed.length,
    ]);
  }
}

/** What a layer computes: y [T, B, D*H], zero past each row's length; hn and cn [D, B, H] at each row's own last step. */
export interface LayerResult {
  readonly y: Tensor;
  readonly hn: Tensor;
  readonly cn: Tensor | null;
}

/**
 * y, hn, cn = the cell unrolled over x.
 *
 * @param plan     of the layer these weights belong to
 * @param x        [T, B, I]
 * @param h0       [D, B, H], null: zeros
 * @param c0       as h0, for a cell that has a c
 * @param lengths  null: all rows have T steps
 */
export function recurrentLayer(
  plan: RecurrentPlan,
  x: Tensor,
  weights: Weights,
  h0: Tensor | null,
  c0: Tensor | null,
  lengths: Lengths | null,
): LayerResult {
  const { cell, inputSize: I, hiddenSize: H, directions: D } = plan;
  const [T, B] = x.shape as [number, number, number];
  const gates = cell.gates.length;
  const hasC = cell.states.length === 2;
  const recorded = recording(x, h0, c0, ...weights);
  const { memory, kernels } = current();
  const rows = lengths?.rows ?? T * B;
  const sizes = plan.sizes(T, B, rows);

  const xs = floatsOf(x, cell.name, 'x');
  const h = h0 && floatsOf(h0, cell.name, 'h');
  const c = c0 && floatsOf(c0, cell.name, 'c');
  const { storages: w, packed } = recorded
    ? { storages: storagesOf(weights, cell.name), packed: null }
    : plan.packed(weights, sizes.packed);
  const y = newOutput(T * D * B * H, recorded);
  const hn = newOutput(D * B * H, recorded);
  const cn = hasC ? newOutput(D * B * H, recorded) : null;
  const saved = recorded ? memory.alloc('float', sizes.saved, 'step') : null;
  const steps = lengths?.storage ?? null;
  const nscratch = recorded ? sizes.trainingScratch : sizes.inferenceScratch;
  memory.withScratch(nscratch, (scratch) => {
    // biome-ignore format: as in native/abi.h
    kernels.rnn_forward(
      y, hn, cn, saved, scratch, packed, xs, h, c, w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], steps,
      cell.id, gates, T, B, I, H, D, rows, saved?.length ?? 0, nscratch, packed?.length ?? 0,
    );
  });

  const outputs = {
    y: new Tensor(y, [T, B, D * H]),
    hn: new Tensor(hn, [D, B, H]),
    cn: cn && new Tensor(cn, [D, B, H]),
  };
  if (saved !== null) {
    const inputs = [x, h0, c0, ...weights].filter((t) => t !== null);
    const results = [outputs.y, outputs.hn, outputs.cn].filter((t) => t !== null);
    // forward was: rnn_forward.  dx, dh0, dc0 come fresh; gradients of weights add up.
    record(cell.name, inputs, results, ([dy = null, dhn = null, dcn = null], grads) => {
      const dx = grads.wants(x) ? grads.fresh(x) : null;
      // x may be h0 too: these do not share its memory.
      const dh0 = grads.wants(h0) ? newGradient(h0.size) : null;
      const dc0 = grads.wants(c0) ? newGradient(c0.size) : null;
      const dw = accumulatorsOf(weights, grads);
      const nscratchBack = sizes.backwardScratch;
      memory.withScratch(nscratchBack, (scratch) => {
        // biome-ignore format: as in native/abi.h
        kernels.rnn_backward(
          dx, dh0, dc0, dw[0], dw[1], dw[2], dw[3], dw[4], dw[5], dw[6], dw[7], dy, dhn, dcn, xs, h, c,
          w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], steps, saved, scratch,
          cell.id, gates, T, B, I, H, D, rows, saved.length, nscratchBack,
        );
      });
      if (dx !== null) grads.give(x, dx);
      if (h0 !== null && dh0 !== null) grads.give(h0, dh0);
      if (c0 !== null && dc0 !== null) grads.give(c0, dc0);
    });
  }
  return outputs;
}
