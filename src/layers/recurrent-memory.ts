// What a stack of recurrent layers takes of memory when it is trained, told before anything is allocated; and how often it has
// to save its states to fit into less.
import { current } from '../autograd/context.js';
import { OutOfMemoryError } from '../errors.js';
import type { Footprint, StackedLayer } from './recurrent-layer.js';

/** In floats: each layer's, from the lowest, what stands around and between the layers with the one above it counted. */
export interface StackFootprint {
  readonly layers: readonly Footprint[];
  /** Sums over the layers; of scratch the largest. */
  readonly total: Footprint;
}

/** What the module around the layers adds. */
interface StackOptions {
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly training: boolean;
}

export function stackFootprint(
  stack: readonly StackedLayer[],
  T: number,
  B: number,
  rows: number,
  keep: number,
  { batchFirst, dropout, training }: StackOptions,
): StackFootprint {
  const layers = stack.map((layer, k): Footprint => {
    const own = layer.footprint(T, B, rows, keep, training);
    const isFirst = k === 0;
    const isLast = k === stack.length - 1;
    const input = T * B * layer.sizes.inputSize;
    const turned = batchFirst ? (isFirst ? input : 0) + (isLast ? T * B * layer.outputSize : 0) : 0;
    const dropped = !isFirst && training && dropout > 0 ? input : 0;
    return {
      saved: own.saved + dropped,
      outputs: own.outputs + turned + dropped,
      // Of a layer's input: for the lowest the module's own, for the others that of dropout.
      gradients: own.gradients + turned + (isFirst ? input : dropped),
      scratch: own.scratch,
    };
  });
  const add = (part: 'saved' | 'outputs' | 'gradients'): number => layers.reduce((sum, layer) => sum + layer[part], 0);
  const total = { saved: add('saved'), outputs: add('outputs'), gradients: add('gradients') };
  return { layers, total: { ...total, scratch: Math.max(...layers.map(({ scratch }) => scratch)) } };
}

/** Bytes of a float on the backend in use. */
export function floatBytes(): number {
  const { memory } = current();
  return memory.view(memory.alloc('float', 0, 'host')).BYTES_PER_ELEMENT;
}

export const bytesOf = ({ total }: StackFootprint): number =>
  floatBytes() * (total.saved + total.outputs + total.gradients + total.scratch);

/**
 * 0, or every how many steps of T the states are saved.
 *
 * @param footprintOf  with such a number
 * @param recompute    what is asked for; undefined: the least that fits into `limit` bytes
 * @throws OutOfMemoryError  if nothing fits
 */
export function keepFor(
  name: string,
  footprintOf: (keep: number) => StackFootprint,
  T: number,
  recompute: 'sqrt' | number | undefined,
  limit: number | undefined,
): number {
  const root = Math.max(1, Math.ceil(Math.sqrt(T)));
  const wanted = recompute === 'sqrt' ? root : recompute;
  if (limit === undefined) return wanted ?? 0;
  const choices = wanted !== undefined ? [wanted] : [0, ...powersBelow(root), root];
  const found = choices.find((keep) => bytesOf(footprintOf(keep)) <= limit);
  if (found !== undefined) return found;
  const least = choices.reduce((a, b) => (bytesOf(footprintOf(b)) < bytesOf(footprintOf(a)) ? b : a));
  const footprint = footprintOf(least);
  const bytes = bytesOf(footprint);
  const { saved, outputs, gradients, scratch } = footprint.total;
  const size = (floats: number): string => (floats * floatBytes()).toLocaleString('en');
  throw new OutOfMemoryError(
    `${name}: ${T} steps take at least ${bytes.toLocaleString('en')} bytes (saved ${size(saved)} with recompute: ${least}, ` +
      `outputs ${size(outputs)}, their gradients ${size(gradients)}, scratch ${size(scratch)}), got a memoryLimit of ` +
      `${limit.toLocaleString('en')}; use a smaller batch, train on windows (truncated BPTT), or raise the limit`,
    bytes,
  );
}

function powersBelow(limit: number): number[] {
  const powers: number[] = [];
  for (let power = 1; power < limit; power *= 2) powers.push(power);
  return powers;
}
