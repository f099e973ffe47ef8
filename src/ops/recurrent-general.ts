// One recurrent layer over a whole sequence with everything a layer may have beyond src/ops/recurrent.ts: projection,
// normalisation, masks, other activations, reading backwards, recomputation. One node on the tape, one call into the kernels
// for each direction.
import { current } from '../autograd/context.js';
import { outOfRange } from '../autograd/creation.js';
import { newGradient, newOutput, record, recording } from '../autograd/tape.js';
import { floatsOf, intsOf, Tensor } from '../autograd/tensor.js';
import type { RecurrentCell } from '../backend/cells/index.js';
import { Feature } from '../backend/generated/abi.js';
import { repeatable } from '../backend/repeat.js';
import type { Doubles, Floats, Ints, Memory } from '../backend/types.js';
import { IndexError } from '../errors.js';
import { type Installed, type LayerOrigin, type RecordedCall, stepCollector } from './diagnostics.js';
import { keepIndex } from './gather.js';
import { type LayerResult, type Lengths, type WorkSizes, workSizes } from './recurrent.js';
import type { LayerMemory } from './recurrent-step.js';
import {
  accumulatorsOf,
  DerivedWeights,
  type GeneralWeights,
  type PackedWeights,
  SizesOf,
  storagesOf,
} from './recurrent-weights.js';

/** What one direction of one layer is. */
export interface GeneralKind {
  readonly cell: RecurrentCell;
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** The size of h: hiddenSize, or that of the projection. */
  readonly outputSize: number;
  /** A sum of Feature, without `drop`: its mask comes with the call. */
  readonly features: number;
  /** The numbers behind the features, in the order of Option. */
  readonly options: readonly number[];
  /** Rows are read from their last step to their first. */
  readonly reverse: boolean;
}

/** Masks of one direction. null: there is none. */
export interface Masks {
  /** [B, R]: 0, or 1 / (1 - rate): the same at every step */
  readonly drop: Floats | null;
  /** [T, B, R] and [T, B, H]: 1 where the new value comes, 0 where the old one stays */
  readonly zoneH: Floats | null;
  readonly zoneC: Floats | null;
}
const NO_MASKS: Masks = { drop: null, zoneH: null, zoneC: null };

type Problem = [T: number, B: number, rows: number, keep: number, features: number];

/** What one direction of one layer remembers between calls; as RecurrentPlan. */
export class GeneralPlan {
  readonly cell: RecurrentCell;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly outputSize: number;
  readonly features: number;
  readonly reverse: boolean;
  readonly #numbers: readonly number[];
  readonly #sizes: SizesOf<WorkSizes, Problem>;
  readonly #packed: DerivedWeights<GeneralWeights>;
  #options: Doubles | null = null;
  #memory: Memory | null = null;

  constructor(
    kind: GeneralKind,
    readonly origin: LayerOrigin,
  ) {
    const { cell, inputSize: I, hiddenSize: H, outputSize: R, features } = kind;
    this.cell = cell;
    this.inputSize = I;
    this.hiddenSize = H;
    this.outputSize = R;
    this.features = features;
    this.reverse = kind.reverse;
    this.#numbers = kind.options;
    this.#sizes = new SizesOf((T, B, rows, keep, asked) =>
      workSizes((out) => current().kernels.rnn_general_sizes(out, cell.id, asked, T, B, I, H, R, rows, keep)),
    );
    this.#packed = new DerivedWeights(cell.name, (packed, [wIh, wHh, bIh, bHh, wHr]) => {
      // biome-ignore format: as in native/abi.h
      current().kernels.rnn_general_pack(
        packed, wIh, wHh, bIh, bHh, wHr, cell.id, cell.gates.length, features, I, H, R, packed.length,
      );
    });
  }

  /** `keep`: 0, or every how many steps the states are saved; `features`: those of the call. */
  sizes(T: number, B: number, rows: number, keep = 0, features = this.features): WorkSizes {
    return this.#sizes.get(T, B, rows, keep, features);
  }

  packed(weights: GeneralWeights, length: number): PackedWeights<GeneralWeights> {
    return this.#packed.get(weights, length);
  }

  /** The numbers behind the features as kernels take them. */
  options(): Doubles {
    const { memory } = current();
    if (this.#options === null || this.#memory !== memory || !this.#options.alive) {
      this.#options = memory.alloc('double', this.#numbers.length, 'persistent');
      memory.view(this.#options).set(this.#numbers);
      this.#memory = memory;
    }
    return this.#options;
  }

  /** One step of streaming: a call to make again and again. */
  stepCall(
    { storages: w, packed }: PackedWeights<GeneralWeights>,
    at: LayerMemory,
    B: number,
    nscratch: number,
  ): () => void {
    const { cell, inputSize: I, hiddenSize: H, outputSize: R } = this;
    // biome-ignore format: as in native/abi.h
    return repeatable(current(), 'rnn_general_forward', [
      at.y, at.hn, at.cn, null, nscratch, packed, at.x, null, at.h0, at.c0, ...w, null, null, null, null, this.options(),
      cell.id, cell.gates.length, cell.units.length, this.features, 1, B, I, H, R, B, this.reverse ? 1 : 0, R, 0, 0,
      0, nscratch, packed.length,
    ]);
  }
}

