// The WASM pool: workers come, work, and leave no trace. What they compute is the business of the suites that run on every
// backend, and of laws/threads.test.ts.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { backendInfo, createBackend, selectBackend } from '../../src/backend/select.js';
import type { Backend } from '../../src/backend/types.js';
import { openWasm } from '../../src/backend/wasm.js';
import { nodePlatform } from '../../src/platform/node.js';
import { followWorker, type Platform, type PoolWorker, setPlatform } from '../../src/platform/types.js';

const dist = new URL('../../dist/node.js', import.meta.url).href;

/** The platform, and the workers it started that have not ended. */
function counting(changes: Partial<Platform> = {}): { platform: Platform; workers: Set<PoolWorker> } {
  const workers = new Set<PoolWorker>();
  const platform: Platform = {
    ...nodePlatform,
    env: () => undefined,
    startWorker(task) {
      const worker = nodePlatform.startWorker(task);
      workers.add(worker);
      worker.gone.then(() => workers.delete(worker));
      return worker;
    },
    ...changes,
  };
  setPlatform(platform);
  return { platform, workers };
}

const selectWasm = (threads: number): Promise<Backend> =>
  selectBackend({ backend: 'wasm', simd: 'wasm-simd', threads });
/** An elementwise kernel over all threads, checked. */
function compute({ memory, kernels }: Backend, n = 1_000_003): void {
  const x = memory.alloc('float', n, 'step');
  memory.view(x).forEach((_, k, all) => {
    all[k] = k % 1000;
  });
  kernels.affine(x, x, n, 2, 1);
  const wrong = memory.view(x).findIndex((value, k) => value !== 2 * (k % 1000) + 1);
  memory.endStep();
  expect(wrong).toBe(-1);
}
const gone = (workers: Set<PoolWorker>) => expect.poll(() => workers.size, { timeout: 10_000 }).toBe(0);

describe('the workers of a pool', () => {
  afterEach(async () => {
    counting();
    (await selectBackend()).close();
  });

  it('are one fewer than the threads, for the caller works too, and end when the backend closes', async () => {
    const { workers } = counting();
    const backend = await selectWasm(3);
    expect(backendInfo().threads).toBe(3);
    expect(workers.size).toBe(2);
    compute(backend);
    backend.close();
    expect(backend.info.threads).toBe(0);
    await gone(workers);
  });

  it('come and go as ready() says, and the tensors stay', async () => {
    const { workers } = counting();
    const backend = await selectWasm(2);
    const kept = backend.memory.alloc('float', 3, 'persistent');
    for (const threads of [4, 1, 2, 3]) {
      expect(await selectBackend({ threads })).toBe(backend);
      expect(backendInfo().threads).toBe(threads);
      expect(workers.size).toBe(threads - 1);
      compute(backend);
    }
    expect([...backend.memory.view(kept)]).toEqual([0, 0, 0]);
  });

  it('end when another backend takes over, and are back when it gives way', async () => {
    const { workers } = counting();
    const backend = await selectWasm(2);
    const reference = await selectBackend({ backend: 'reference' });
    expect(workers.size).toBe(0);
    compute(backend); // alone
    expect(await selectWasm(2)).toBe(backend);
    expect(workers.size).toBe(1);
    compute(backend);
    reference.close();
  });

  it('of two backends do not meet', async () => {
    const { platform } = counting();
    const module = await platform.compileWasm('simd128-threads');
    const backends = await Promise.all([1, 2, 3].map((threads) => openWasm(module, { threads, platform })));
    onTestFinished(() => backends.forEach((backend) => void backend.close()));
    for (let round = 0; round < 20; round++) for (const backend of backends) compute(backend, 10_007 * (round + 1));
  });

  it('see the heap that grew after they were started', async () => {
    counting();
    const backend = await selectWasm(2);
    for (let millions = 1; millions < 30; millions *= 2) compute(backend, millions * 1_000_000 + 3);
  });
});

