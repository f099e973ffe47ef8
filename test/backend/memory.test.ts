// The three lifetimes, on both backends that have a memory of their own to manage.
import { describe, expect, it, onTestFinished } from 'vitest';
import { createBackend } from '../../src/backend/select.js';
import type { Backend, BackendName, Floats } from '../../src/backend/types.js';
import { BackendError, DTypeError, OutOfMemoryError, ShapeError, StaleTensorError } from '../../src/errors.js';
import { nodePlatform } from '../../src/platform/node.js';
import { setPlatform } from '../../src/platform/types.js';

setPlatform(nodePlatform);
const MiB = 2 ** 20;
/** A backend's name and its threads: WASM with two has another kind of memory. */
const open = async (name: string): Promise<Backend> => {
  const [backend, threads] = name.split(' ');
  const opened = await createBackend({ backend: backend as BackendName, threads: Number(threads ?? 1) });
  onTestFinished(() => opened.close());
  return opened;
};

describe.each(['native', 'wasm', 'wasm 2'])('memory of %s', (name) => {
  it('persistent and host storages start as zeros, also where memory is used again', async () => {
    const { memory } = await open(name);
    for (let round = 0; round < 3; round++) {
      const block = memory.alloc('float', 1000, 'persistent');
      expect(memory.view(block).every((x) => x === 0)).toBe(true);
      memory.view(block).fill(7);
      memory.free(block);
      expect(memory.view(memory.alloc('int', 10, 'host'))).toEqual(new Int32Array(10));
    }
  });

  it('kernels read and write every lifetime, and slices of it', async () => {
    const { memory, kernels } = await open(name);
    for (const lifetime of ['persistent', 'step', 'host'] as const) {
      const x = memory.alloc('float', 6, lifetime);
      memory.view(x).set([1, 2, 3, 4, 5, 6]);
      const middle = memory.slice(memory.slice(x, 1, 4), 1, 2);
      expect([...memory.view(middle)]).toEqual([3, 4]);
      kernels.affine(middle, middle, 2, 10, 0);
      expect([...memory.view(x)]).toEqual([1, 2, 30, 40, 5, 6]);
    }
  });

  it('a result in a longer host storage leaves the rest of it alone', async () => {
    const { memory, kernels } = await open(name);
    const y = memory.alloc('float', 4, 'host');
    memory.view(y).set([1, 2, 3, 4]);
    kernels.fill(y, 2, 9);
    expect([...memory.view(y)]).toEqual([9, 9, 3, 4]);
  });

  it('step storages die with the step, and say what to do', async () => {
    const { memory, kernels } = await open(name);
    const x = memory.alloc('float', 3, 'step');
    const part = memory.slice(x, 0, 2);
    memory.endStep();
    expect([x.alive, part.alive]).toEqual([false, false]);
    expect(() => memory.view(part)).toThrow(StaleTensorError);
    expect(() => kernels.fill(x, 3, 1)).toThrow(/detach\(\)/);
  });

  it('release kills what was made since the mark and nothing else', async () => {
    const { memory } = await open(name);
    const before = memory.alloc('float', 3, 'step');
    memory.view(before).fill(1);
    const mark = memory.mark();
    const inside = memory.alloc('float', 3, 'step');
    memory.release(mark);
    expect([before.alive, inside.alive]).toEqual([true, false]);
    memory.view(memory.alloc('float', 3, 'step')).fill(2);
    expect([...memory.view(before)]).toEqual([1, 1, 1]);
  });

  it('a step that ended inside a scope does not shield what was made after it', async () => {
    const { memory } = await open(name);
    memory.alloc('float', 3, 'step');
    const mark = memory.mark();
    memory.endStep();
    const later = memory.alloc('float', 3, 'step');
    memory.release(mark);
    expect(later.alive).toBe(false);
  });

  it('step storages made while scratch is held outlive it', async () => {
    const { memory } = await open(name);
    const made = memory.withScratch(1000, (scratch) => {
      memory.view(scratch).fill(5);
      return memory.withScratch(1000, (inner) => {
        memory.view(inner).fill(6);
        expect(memory.view(scratch).every((x) => x === 5)).toBe(true);
        const kept = memory.alloc('float', 2, 'step');
        memory.view(kept).fill(8);
        return kept;
      });
    });
    memory.withScratch(1000, (scratch) => memory.view(scratch).fill(0));
    expect([...memory.view(made)]).toEqual([8, 8]);
  });

  it('steps of a changing size end in one chunk, and a huge one is given back', async () => {
    const { memory } = await open(name);
    const step = (floats: number) => {
      for (let k = 0; k < 10; k++) memory.view(memory.alloc('float', floats, 'step')).fill(k);
      memory.endStep();
    };
    step(1_000_000);
    step(1_000_000);
    const { reserved } = memory.stats();
    for (let k = 0; k < 20; k++) step(1_000_000 - k);
    expect(memory.stats().reserved).toBe(reserved);
    expect(memory.stats().step).toBe(0);
    if (name !== 'native') return; // a WASM heap never shrinks; its malloc has the chunk back
    for (let k = 0; k < 130; k++) step(1000);
    expect(memory.stats().reserved).toBeLessThan(4 * MiB);
  });

  it('relieve moves a graph that only grows out of the way, with its numbers, slices and sharing', async () => {
    const { memory } = await open(name);
    const first = memory.alloc('float', 4, 'step');
    const part = memory.slice(first, 2, 2);
    memory.view(first).set([1, 2, 3, 4]);
    for (let k = 0; k < 65; k++) {
      memory.alloc('float', MiB / 4, 'step');
      memory.relieve();
    }
    expect([first.lifetime, part.lifetime]).toEqual(['host', 'host']);
    expect(memory.stats().step).toBeLessThan(8 * MiB);
    memory.view(part)[0] = 30;
    memory.endStep();
    expect([...memory.view(first)]).toEqual([1, 2, 30, 4]);
  });

  it('relieve learns how large an ordinary step is', async () => {
    const { memory } = await open(name);
    const largeStep = () => {
      const first = memory.alloc('float', 4, 'step');
      for (let k = 0; k < 100; k++) {
        memory.relieve();
        memory.alloc('float', MiB / 4, 'step');
      }
      const moved = first.lifetime === 'host';
      memory.endStep();
      return moved;
    };
    expect(largeStep()).toBe(true);
    largeStep();
    expect(largeStep()).toBe(false);
  });

  it('keep copies runs of numbers into host storages that nothing overwrites, few or many', async () => {
    const { memory, kernels } = await open(name);
    const made: { storages: Floats[]; expected: number[][] }[] = [];
    for (let round = 0; round < 400; round++) {
      const numbers = Float32Array.from({ length: round === 7 ? 5000 : 1 + (round % 50) }, (_, k) => round + k / 8192);
      const half = numbers.length >> 1;
      const runs = [
        { start: 0, length: numbers.length - half },
        { start: numbers.length - half, length: half },
      ];
      const expected = runs.map(({ start, length }) => [...numbers.subarray(start, start + length)]);
      made.push({ storages: memory.keep(numbers, runs), expected });
      numbers.fill(-1);
    }
    for (const { storages, expected } of made) {
      expect(storages.map((storage) => [...memory.view(storage)])).toEqual(expected);
      expect(storages[0]?.lifetime).toBe('host');
    }
    // Kernels write to one and not to its neighbours.
    const [a, b] = [made[20]!, made[21]!];
    kernels.fill(a.storages[0]!, a.storages[0]!.length, 5);
    expect([...memory.view(a.storages[0]!)].every((x) => x === 5)).toBe(true);
    expect([a.storages[1]!, ...b.storages].map((storage) => [...memory.view(storage)])).toEqual([
      a.expected[1],
      ...b.expected,
    ]);
  });

  it('keep goes on in new memory when what it shares was transferred', async () => {
    const { memory } = await open(name);
    const keep = (value: number) => memory.keep(new Float32Array(4).fill(value), [{ start: 0, length: 4 }])[0]!;
    const first = keep(1);
    const { buffer } = memory.view(first);
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    expect(() => memory.view(first)).toThrow(/transferred/);
    expect([...memory.view(keep(2))]).toEqual([2, 2, 2, 2]);
  });

  it('too much memory is an error that names what was asked for, and nothing breaks', async () => {
    const { memory, kernels } = await open(name);
    for (const lifetime of ['persistent', 'step', 'host'] as const) {
      expect(() => memory.alloc('float', 1e12, lifetime)).toThrow(OutOfMemoryError);
      expect(() => memory.alloc('float', 1e12, lifetime)).toThrow('4000000000000 bytes');
      const y = memory.alloc('float', 2, lifetime);
      kernels.fill(y, 2, 3);
      expect([...memory.view(y)]).toEqual([3, 3]);
    }
    for (const length of [-1, 1.5, Number.NaN, 2 ** 60]) {
      expect(() => memory.alloc('float', length, 'host')).toThrow(ShapeError);
    }
  });

  it('a transferred host buffer is refused by name', async () => {
    const { memory, kernels } = await open(name);
    const x = memory.alloc('float', 3, 'host');
    const { buffer } = memory.view(x);
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    expect(() => kernels.fill(x, 3, 1)).toThrow(DTypeError);
    expect(() => memory.view(x)).toThrow(/transferred/);
  });

  it('a step whose buffer was transferred does not spoil those after it', async () => {
    const { memory } = await open(name);
    const x = memory.alloc('float', 4, 'step');
    const { buffer } = memory.view(x) as { buffer: ArrayBuffer };
    if (name === 'wasm 2') expect(() => structuredClone(buffer, { transfer: [buffer] })).toThrow(/transferList/);
    else structuredClone(buffer, { transfer: [buffer] });
    // The memory of a WASM module cannot be taken away: it is copied.
    if (name === 'native') expect(() => memory.view(x)).toThrow(DTypeError);
    for (let step = 0; step < 3; step++) {
      const y = memory.alloc('float', 4, 'step');
      memory.view(y).fill(step);
      expect([...memory.view(y)]).toEqual([step, step, step, step]);
      if (step > 0) memory.endStep();
    }
  });

  it('a closed backend refuses kernels', async () => {
    const backend = await open(name);
    const x = backend.memory.alloc('float', 3, 'host');
    backend.close();
    backend.close();
    expect(() => backend.kernels.fill(x, 3, 1)).toThrow(/closed/);
  });
});