/** What differs between the calls of a layer. */
export interface GeneralCall {
  readonly lengths: Lengths | null;
  /** Masks of a direction, made for this call. Default: none */
  readonly masks?: (direction: number, recorded: boolean) => Masks;
  /** 0, or n: backward computes everything but the states before every n-th step once more. */
  readonly keep?: number;
}

/** One direction's part of a call: what forward and backward both hand to the kernels. */
interface DirectionCall {
  readonly plan: GeneralPlan;
  readonly masks: Masks;
  readonly features: number;
  readonly sizes: WorkSizes;
  readonly saved: Floats | null;
  /** Where this direction's states stand in those of all directions. */
  readonly ofH: (all: Floats | null) => Floats | null;
  readonly ofC: (all: Floats | null) => Floats | null;
}

/**
 * y, hn, cn = the cell unrolled over x.
 *
 * @param plans    one a direction
 * @param x        [T, B, I]; or int32 [T, B], one-hot: where the 1 stands
 * @param weights  as plans
 * @param h0       [D, B, R], null: zeros
 * @param c0       [D, B, H], for a cell that has a c
 * @returns y [T, B, D*R], the directions side by side; hn and cn as h0 and c0
 */
export function generalLayer(
  plans: readonly GeneralPlan[],
  x: Tensor,
  weights: readonly GeneralWeights[],
  h0: Tensor | null,
  c0: Tensor | null,
  { lengths, masks = () => NO_MASKS, keep = 0 }: GeneralCall,
): LayerResult {
  const { cell, inputSize: I, hiddenSize: H, outputSize: R } = plans[0] as GeneralPlan;
  const D = plans.length;
  const [T, B] = x.shape as [number, number, number];
  const [gates, units] = [cell.gates.length, cell.units.length];
  const hasC = cell.states.length === 2;
  const recorded = recording(x, h0, c0, ...weights.flat());
  const wanted = recorded ? stepCollector() : null;
  const { memory, kernels } = current();
  const rows = lengths?.rows ?? T * B;
  const steps = lengths?.storage ?? null;

  const ids = x.dtype === 'int32' ? idsOf(x, cell.name, recorded) : null;
  const xs = ids ? null : floatsOf(x, cell.name, 'x');
  const h = h0 && floatsOf(h0, cell.name, 'h');
  const c = c0 && floatsOf(c0, cell.name, 'c');
  const y = newOutput(T * B * D * R, recorded);
  const hn = newOutput(D * B * R, recorded);
  const cn = hasC ? newOutput(D * B * H, recorded) : null;

  const calls = plans.map((plan, direction): DirectionCall => {
    const own = masks(direction, recorded);
    const features = plan.features + (own.drop ? Feature.drop : 0) + (ids ? Feature.oneHot : 0);
    const sizes = plan.sizes(T, B, rows, recorded ? keep : 0, features);
    const saved = recorded ? memory.alloc('float', sizes.saved, 'step') : null;
    const part = (size: number) => (all: Floats | null) => all && memory.slice(all, direction * B * size, B * size);
    return { plan, masks: own, features, sizes, saved, ofH: part(R), ofC: part(H) };
  });
  const storages = calls.map(({ plan, features, sizes, masks: m, saved, ofH, ofC }, direction) => {
    const own = weights[direction] as GeneralWeights;
    // Weights that training changes at every step are not worth keeping in another form.
    const { storages: w, packed } =
      recorded || m.drop !== null
        ? { storages: storagesOf(own, cell.name), packed: null }
        : plan.packed(own, sizes.packed);
    const nscratch = recorded ? sizes.trainingScratch : sizes.inferenceScratch;
    memory.withScratch(nscratch, (scratch) => {
      // biome-ignore format: as in native/abi.h
      explained(cell.name, x, I, lengths, () => kernels.rnn_general_forward(
        y, ofH(hn) as Floats, ofC(cn), saved, scratch, packed, xs, ids, ofH(h), ofC(c), ...w, m.drop, m.zoneH, m.zoneC, steps,
        plan.options(), cell.id, gates, units, features, T, B, I, H, R, rows, plan.reverse ? 1 : 0, D * R, direction * R,
        saved ? keep : 0, saved?.length ?? 0, nscratch, packed?.length ?? 0,
      ));
    });
    return w;
  });

  const outputs = {
    y: new Tensor(y, [T, B, D * R]),
    hn: new Tensor(hn, [D, B, R]),
    cn: cn && new Tensor(cn, [D, B, H]),
  };
  if (recorded) {
    const inputs = [x, h0, c0, ...weights.flat()].filter((t) => t !== null);
    const results = [outputs.y, outputs.hn, outputs.cn].filter((t) => t !== null);
    // forward was: rnn_general_forward, once a direction.  dh0, dc0 come fresh; gradients of x and of weights add up.
    record(cell.name, inputs, results, ([dy = null, dhn = null, dcn = null], grads) => {
      const dh0 = grads.wants(h0) ? newGradient(h0.size) : null;
      const dc0 = grads.wants(c0) ? newGradient(c0.size) : null;
      const dx = grads.wants(x) ? grads.accumulator(x) : null;
      calls.forEach(({ plan, features, sizes, masks: m, saved, ofH, ofC }, direction) => {
        const w = storages[direction] as (typeof storages)[number];
        const own = weights[direction] as GeneralWeights;
        const dw = accumulatorsOf(own, grads);
        const call = { plan, weights: own, x, h0: ofH(h), c0: ofC(c), masks: m };
        const report = wanted && measured(wanted, call, T, B, lengths);
        const nscratch = sizes.backwardScratch;
        memory.withScratch(nscratch, (scratch) => {
          // biome-ignore format: as in native/abi.h
          kernels.rnn_general_backward(
            dx, ofH(dh0), ofC(dc0), ...dw, report?.steps ?? null, report?.contributions ?? null, dy, ofH(dhn), ofC(dcn),
            xs, ids, ...w, m.drop, m.zoneH, m.zoneC, steps, plan.options(), saved as Floats, scratch,
            cell.id, gates, units, features, T, B, I, H, R, rows, plan.reverse ? 1 : 0, D * R, direction * R, keep,
            report?.width ?? 0, saved?.length ?? 0, nscratch,
          );
        });
        report?.send();
      });
      if (h0 !== null && dh0 !== null) grads.give(h0, dh0);
      if (c0 !== null && dc0 !== null) grads.give(c0, dc0);
    });
  }
  return outputs;
}