describe('where threads cannot be had', () => {
  afterEach(async () => (await selectBackend()).close());

  it('WASM has one, and tried says what to do', async () => {
    const { workers } = counting({ threadsRefused: () => 'this page is not isolated: serve it with headers' });
    const backend = await selectWasm(2);
    expect(workers.size).toBe(0);
    expect(backendInfo()).toMatchObject({ threads: 1, tried: [{ ok: true }] });
    expect(backendInfo().tried[0]?.reason).toBe(
      'chosen: wasm-simd, threads: 1 (2 asked for: this page is not isolated: serve it with headers)',
    );
    expect(await selectWasm(1)).toBe(backend);
    compute(backend);
  });

  const refused = 'SecurityError: another origin';
  it.each<[string, Platform['startWorker']]>([
    [
      'an exception',
      () => {
        throw new Error(refused);
      },
    ],
    [
      'an answer, one of two',
      (task) => {
        if (task.thread === 1) return nodePlatform.startWorker(task);
        const end = followWorker(({ failed, ended }) => {
          failed(refused);
          ended();
        });
        return { ...end, keepAlive() {} };
      },
    ],
  ])('because workers fail by %s, likewise, and none is left over', async (_, startWorker) => {
    const { workers } = counting();
    counting({
      startWorker(task) {
        const worker = startWorker(task);
        workers.add(worker);
        worker.gone.then(() => workers.delete(worker));
        return worker;
      },
    });
    await selectWasm(3);
    expect(backendInfo().threads).toBe(1);
    expect(backendInfo().tried[0]?.reason).toMatch(/\(3 asked for: .*SecurityError: another origin\)$/);
    await gone(workers);
    await expect(createBackend({ backend: 'wasm', simd: 'wasm-simd', threads: 3 })).rejects.toThrow(refused);
  });

  it('a module that was opened without says how to get one with', async () => {
    counting();
    await selectWasm(1);
    await selectBackend({ threads: 2 });
    expect(backendInfo().tried[0]?.reason).toContain('ready({ backend: "wasm", threads: 2 }) opens another');
  });
});

describe('a kernel that traps on one of the threads', () => {
  it('fails on the caller too, instead of being waited for', async () => {
    const { platform } = counting();
    const module = await platform.compileWasm('simd128-threads');
    for (let round = 0; round < 10; round++) {
      const backend = await openWasm(module, { threads: 2, platform });
      // A storage that lies: its second half, or a little more, is beyond the heap.
      const n = 1_000_000;
      const { memory, kernels } = backend;
      const block = memory.alloc('float', n, 'step') as unknown as { region: { address: number; bytes: number } };
      const end = memory.stats().reserved;
      Object.assign(block, { region: { ...block.region, address: end - 2 * n - 64 } });
      expect(() => kernels.fill(block as never, n, 1)).toThrow(WebAssembly.RuntimeError);
      backend.close();
    }
  });
});

describe('a program', () => {
  const run = (code: string, ...flags: string[]): string =>
    execFileSync(process.execPath, [...flags, '--input-type=module', '-e', `import * as u from '${dist}'; ${code}`], {
      encoding: 'utf8',
      timeout: 30_000,
    });
  const train = `
    const lstm = new u.LSTM({ inputSize: 32, hiddenSize: 128 });
    const x = u.ones([50, 32, 32]);
    const step = () => lstm.forward(x).output.sum().backward();
  `;

  it('ends by itself while its workers sleep, or spin', () => {
    const code = `const { threads } = await u.ready({ backend: 'wasm', threads: 2 }); ${train} step(); console.log(threads);`;
    expect(run(code)).toBe('2\n');
    expect(run(`${code} await new Promise((resolve) => setTimeout(resolve, 50));`)).toBe('2\n');
  });

  it('may exit at any moment', () => {
    expect(run(`u.ready({ backend: 'wasm', threads: 2 }); setTimeout(() => process.exit(), 20);`)).toBe('');
    expect(run(`await u.ready({ backend: 'wasm', threads: 2 }); process.exit(0);`)).toBe('');
  });

  it('is not slowed down by its own loaders: the workers run without its flags', () => {
    const code = `const { threads } = await u.ready({ backend: 'wasm', threads: 2 }); console.log(threads);`;
    const loud = 'data:text/javascript,console.log("preloaded")';
    expect(run(code, '--import', loud)).toBe('preloaded\n2\n');
  });

  const threadsOfProcess = () => readdirSync('/proc/self/task').length;
  it.runIf(existsSync('/proc/self/task'))(
    'may terminate a worker of its own inside a kernel: its pool ends with it',
    async () => {
      const code = `
      const { parentPort } = require('node:worker_threads');
      import('${dist}').then(async (u) => {
        await u.ready({ backend: 'wasm', threads: 2 });
        ${train}
        step();
        parentPort.postMessage('started');
        for (;;) step();
      });`;
      const { platform } = counting();
      const ours = await openWasm(await platform.compileWasm('simd128-threads'), { threads: 2, platform });
      onTestFinished(() => ours.close());
      const before = threadsOfProcess();
      for (let round = 0; round < 4; round++) {
        const worker = new Worker(code, { eval: true });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        expect(threadsOfProcess()).toBeGreaterThan(before + 1);
        compute(ours);
        await new Promise((resolve) => setTimeout(resolve, 7 * round));
        await worker.terminate();
        compute(ours);
      }
      await expect.poll(threadsOfProcess, { timeout: 10_000 }).toBe(before);
    },
  );
});