describe.each(['wasm', 'wasm 2'])('memory of %s', (name) => {
  it('grows while host storages are staged, and their results still arrive', async () => {
    const { memory, kernels } = await open(name);
    const n = 3_000_000;
    const [y, a, b] = [0, 1, 2].map(() => memory.alloc('float', n, 'host'));
    memory.view(a!).fill(1);
    memory.view(b!).fill(2);
    const { reserved } = memory.stats();
    kernels.binary_forward(y!, a!, b!, n, 0);
    expect(memory.stats().reserved).toBeGreaterThan(reserved);
    expect(memory.view(y!).every((x) => x === 3)).toBe(true);
  });

  it('a heap that cannot grow any further is an error that names what was asked for, and nothing breaks', async () => {
    const { memory, kernels } = await open(name);
    const quarter = () => memory.alloc('float', 2 ** 28, 'step'); // 1 GiB, never touched
    for (let k = 0; k < 3; k++) quarter();
    expect(quarter).toThrow(OutOfMemoryError);
    expect(quarter).toThrow('1073741824 bytes');
    const y = memory.alloc('float', 100_000, 'step');
    kernels.fill(y, 100_000, 3);
    expect(memory.view(y).every((x) => x === 3)).toBe(true);
  });

  it('one host storage given twice is one place', async () => {
    const { memory, kernels } = await open(name);
    const x = memory.alloc('float', 3, 'host');
    memory.view(x).fill(2);
    kernels.binary_forward(x, x, x, 3, 2);
    expect([...memory.view(x)]).toEqual([4, 4, 4]);
  });
});

describe('storages of another backend', () => {
  it.each([
    ['native', 'wasm'],
    ['native', 'reference'],
    ['wasm', 'native'],
    ['wasm', 'reference'],
    ['reference', 'native'],
    ['reference', 'wasm'],
  ])('of %s are refused by %s: an address means nothing there', async (from, to) => {
    const [theirs, ours] = [await open(from), await open(to)];
    for (const lifetime of ['persistent', 'step', 'host'] as const) {
      const foreign = theirs.memory.alloc('float', 4, lifetime);
      const own = ours.memory.alloc('float', 4, lifetime);
      expect(() => ours.memory.view(foreign)).toThrow(BackendError);
      expect(() => ours.memory.slice(foreign, 0, 2)).toThrow(BackendError);
      expect(() => ours.memory.free(foreign)).toThrow(BackendError);
      expect(() => ours.kernels.affine(own, foreign, 4, 2, 0)).toThrow(/belongs to another backend/);
      expect(() => ours.kernels.affine(foreign, own, 4, 2, 0)).toThrow(BackendError);
      ours.kernels.affine(own, own, 4, 2, 1);
      expect([...ours.memory.view(own)]).toHaveLength(4);
    }
  });
});
