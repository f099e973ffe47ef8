// One step of streaming through a stack of recurrent layers, unrecorded. A small layer takes a microsecond or two, as much
// as a handful of new ArrayBuffers would. So the kernels read and write buffers that are made once and used at every step;
// the caller's x and state are copied in and the results out, some hundred numbers.
import { current } from '../autograd/context.js';
import { floatsOf, type Shape, Tensor } from '../autograd/tensor.js';
import { repeatable } from '../backend/repeat.js';
import type { FloatArray, Floats, Memory } from '../backend/types.js';
import type { PackedWeights, RecurrentPlan, Weights, WorkSizes } from './recurrent.js';

/** Outputs of a layer above which copies of them are no longer a trifle beside the step itself. */
const MOST_OUTPUTS = 4096;

/** One thing that goes in or comes out, for all layers: where kernels find it, and a view that is made anew when it is lost. */
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

  set(from: Floats | null): void {
    if (from === null) this.view.fill(0);
    else this.view.set(this.memory.view(from));
  }
}

/** The step of one layer: what its kernel reads and writes, and the call. */
class LayerStep {
  private readonly sizes: WorkSizes;
  private weights: PackedWeights | null = null;
  private call = (): void => {};

  constructor(
    private readonly plan: RecurrentPlan,
    private readonly B: number,
    private readonly at: LayerBuffers,
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

interface LayerBuffers {
  readonly x: Floats;
  readonly h0: Floats;
  readonly c0: Floats | null;
  readonly y: Floats;
  readonly hn: Floats;
  readonly cn: Floats | null;
}

/** Everything that depends on the batch size. */
interface StepBuffers {
  readonly memory: Memory;
  readonly B: number;
  /** All there are, to free. */
  readonly storages: readonly Floats[];
  readonly x: Part;
  readonly h0: Part;
  readonly c0: Part | null;
  readonly y: Part;
  readonly hn: Part;
  readonly cn: Part | null;
  readonly layers: readonly LayerStep[];
  readonly outputShape: Shape;
  readonly stateShape: Shape;
}

/** Streaming through the layers of one module; remembers its buffers between steps. */
export class RecurrentStep {
  #buffers: StepBuffers | null = null;

  /** @param plans  of the layers, from the lowest; one direction each */
  constructor(private readonly plans: readonly RecurrentPlan[]) {}

  /** Whether steps of B rows are what this is for. */
  suits(B: number): boolean {
    return B * this.plans.length * (this.plans[0] as RecurrentPlan).hiddenSize <= MOST_OUTPUTS;
  }

  /**
   * @param x          [B, I]
   * @param weightsOf  a layer
   * @param h0         [L, B, H], null: zeros
   * @param c0         as h0, for a cell that has a c
   * @returns y [B, H]; hn and cn [L, B, H]
   */
  run(
    x: Tensor,
    weightsOf: (layer: number) => Weights,
    h0: Tensor | null,
    c0: Tensor | null,
  ): { y: Tensor; hn: Tensor; cn: Tensor | null } {
    const { memory } = current();
    const { plans } = this;
    const { cell } = plans[0] as RecurrentPlan;
    const buffers = this.#buffersFor(memory, x.shape[0] as number);
    buffers.x.set(floatsOf(x, cell.name, 'x'));
    buffers.h0.set(h0 && floatsOf(h0, cell.name, 'h'));
    buffers.c0?.set(c0 && floatsOf(c0, cell.name, 'c'));
    for (let layer = 0; layer < plans.length; layer++) {
      const at = buffers.layers[layer] as LayerStep;
      at.forward(weightsOf(layer));
    }
    return {
      y: new Tensor(memory.keep(buffers.y.view), buffers.outputShape),
      hn: new Tensor(memory.keep(buffers.hn.view), buffers.stateShape),
      cn: buffers.cn && new Tensor(memory.keep(buffers.cn.view), buffers.stateShape),
    };
  }

  #buffersFor(memory: Memory, B: number): StepBuffers {
    const kept = this.#buffers;
    if (kept?.memory === memory && kept.B === B) return kept;
    // Now, not when they are collected: a loop in which B changes may never get there.
    if (kept !== null) for (const storage of kept.storages) kept.memory.free(storage);
    this.#buffers = makeBuffers(this.plans, memory, B);
    return this.#buffers;
  }
}

function makeBuffers(plans: readonly RecurrentPlan[], memory: Memory, B: number): StepBuffers {
  const { cell, inputSize, hiddenSize: H } = plans[0] as RecurrentPlan;
  const hasC = cell.states.length === 2;
  const L = plans.length;
  const storages: Floats[] = [];
  const floats = (length: number): Floats => {
    const storage = memory.alloc('float', length, 'persistent');
    storages.push(storage);
    return storage;
  };
  const part = (length: number): Part => new Part(memory, floats(length));
  const [x, y] = [part(B * inputSize), part(B * H)];
  const [h0, hn] = [part(L * B * H), part(L * B * H)];
  const [c0, cn] = hasC ? [part(L * B * H), part(L * B * H)] : [null, null];
  let below = x.storage;
  const layers = plans.map((plan, layer) => {
    const of = (whole: Part): Floats => memory.slice(whole.storage, layer * B * H, B * H);
    const out = layer === L - 1 ? y.storage : floats(B * H);
    const at = { x: below, h0: of(h0), c0: c0 && of(c0), y: out, hn: of(hn), cn: cn && of(cn) };
    below = out;
    return new LayerStep(plan, B, at);
  });
  return { memory, B, storages, x, h0, c0, y, hn, cn, layers, outputShape: [B, H], stateShape: [L, B, H] };
}
