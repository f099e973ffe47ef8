// `unrolled/worker` in Node's worker_threads, and what its page's side weighs. On the built library.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type * as unrolled from '../../src/index.js';
import type * as taskModule from '../../src/tasks/index.js';
import type * as workers from '../../src/worker/node.js';
import type * as serving from '../../src/worker/serve-node.js';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist');
const load = <T>(file: string): Promise<T> => import(new URL(`../../dist/${file}`, import.meta.url).href);
let u: typeof unrolled;
let openWorker: typeof workers.openWorker;
let s: typeof serving;
let tasks: typeof taskModule;
let worker: Awaited<ReturnType<typeof openWorker>> | undefined;

beforeAll(async () => {
  u = await load('node.js');
  ({ openWorker } = await load<typeof workers>('worker/node.js'));
  s = await load('worker/serve-node.js');
  tasks = await load('tasks/index.js');
  await u.ready({ backend: 'wasm' });
});
afterEach(() => worker?.terminate());

const spec = {
  model: [['GRU', { inputSize: 2, hiddenSize: 6 }], ['mean'], ['Linear', { inFeatures: 6, outFeatures: 1 }]],
  data: Array.from({ length: 8 }, (_, n) => ({
    x: { data: Float32Array.from({ length: 20 }, (_, k) => Math.sin(k + n)), shape: [5, 2, 2] },
    y: { data: Float32Array.of(n % 2, 1), shape: [2, 1] },
    lengths: [5, 2],
  })),
  loss: 'mse',
  optimizer: { type: 'AdamW', lr: 0.01 },
  epochs: 6,
} as const;

describe('a worker in Node', () => {
  it('trains to the same bits as fit here, also when its thread is killed meanwhile', async () => {
    worker = await openWorker({ backend: 'wasm' });
    u.seed(0);
    const model = s.buildModel(spec.model);
    const data = spec.data.map(({ x, y, lengths }) => ({
      x: u.tensor(x.data, x.shape),
      y: u.tensor(y.data, y.shape),
      lengths,
    }));
    await u.fit(model, data, { loss: 'mse', optimizer: new u.AdamW(model.parameters(), { lr: 0.01 }), epochs: 6 });
    const here = u.io.serializeSafetensors(model.stateDict());
    let killed = false;
    const run = worker.fit(spec, {
      every: 4,
      onProgress({ step }) {
        if (step === 21 && !killed) worker?.kill();
        killed ||= step === 21;
      },
    });
    const { state } = await run.result;
    expect(killed).toBe(true);
    expect(Buffer.compare(state, here)).toBe(0);
  });

  it('trains tasks on files by their paths, and passes errors on', async () => {
    worker = await openWorker({ backend: 'wasm' });
    await expect(worker.train('charlm', '/nowhere.txt').result).rejects.toMatchObject({ code: 'ERR_FILE' });
    const task = await worker.train('charlm', { text: 'so it goes. '.repeat(60) }, { epochs: 1, hidden: 4 }).result;
    expect(await task.generate('so ', { length: 5, seed: 1 })).toHaveLength(5);
    await expect(openWorker({ backend: 'fpga' as never })).rejects.toBeInstanceOf(u.OptionError);
  });

  it('diagnoses a task as the task itself does, also in the worker after the one that trained it', async () => {
    worker = await openWorker({ backend: 'wasm' });
    const rows = Array.from({ length: 40 }, (_, k) => ({
      text: `${k % 2 ? 'good' : 'bad'} film ${k}`,
      label: `${k % 2}`,
    }));
    const task = await worker.train('classify', rows, { epochs: 1, hidden: 4, minCount: 1 }).result;
    const here = await tasks.loadTask(task.files());
    const wanted = await here.diagnose(rows, { rows: true, jacobian: { row: 1 } });
    const found = u.Diagnosis.fromJSON(await task.diagnose(rows, { rows: true, jacobian: { row: 1 } }));
    expect(found).toEqual(wanted);
    expect(found.layers[0]?.jacobian?.row).toBe(1);
    worker.kill();
    expect(u.Diagnosis.fromJSON(await task.diagnose(rows, { jacobian: false })).layers[0]?.jacobian).toBeNull();
    await expect(task.diagnose(rows, { jacobain: false } as never)).rejects.toThrow(
      /classify: diagnose: unknown option "jacobain"; did you mean "jacobian"\?/,
    );
    await expect(task.diagnose([{ text: 'no label' }])).rejects.toMatchObject({ code: 'ERR_DATA' });
  });
});

