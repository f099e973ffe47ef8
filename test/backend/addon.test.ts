// The addon by itself: what JavaScript may pass, several environments, and the versions that must fit.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { type Addon, openNative } from '../../src/backend/native.js';
import { BackendError } from '../../src/errors.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const addon: Addon = createRequire(import.meta.url)('node-gyp-build')(root);

describe('the addon refuses by a TypeError, and goes on', () => {
  const detached = new ArrayBuffer(8);
  structuredClone(detached, { transfer: [detached] });
  const instance = addon.open({ threads: 1 });
  const untyped = addon as unknown as { open(options?: unknown): unknown; addressOf(buffer?: unknown): unknown };
  const call = instance.call as (index?: unknown) => unknown;

  it.each<[string, () => unknown]>([
    ['an unknown instruction set', () => untyped.open({ simd: 'mmx' })],
    ['an instruction set that is no string', () => untyped.open({ simd: 3 })],
    ['a detached buffer', () => addon.addressOf(detached)],
    ['a SharedArrayBuffer', () => untyped.addressOf(new SharedArrayBuffer(8))],
    ['a view instead of its buffer', () => untyped.addressOf(new Float32Array(2))],
    ['no buffer', () => untyped.addressOf()],
    ['a kernel that is no number', () => call('fill')],
    ['no kernel', () => call()],
    ['a kernel below the first', () => call(-1)],
    ['a kernel beyond the last', () => call(addon.kernels.length)],
    ['threads that are no number', () => instance.setThreads('two' as unknown as number)],
  ])('%s', (_, act) => {
    expect(act).toThrow(TypeError);
  });

  it('an error thrown by an option of the caller is the one that arrives', () => {
    const options = {
      get simd() {
        throw new RangeError('mine');
      },
    };
    expect(() => untyped.open(options)).toThrow(new RangeError('mine'));
  });

  it('a call after close, as an Error; closing twice is nothing', () => {
    const closed = addon.open({ threads: 2 });
    closed.close();
    closed.close();
    expect(() => closed.call(0)).toThrow('was closed');
    expect(() => closed.threads()).toThrow('was closed');
  });

  it('threads out of range are brought into it', () => {
    expect(addon.open({ threads: -5 }).threads()).toBe(1);
    expect(addon.open({}).setThreads(0)).toBe(1);
  });
});

describe('versions', () => {
  it('an addon of another ABI is refused with what to do', () => {
    const older = { ...addon, abi: addon.abi - 1 };
    expect(() => openNative(older, { threads: 1 })).toThrow(BackendError);
    expect(() => openNative(older, { threads: 1 })).toThrow(
      `native: addon was built for ABI ${addon.abi - 1}, this library needs ${addon.abi}; run "npm run build:native"`,
    );
  });

  it('an addon with other kernels is refused by the name of the first that differs', () => {
    const fewer = { ...addon, kernels: addon.kernels.slice(0, -1) };
    expect(() => openNative(fewer, { threads: 1 })).toThrow(`the kernel "${addon.kernels.at(-1)}"`);
  });
});

describe('worker_threads', () => {
  // Calls fma_peak(flops, rounds) on two threads, `times` times, then says how many operations that was.
  const code = `
    const { parentPort, workerData: { root, rounds, times } } = require('node:worker_threads');
    const addon = require(root + 'node_modules/node-gyp-build')(root);
    const instance = addon.open({ threads: 2 });
    const flops = new Float64Array(new ArrayBuffer(64));
    instance.frame[0] = addon.addressOf(flops.buffer);
    instance.frame[1] = rounds;
    parentPort.postMessage('started');
    for (let k = 0; k < times; k++) instance.call(addon.kernels.indexOf('fma_peak'));
    parentPort.postMessage(flops[0]);`;
  const start = (rounds: number, times: number) => {
    const worker = new Worker(code, { eval: true, workerData: { root, rounds, times } });
    const messages: unknown[] = [];
    worker.on('message', (message) => messages.push(message));
    const exit = new Promise<number>((resolve, reject) => worker.on('exit', resolve).on('error', reject));
    const started = new Promise((resolve) => worker.once('message', resolve));
    return { worker, messages, exit, started };
  };

  it('several at once load the addon and compute', async () => {
    const workers = [start(1000, 10), start(1000, 10), start(1000, 10)];
    expect(await Promise.all(workers.map(({ exit }) => exit))).toEqual([0, 0, 0]);
    const flops = workers.map(({ messages }) => messages[1]);
    expect(flops[0]).toBeGreaterThan(0);
    expect(flops).toEqual([flops[0], flops[0], flops[0]]);
  });

  it('one may be terminated inside a kernel: its threads end, the others go on', async () => {
    for (let round = 0; round < 5; round++) {
      const { worker, messages, started } = start(2_000_000, 1e9);
      await started;
      await new Promise((resolve) => setTimeout(resolve, 5 * round));
      await worker.terminate();
      expect(messages).toEqual(['started']);
    }
    const { messages, exit } = start(1000, 1);
    expect(await exit).toBe(0);
    expect(messages[1]).toBeGreaterThan(0);
  });
});
