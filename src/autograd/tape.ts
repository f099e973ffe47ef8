// The tape: define-by-run, one node for each recorded op. It knows no op; an op hands over its backward function.
//
// A node is reachable only through the tensors it made, so a graph nobody holds is collected whether or not backward ran.
// Backward reads what forward saved and never changes it: it may run again as long as the step lasts.
import type { Element, Floats, Storage } from '../backend/types.js';
import { beginRecordedOp, current, isRecording, resultLifetime } from './context.js';
import type { Tensor } from './tensor.js';

/**
 * Turns the gradients of an op's outputs into those of its inputs. `dy[k]` belongs to output k, null where nothing
 * reached it. A `dy` belongs to the function that gets it: it may be handed on with `give`, but only to one input.
 */
export type BackwardFunction = (dy: readonly (Floats | null)[], grads: GradSink) => void;

/** Where a backward function puts its results. */
export interface GradSink {
  /** Whether anybody asks for the gradient of `t`. */
  wants(t: Tensor | null | undefined): t is Tensor;
  /** The buffer that gradients of `t` add up in, zeroed when new: for kernel arguments of the role "accumulated". */
  accumulator(t: Tensor): Floats;
  /**
   * Memory for a gradient of `t`, contents undefined: where it will stay if it is the first of a leaf, which saves a copy.
   * Fill it and `give` it before anything else is asked or given for `t`.
   */
  fresh(t: Tensor): Floats;
  /** Hands over a buffer that the op has filled: adopted, or added to what is there. For the role "out". */
  give(t: Tensor, fresh: Floats): void;
}

/** A recorded op. */
export class Node {
  constructor(
    readonly op: string,
    readonly seq: number,
    readonly inputs: readonly Tensor[],
    readonly outputs: number,
    readonly backward: BackwardFunction,
  ) {}
}

let nextSeq = 0;

/** Whether an op on `inputs` goes on the tape. If so, a finished step ends here, before the op allocates anything. */
export function recording(...inputs: readonly (Tensor | null | undefined)[]): boolean {
  if (!isRecording() || !inputs.some((t) => t?.requiresGrad)) return false;
  beginRecordedOp();
  return true;
}

/** Memory for a result of an op: of the step when recorded or inside `scope`, of the host otherwise. */
export function newOutput(length: number, recorded: boolean): Floats;
export function newOutput<E extends Element>(length: number, recorded: boolean, element: E): Storage<E>;
export function newOutput(length: number, recorded: boolean, element: Element = 'float'): Storage {
  return current().memory.alloc(element, length, resultLifetime(recorded));
}

/** Memory for a gradient inside a backward function. Its contents are undefined. */
export function newGradient(length: number): Floats {
  return current().memory.alloc('float', length, 'step');
}

/** A copy for the second input that the same gradient goes to. */
export function copyGradient(dy: Floats): Floats {
  const copy = newGradient(dy.length);
  const { memory } = current();
  memory.view(copy).set(memory.view(dy));
  return copy;
}

/** Puts an op on the tape. Call it once, after the forward kernel, with every tensor that backward gives a gradient to. */
export function record(
  op: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  backward: BackwardFunction,
): void {
  const node = new Node(op, nextSeq++, inputs, outputs.length, backward);
  outputs.forEach((output, slot) => {
    output.node = node;
    output.slot = slot;
    output.requiresGrad = true;
  });
}

/** Walks the graph from `root`, latest op first, so that a gradient is complete before it is handed on. */
export function runBackward(root: Tensor, seed: Floats): void {
  const { memory } = current();
  const grads = new Gradients();
  // Gradients between ops are not needed afterwards: only those of leaves stay, and they live elsewhere.
  const mark = memory.mark();
  try {
    const own = newGradient(seed.length);
    memory.view(own).set(memory.view(seed));
    grads.give(root, own);
    for (const node of nodesBehind(root)) {
      const dy = grads.take(node);
      if (dy !== undefined) node.backward(dy, grads);
    }
  } finally {
    memory.release(mark);
  }
}

function nodesBehind(root: Tensor): Node[] {
  const found = new Set<Node>();
  if (root.node !== null) found.add(root.node);
  // A Set visits what is added during the loop: this is the whole traversal, without recursion.
  for (const node of found) {
    for (const input of node.inputs) if (input.node !== null) found.add(input.node);
  }
  return [...found].sort((a, b) => b.seq - a.seq);
}

class Gradients implements GradSink {
  readonly #pending = new Map<Node, (Floats | null)[]>();

  wants(t: Tensor | null | undefined): t is Tensor {
    return t?.requiresGrad === true;
  }

  accumulator(t: Tensor): Floats {
    if (t.node === null) return t.gradAccumulator();
    const slots = this.#slots(t.node);
    const there = slots[t.slot] ?? null;
    if (there !== null) return there;
    const zeros = newGradient(t.size);
    current().memory.view(zeros).fill(0);
    slots[t.slot] = zeros;
    return zeros;
  }

  fresh(t: Tensor): Floats {
    return t.node === null && t.grad === null ? t.gradBuffer() : newGradient(t.size);
  }

  give(t: Tensor, fresh: Floats): void {
    if (t.node === null) {
      t.addGrad(fresh);
      return;
    }
    const slots = this.#slots(t.node);
    const there = slots[t.slot];
    if (there) current().kernels.axpy(there, fresh, fresh.length, 1);
    else slots[t.slot] = fresh;
  }

  take(node: Node): (Floats | null)[] | undefined {
    const slots = this.#pending.get(node);
    this.#pending.delete(node);
    return slots;
  }

  #slots(node: Node): (Floats | null)[] {
    let slots = this.#pending.get(node);
    if (slots === undefined) {
      slots = new Array<Floats | null>(node.outputs).fill(null);
      this.#pending.set(node, slots);
    }
    return slots;
  }
}
