// One step of streaming through a stack of recurrent layers, unrecorded. A small layer takes a microsecond or two, as much as
// two new ArrayBuffers would. So the kernels work in memory that is made once, at addresses that stay; x is copied in, y and
// the new state are copied out, some hundred numbers. The state of the step before needs no copy if it comes right back.
import { current } from '../autograd/context.js';
import { floatsOf, type Shape, Tensor } from '../autograd/tensor.js';
import { repeatable } from '../backend/repeat.js';
import type { FloatArray, Floats, Memory, Run } from '../backend/types.js';
import type { LayerResult, RecurrentPlan, WorkSizes } from './recurrent.js';
import type { PackedWeights, Weights } from './recurrent-weights.js';

/** Numbers in a state above which copies are no longer a trifle beside the step itself. */
const MOST_UNITS = 4096;
/** Floats in 64 bytes. Each part starts on a cache line of its own. */
const LINE = 16;
const lines = (floats: number): number => Math.ceil(floats / LINE) * LINE;

/** A part of the memory, with a view that is made anew when it was lost. */
class Part {
  private window: FloatArray;

  constructor(
    private readonly memory: Memory,
    readonly storage: Floats,
  ) {
    this.window = memory.view(storage);
  }

  get view(): FloatArray {
    // Growth of the WASM memory empties the views of it.
    if (this.window.length === 0) this.window = this.memory.view(this.storage);
    return this.window;
  }

  /** null: zeros */
  set(from: Floats | null): void {
    if (from === null) this.view.fill(0);
    else this.view.set(this.memory.view(from));
  }
}

/** Where a step leaves its results: y [B, H], h and c [L, B, H], one behind the other. */
class Results {
  readonly whole: Part;
  readonly y: Floats;
  readonly h: Part;
  readonly c: Part | null;
  private readonly runs: readonly Run[];

  constructor(
    private readonly memory: Memory,
    storage: Floats,
    private readonly outputShape: Shape,
    private readonly stateShape: Shape,
    hasC: boolean,
  ) {
    const [L, B, H] = stateShape as [number, number, number];
    const [y, h] = [lines(B * H), lines(L * B * H)];
    const [ny, nh] = [B * H, L * B * H];
    const runs = [
      { start: 0, length: ny },
      { start: y, length: nh },
      { start: y + h, length: nh },
    ];
    this.runs = hasC ? runs : runs.slice(0, 2);
    this.whole = new Part(memory, storage);
    this.y = memory.slice(storage, 0, B * H);
    this.h = new Part(memory, memory.slice(storage, y, L * B * H));
    this.c = hasC ? new Part(memory, memory.slice(storage, y + h, L * B * H)) : null;
  }

  static floats([L, B, H]: readonly [number, number, number], hasC: boolean): number {
    return lines(B * H) + (hasC ? 2 : 1) * lines(L * B * H);
  }

  /** Tensors of their own, which later steps leave alone. */
  copy(): LayerResult {
    const [y, h, c] = this.memory.keep(this.whole.view, this.runs) as [Floats, Floats, Floats?];
    return {
      y: new Tensor(y, this.outputShape),
      hn: new Tensor(h, this.stateShape),
      cn: c === undefined ? null : new Tensor(c, this.stateShape),
    };
  }
}

/** The call for one layer, made again when its weights are packed again. */
class LayerStep {
  private readonly sizes: WorkSizes;
  private weights: PackedWeights | null = null;
  private call = (): void => {};

  constructor(
    private readonly plan: RecurrentPlan,
    private readonly B: number,
    private readonly at: LayerMemory,
  ) {
    this.sizes = plan.sizes(1, B, B);
  }

  forward(weights: Weights): void {
    const packed = this.plan.packed(weights, this.sizes.packed);
    if (packed !== this.weights) this.bind(packed);
    this.call();
  }

  private bind(weights: PackedWeights): void {
    const { cell, inputSize, hiddenSize } = this.plan;
    const { x, h0, c0, y, hn, cn } = this.at;
    const { storages: w, packed } = weights;
    const nscratch = this.sizes.inferenceScratch;
    // biome-ignore format: as in native/abi.h
    this.call = repeatable(current(), 'rnn_forward', [
      y, hn, cn, null, nscratch, packed, x, h0, c0, w[0], w[1], w[2], w[3], null, null, null, null, null,
      cell.id, cell.gates.length, 1, this.B, inputSize, hiddenSize, 1, this.B, 0, nscratch, packed.length,
    ]);
    this.weights = weights;
  }
}

interface LayerMemory {
  readonly x: Floats;
  readonly h0: Floats;
  readonly c0: Floats | null;
  readonly y: Floats;
  readonly hn: Floats;
  readonly cn: Floats | null;
}