describe('workerUrl in Node', () => {
  it('is where the thread is started from, a file or a folder; what is wrong with it is said', async () => {
    const folder = new URL('../../dist/worker/', import.meta.url);
    for (const workerUrl of [folder, `${folder}entry-node.js`, join(dist, 'worker', 'entry-node.js')]) {
      worker = await openWorker({ backend: 'wasm', workerUrl });
      expect(worker.info.name).toBe('wasm');
      worker.terminate();
    }
    await expect(openWorker({ workerUrl: '/nowhere/' })).rejects.toThrow(
      /openWorker: workerUrl: cannot read \/nowhere\/entry-node.js: ENOENT.*; serve dist\/worker\/entry-node.js/,
    );
    await expect(openWorker({ workerUrl: join(dist, 'errors.js') })).rejects.toMatchObject({
      code: 'ERR_WORKER',
      message: expect.stringContaining('errors.js is not dist/worker/entry-node.js of this library'),
    });
    await expect(openWorker({ workerUrl: 3 as never })).rejects.toThrow('option "workerUrl" must be a URL, got 3');
  });
});

describe('models as data', () => {
  it('compute what their layers say: final states, means over valid steps', () => {
    const x = u.tensor(
      Float32Array.from({ length: 24 }, (_, k) => Math.cos(k)),
      [4, 3, 2],
    );
    const lengths = [4, 2, 1];
    u.seed(3);
    const both = s.buildModel([
      ['GRU', { inputSize: 2, hiddenSize: 3, bidirectional: true }],
      ['last'],
    ]) as serving.Chain;
    const gru = both[0] as unrolled.GRU;
    const { output, state } = gru.forward(x, { lengths });
    const wanted = u.concat([u.select(state.h, 0), u.select(state.h, 1)], 1);
    expect(both.forward(x, { lengths }).toArray()).toEqual(wanted.toArray());
    // Behind something else: the output at the last valid step.
    const last = s.buildModel([['Dropout', { p: 0 }], ['last']]) as serving.Chain;
    expect(last.forward(output, { lengths }).shape).toEqual([3, 6]);
    expect(last.forward(output, { lengths }).toArray().slice(6, 12)).toEqual(output.toArray().slice(24, 30));
    const mean = s.buildModel([['mean']]) as serving.Chain;
    const two = mean.forward(x, { lengths }).toArray();
    const at = (t: number, b: number, f: number) => x.data[(t * 3 + b) * 2 + f] as number;
    expect(two[2]).toBeCloseTo((at(0, 1, 0) + at(1, 1, 0)) / 2, 6);
    expect(two[5]).toBeCloseTo(at(0, 2, 1), 6);
    // Time second where the layers have batchFirst.
    const first = s.buildModel([['RNN', { inputSize: 2, hiddenSize: 3, batchFirst: true }], ['mean']]) as serving.Chain;
    expect(first.forward(u.transpose(x, 0, 1)).shape).toEqual([3, 3]);
    for (const merge of ['sum', 'average'] as const) {
      const merged = s.buildModel([
        ['LSTM', { inputSize: 2, hiddenSize: 3, bidirectional: true, merge }],
        ['last'],
      ]) as serving.Chain;
      expect(merged.forward(x).shape).toEqual([3, 3]);
    }
    expect(Object.keys(s.buildModel(spec.model).stateDict())).toContain('2.weight');
  });

  it('that are none say which layer is wrong', () => {
    const wrong = (model: unknown, why: RegExp) => {
      expect(() => s.buildModel(model as never)).toThrow(u.OptionError);
      expect(() => s.buildModel(model as never)).toThrow(why);
    };
    wrong([], /empty/);
    wrong(3, /list of layers/);
    wrong([['GRU', { inputSize: 2, hiddenSize: 3 }], 'last'], /layer 1 must be \[name, options\]/);
    wrong([['lastt']], /layer 0: unknown layer "lastt"; did you mean "last"\?/);
    wrong([['Attention', {}]], /registered by name in a worker file/);
    wrong([['last', {}]], /takes no options/);
    wrong([['GRU', { inputSize: 2, hiddenSize: 3 }, 4]], /got 3 parts/);
    wrong(
      [
        ['GRU', { inputSize: 2, hiddenSize: 3 }],
        ['RNN', { inputSize: 3, hiddenSize: 3, batchFirst: true }],
      ],
      /all recurrent layers have batchFirst, or none/,
    );
    const flat = s.buildModel([['last']]) as serving.Chain;
    expect(() => flat.forward(u.zeros([2, 3]))).toThrow(u.ShapeError);
  });
});

it("a page's side of a worker takes less than 8 kB, compressed, and nothing of the library but its errors", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(dist, 'worker', 'index.js')],
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  expect(gzipSync(outputFiles[0]?.contents as Uint8Array, { level: 9 }).length).toBeLessThan(8e3);
  const inputs = Object.keys(metafile.inputs).map((path) => path.replace(/^.*dist\//, ''));
  expect(inputs.sort()).toEqual(['chunks/base.js', 'chunks/remote.js', 'worker/index.js']);
});
