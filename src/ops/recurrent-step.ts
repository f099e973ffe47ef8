// One step of streaming through a stack of recurrent layers, unrecorded. A small layer takes a microsecond or two, as much as
// two new ArrayBuffers would. So the kernels work in memory that is made once, at addresses that stay; x is copied in, y and
// the new state are copied out, some hundred numbers. The state of the step before needs no copy if it comes right back.
import { current } from '../autograd/context.js';
import { floatsOf, type Shape, sizeOf, Tensor } from '../autograd/tensor.js';
import type { RecurrentCell } from '../backend/cells/index.js';
import type { FloatArray, Floats, Memory, Run } from '../backend/types.js';
import type { LayerResult, WorkSizes } from './recurrent.js';
import type { PackedWeights, WeightList } from './recurrent-weights.js';

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

/** What a step needs to know of one layer: RecurrentPlan and GeneralPlan are such. */
interface StepPlan<W extends WeightList> {
  readonly cell: RecurrentCell;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly outputSize: number;
  sizes(T: number, B: number, rows: number): WorkSizes;
  packed(weights: W, length: number): PackedWeights<W>;
  stepCall(weights: PackedWeights<W>, at: LayerMemory, B: number, nscratch: number): () => void;
}

/** One layer of the stack: one direction. */
export interface SteppedLayer {
  readonly cell: RecurrentCell;
  readonly inputSize: number;
  /** Of c, and of h. */
  readonly hiddenSize: number;
  readonly outputSize: number;
  /** What computes a step in this memory. It looks the weights up at each step: they may change or be replaced. */
  at(memory: LayerMemory, B: number): () => void;
}

/** A layer for RecurrentStep. The call is made again when the weights are packed again. */
export function stepped<W extends WeightList>(plan: StepPlan<W>, weightsOf: () => W): SteppedLayer {
  const { cell, inputSize, hiddenSize, outputSize } = plan;
  const at = (memory: LayerMemory, B: number): (() => void) => {
    const sizes = plan.sizes(1, B, B);
    let bound: PackedWeights<W> | null = null;
    let call = (): void => {};
    return () => {
      const packed = plan.packed(weightsOf(), sizes.packed);
      if (packed !== bound) {
        call = plan.stepCall(packed, memory, B, sizes.inferenceScratch);
        bound = packed;
      }
      call();
    };
  };
  return { cell, inputSize, hiddenSize, outputSize, at };
}

/** Shapes of a stack's states for a batch of B: in memory the layers' states stand one behind the other. */
export type StateShapes = (B: number) => { readonly h: Shape; readonly c: Shape | null };

/** Where a step leaves its results: y [B, R], h and c of all layers, one behind the other. */
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
    private readonly hShape: Shape,
    private readonly cShape: Shape | null,
  ) {
    const [ny, nh, nc] = [sizeOf(outputShape), sizeOf(hShape), cShape === null ? 0 : sizeOf(cShape)];
    const [y, h] = [lines(ny), lines(nh)];
    const runs = [
      { start: 0, length: ny },
      { start: y, length: nh },
      { start: y + h, length: nc },
    ];
    this.runs = cShape !== null ? runs : runs.slice(0, 2);
    this.whole = new Part(memory, storage);
    this.y = memory.slice(storage, 0, ny);
    this.h = new Part(memory, memory.slice(storage, y, nh));
    this.c = cShape !== null ? new Part(memory, memory.slice(storage, y + h, nc)) : null;
  }

  static floats(...shapes: readonly (Shape | null)[]): number {
    return shapes.reduce((sum, shape) => sum + (shape === null ? 0 : lines(sizeOf(shape))), 0);
  }

  /** Tensors of their own, which later steps leave alone. */
  copy(): LayerResult {
    const [y, h, c] = this.memory.keep(this.whole.view, this.runs) as [Floats, Floats, Floats?];
    return {
      y: new Tensor(y, this.outputShape),
      hn: new Tensor(h, this.hShape),
      cn: c === undefined ? null : new Tensor(c, this.cShape as Shape),
    };
  }
}

export interface LayerMemory {
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
  readonly layers: readonly (() => void)[];
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
   * @param layers  from the lowest
   * @param shapes  of the states
   */
  constructor(
    private readonly layers: readonly SteppedLayer[],
    private readonly shapes: StateShapes,
  ) {
    this.mostRows = Math.floor(MOST_UNITS / layers.reduce((units, { hiddenSize }) => units + hiddenSize, 0));
  }

  /** Whether this is the state returned last, and nobody can have changed it: at version 0 nobody has seen its memory. */
  isLast(h0: Tensor | null, c0: Tensor | null, B: number): boolean {
    const last = this.#last;
    if (last === null || h0 !== last.hn || c0 !== last.cn || this.#at?.B !== B) return false;
    return h0.version === 0 && (c0 === null || c0.version === 0);
  }

  /**
   * @param x   [B, I]
   * @param h0  of all layers, null: zeros
   * @param c0  as h0, for a cell that has a c
   * @returns y [B, R]; hn and cn as h0 and c0
   */
  run(x: Tensor, h0: Tensor | null, c0: Tensor | null): LayerResult {
    const { cell } = this.layers[0] as SteppedLayer;
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
    for (let layer = 0; layer < layers.length; layer++) (layers[layer] as () => void)();
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
    this.#at = makeMemory(this.layers, this.shapes(B), memory, B);
    return this.#at;
  }
}

function makeMemory(
  stack: readonly SteppedLayer[],
  { h: hShape, c: cShape }: ReturnType<StateShapes>,
  memory: Memory,
  B: number,
): StepMemory {
  const { inputSize } = stack[0] as SteppedLayer;
  const widths = stack.map(({ outputSize }) => B * outputSize);
  const last = stack.length - 1;
  const outputShape = [B, (stack[last] as SteppedLayer).outputSize];
  const nresults = Results.floats(outputShape, hShape, cShape);
  const nbetween = widths.slice(0, last).reduce((sum, width) => sum + lines(width), 0);
  const whole = memory.alloc('float', lines(B * inputSize) + nbetween + 2 * nresults, 'persistent');
  let position = 0;
  const take = (length: number): Floats => {
    const part = memory.slice(whole, position, length);
    position += lines(length);
    return part;
  };
  const x = new Part(memory, take(B * inputSize));
  const between = widths.slice(0, last).map(take);
  const results = (): Results => new Results(memory, take(nresults), outputShape, hShape, cShape);
  const [even, odd] = [results(), results()];
  const turn = (from: Results, to: Results): Turn => {
    let [h, c] = [0, 0];
    const layers = stack.map((one, layer) => {
      const [nh, nc] = [B * one.outputSize, B * one.hiddenSize];
      const of = (part: Part, start: number, length: number): Floats => memory.slice(part.storage, start, length);
      const at = {
        x: layer === 0 ? x.storage : (between[layer - 1] as Floats),
        h0: of(from.h, h, nh),
        c0: from.c && of(from.c, c, nc),
        y: layer === last ? to.y : (between[layer] as Floats),
        hn: of(to.h, h, nh),
        cn: to.c && of(to.c, c, nc),
      };
      h += nh;
      c += nc;
      return one.at(at, B);
    });
    return { from, to, layers };
  };
  return { memory, B, whole, x, turns: [turn(even, odd), turn(odd, even)] };
}
