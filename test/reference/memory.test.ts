import { describe, expect, it } from 'vitest';
import { ReferenceMemory } from '../../src/backend/reference/memory.js';
import { OutOfMemoryError, StaleTensorError } from '../../src/errors.js';

describe('reference memory', () => {
  it('holds floats in double precision', () => {
    const memory = new ReferenceMemory();
    const storage = memory.alloc('float', 1, 'host');
    memory.view(storage)[0] = 0.1;
    expect(memory.view(storage)[0]).toBe(0.1);
  });

  it('endStep kills step storages and nothing else', () => {
    const memory = new ReferenceMemory();
    const step = memory.alloc('float', 2, 'step');
    const host = memory.alloc('float', 2, 'host');
    const persistent = memory.alloc('int', 2, 'persistent');
    memory.endStep();
    expect([step.alive, host.alive, persistent.alive]).toEqual([false, true, true]);
    expect(() => memory.view(step)).toThrow(StaleTensorError);
    expect(memory.alloc('float', 2, 'step').alive).toBe(true);
  });

  it('release kills what was made since its mark', () => {
    const memory = new ReferenceMemory();
    const before = memory.alloc('float', 1, 'step');
    const outer = memory.mark();
    const between = memory.alloc('float', 1, 'step');
    const inner = memory.mark();
    const inside = memory.alloc('float', 1, 'step');
    memory.release(inner);
    const after = memory.alloc('float', 1, 'step');
    expect([before, between, inside, after].map(({ alive }) => alive)).toEqual([true, true, false, true]);
    memory.release(outer);
    expect([before, between, after].map(({ alive }) => alive)).toEqual([true, false, false]);
  });

  it('release after an endStep inside the scope kills what was made after it', () => {
    const memory = new ReferenceMemory();
    const mark = memory.mark();
    memory.endStep();
    const storage = memory.alloc('float', 1, 'step');
    memory.release(mark);
    expect(storage.alive).toBe(false);
  });

  it('a slice shares memory and life', () => {
    const memory = new ReferenceMemory();
    const whole = memory.alloc('float', 4, 'persistent');
    const part = memory.slice(whole, 1, 2);
    memory.view(part)[0] = 7;
    expect([...memory.view(whole)]).toEqual([0, 7, 0, 0]);
    expect([part.length, part.lifetime]).toEqual([2, 'persistent']);
    expect(() => memory.slice(part, 1, 2)).toThrow(RangeError);
    memory.free(whole);
    expect(part.alive).toBe(false);
  });

  it('free gives persistent bytes back once', () => {
    const memory = new ReferenceMemory();
    const storage = memory.alloc('float', 10, 'persistent');
    memory.alloc('int', 10, 'persistent');
    expect(memory.stats().persistent).toBe(120);
    memory.free(storage);
    memory.free(storage);
    expect(memory.stats().persistent).toBe(40);
    expect(() => memory.view(storage)).toThrow(StaleTensorError);
  });

  it('free leaves the other lifetimes alone', () => {
    const memory = new ReferenceMemory();
    const step = memory.alloc('float', 1, 'step');
    const host = memory.alloc('float', 1, 'host');
    memory.free(step);
    memory.free(host);
    expect([step.alive, host.alive]).toEqual([true, true]);
  });

  it('scratch is gone after its body, also when the body throws', () => {
    const memory = new ReferenceMemory();
    const scratch = memory.withScratch(3, (buffer) => {
      expect(buffer.length).toBe(3);
      return buffer;
    });
    expect(scratch.alive).toBe(false);
    const kept: { alive: boolean }[] = [];
    const body = () =>
      memory.withScratch(1, (buffer) => {
        kept.push(buffer);
        throw new Error('inside');
      });
    expect(body).toThrow('inside');
    expect(kept[0]!.alive).toBe(false);
  });

  it('a graph that only grows is handed to the collector, and stays valid', () => {
    const memory = new ReferenceMemory();
    const first = memory.alloc('float', 4 * 2 ** 20, 'step');
    memory.relieve();
    expect(first.lifetime).toBe('step');
    for (let k = 0; k < 2; k++) memory.alloc('float', 4 * 2 ** 20, 'step');
    memory.relieve();
    expect(first.lifetime).toBe('host');
    expect(memory.stats().step).toBe(0);
    const next = memory.alloc('float', 1, 'step');
    memory.endStep();
    expect([first.alive, next.alive]).toEqual([true, false]);
  });

  it('remembers the largest step', () => {
    const memory = new ReferenceMemory();
    memory.alloc('float', 10, 'step');
    memory.endStep();
    memory.alloc('float', 5, 'step');
    expect(memory.stats()).toEqual({ persistent: 0, step: 40, stepPeak: 80, reserved: 40 });
  });

  it('a size that cannot be had is an error with the bytes asked for', () => {
    const memory = new ReferenceMemory();
    expect(() => memory.alloc('float', 2 ** 50, 'host')).toThrow(OutOfMemoryError);
    expect(() => memory.alloc('float', 2 ** 50, 'host')).toThrow(String(2 ** 53));
  });

  it('close kills everything', () => {
    const memory = new ReferenceMemory();
    const storages = (['persistent', 'step', 'host'] as const).map((lifetime) => memory.alloc('float', 1, lifetime));
    memory.close();
    expect(storages.map(({ alive }) => alive)).toEqual([false, false, false]);
  });
});