/** Steps take turns: what one leaves is where the next begins. */
interface Turn {
  readonly from: Results;
  readonly to: Results;
  readonly layers: readonly LayerStep[];
}

/** Everything that depends on the batch size. */
interface StepMemory {
  readonly memory: Memory;
  readonly B: number;
  readonly whole: Floats;
  readonly x: Part;
  readonly turns: readonly [Turn, Turn];
}

/** Streaming through the layers of one module: remembers its memory, and the state it returned last. */
export class RecurrentStep {
  #at: StepMemory | null = null;
  #turn = 0;
  #last: LayerResult | null = null;
  /** The largest batch this is for. */
  readonly mostRows: number;

  /**
   * @param plans      of the layers, from the lowest; one direction each
   * @param weightsOf  a layer, at each step: they may be replaced
   */
  constructor(
    private readonly plans: readonly RecurrentPlan[],
    private readonly weightsOf: (layer: number) => Weights,
  ) {
    const { hiddenSize } = plans[0] as RecurrentPlan;
    this.mostRows = Math.floor(MOST_UNITS / (plans.length * hiddenSize));
  }

  /** Whether this is the state returned last, and nobody can have changed it: at version 0 nobody has seen its memory. */
  isLast(h0: Tensor | null, c0: Tensor | null, B: number): boolean {
    const last = this.#last;
    if (last === null || h0 !== last.hn || c0 !== last.cn || this.#at?.B !== B) return false;
    return h0.version === 0 && (c0 === null || c0.version === 0);
  }

  /**
   * @param x   [B, I]
   * @param h0  [L, B, H], null: zeros
   * @param c0  as h0, for a cell that has a c
   * @returns y [B, H]; hn and cn [L, B, H]
   */
  run(x: Tensor, h0: Tensor | null, c0: Tensor | null): LayerResult {
    const { cell } = this.plans[0] as RecurrentPlan;
    const B = x.shape[0] as number;
    const xs = floatsOf(x, cell.name, 'x');
    const at = this.#memoryFor(B);
    const { from, to, layers } = at.turns[this.#turn] as Turn;
    at.x.set(xs);
    if (!this.isLast(h0, c0, B)) {
      from.h.set(h0 && floatsOf(h0, cell.name, 'h'));
      from.c?.set(c0 && floatsOf(c0, cell.name, 'c'));
    }
    // If a call throws, `from` may hold another state than the last one.
    this.#last = null;
    for (let layer = 0; layer < layers.length; layer++) (layers[layer] as LayerStep).forward(this.weightsOf(layer));
    this.#turn = 1 - this.#turn;
    this.#last = to.copy();
    return this.#last;
  }

  #memoryFor(B: number): StepMemory {
    const { memory } = current();
    const kept = this.#at;
    if (kept?.memory === memory && kept.B === B) return kept;
    // Now, not when it is collected: a loop in which B changes may never get there.
    kept?.memory.free(kept.whole);
    this.#last = null;
    this.#at = makeMemory(this.plans, memory, B);
    return this.#at;
  }
}

function makeMemory(plans: readonly RecurrentPlan[], memory: Memory, B: number): StepMemory {
  const { cell, inputSize, hiddenSize: H } = plans[0] as RecurrentPlan;
  const L = plans.length;
  const hasC = cell.states.length === 2;
  const nresults = Results.floats([L, B, H], hasC);
  const whole = memory.alloc('float', lines(B * inputSize) + (L - 1) * lines(B * H) + 2 * nresults, 'persistent');
  let position = 0;
  const take = (length: number): Floats => {
    const part = memory.slice(whole, position, length);
    position += lines(length);
    return part;
  };
  const x = new Part(memory, take(B * inputSize));
  const between = Array.from({ length: L - 1 }, () => take(B * H));
  const [outputShape, stateShape] = [
    [B, H],
    [L, B, H],
  ];
  const results = (): Results => new Results(memory, take(nresults), outputShape, stateShape, hasC);
  const [even, odd] = [results(), results()];
  const turn = (from: Results, to: Results): Turn => {
    const layers = plans.map((plan, layer) => {
      const of = (part: Part): Floats => memory.slice(part.storage, layer * B * H, B * H);
      return new LayerStep(plan, B, {
        x: layer === 0 ? x.storage : (between[layer - 1] as Floats),
        h0: of(from.h),
        c0: from.c && of(from.c),
        y: layer === L - 1 ? to.y : (between[layer] as Floats),
        hn: of(to.h),
        cn: to.c && of(to.c),
      });
    });
    return { from, to, layers };
  };
  return { memory, B, whole, x, turns: [turn(even, odd), turn(odd, even)] };
}