/** Users fill one tensor of ids again and again through `data`: backward must see what forward saw. */
function idsOf(x: Tensor, name: string, recorded: boolean): Ints {
  const ids = intsOf(x, name, 'x');
  return recorded ? keepIndex(ids) : ids;
}

/** Runs a kernel; if it finds an id out of range at a valid step, says which one. */
function explained(name: string, x: Tensor, classes: number, lengths: Lengths | null, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    const { memory } = current();
    const ids = memory.view(intsOf(x, name, 'x'));
    const steps = lengths && memory.view(lengths.storage);
    const B = x.shape[1] as number;
    const isValid = (at: number) => steps === null || Math.floor(at / B) < (steps[at % B] as number);
    const at = ids.findIndex((id, k) => (id < 0 || id >= classes) && isValid(k));
    throw at < 0 ? error : outOfRange(name, 'x', ids[at] as number, at, x.shape, classes);
  }
}

/** Room for what a collector wants of one backward pass; `send` hands it over. */
function measured(wanted: Installed, call: RecordedCall, T: number, B: number, lengths: Lengths | null) {
  const { memory } = current();
  const { cell, hiddenSize, outputSize, reverse, origin } = call.plan;
  const width = 2 + 3 * cell.gates.length;
  const steps = memory.alloc('float', T * B * width, 'host');
  const contributions = wanted.contributions ? memory.alloc('double', T * 3, 'host') : null;
  const send = (): void =>
    wanted.collector({
      ...origin,
      ...{ cell, T, B, hiddenSize, outputSize, reverse },
      lengths: lengths && Int32Array.from(memory.view(lengths.storage)),
      steps: memory.view(steps),
      contributions: contributions && memory.view(contributions),
      call,
    });
  return { width, steps, contributions, send };
}
