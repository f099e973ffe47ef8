// The library in a Web Worker: the same bits as on the page, pause, resume, abort, errors, and workers that die.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as unrolled from '../../src/index.js';
import type * as workers from '../../src/worker/index.js';
import type * as serving from '../../src/worker/serve.js';
import { startedWorkers } from './started-workers.js';

type Opened = workers.UnrolledWorker;
const load = <T>(file: string): Promise<T> => import(/* @vite-ignore */ `/dist/${file}`);
const { openWorker } = await load<typeof workers>('worker/index.js');
const u = await load<typeof unrolled>('browser.js');
const { buildModel } = await load<typeof serving>('worker/serve.js');
await u.ready();

const opened: Opened[] = [];
async function open(options: workers.WorkerOptions = {}): Promise<Opened> {
  const worker = await openWorker(options);
  opened.push(worker);
  return worker;
}
afterEach(() => {
  for (const worker of opened.splice(0)) worker.terminate();
});
const EMPTY = u.io.serializeSafetensors({});
const own = () => new Worker(new URL('./own-worker.ts', import.meta.url), { type: 'module' });

const model: workers.LayerSpec[] = [
  ['Embedding', { numEmbeddings: 12, embeddingDim: 6 }],
  ['GRU', { inputSize: 6, hiddenSize: 10, bidirectional: true }],
  ['Dropout', { p: 0.2 }],
  ['last'],
  ['Linear', { inFeatures: 20, outFeatures: 2 }],
];

/** Which of two kinds of sequence: does the first token come again? */
function makeBatches(count: number, T = 7, B = 8): workers.BatchSpec[] {
  const random = new u.Generator(3);
  return Array.from({ length: count }, () => {
    const x = Int32Array.from({ length: T * B }, () => random.integer(12));
    const lengths = Array.from({ length: B }, () => 1 + random.integer(T));
    const y = Int32Array.from({ length: B }, (_, b) => (x[b] as number) % 2);
    return { x: { data: x, shape: [T, B] }, y: { data: y }, lengths };
  });
}

const spec = (epochs = 3, batches = 12): workers.FitSpec => ({
  model,
  data: makeBatches(batches),
  validation: makeBatches(2),
  loss: 'crossEntropy',
  optimizer: { type: 'Adam', lr: 0.01 },
  metrics: ['accuracy'],
  clipNorm: 1,
  epochs,
  seed: 4,
});

/** What fit on the page makes of the same. */
async function fitHere({ data, validation, optimizer, seed, model: layers, ...options }: workers.FitSpec) {
  u.seed(seed as number);
  const net = buildModel(layers);
  const tensors = (list: workers.DataSpec) =>
    (list as unknown as { x: { data: Int32Array; shape: number[] }; y: { data: Int32Array }; lengths: number[] }[]).map(
      ({ x, y, lengths }) => ({ x: u.tensor(x.data, x.shape), y: u.tensor(y.data), lengths }),
    );
  const history = await u.fit(net, tensors(data), {
    ...options,
    loss: 'crossEntropy',
    validation: tensors(validation as workers.DataSpec),
    optimizer: new u.Adam(net.parameters(), { lr: (optimizer as { lr: number }).lr }),
  });
  return { history, state: u.io.serializeSafetensors(net.stateDict()) };
}

const losses = (history: unrolled.History) =>
  history.epochs.map(({ loss, validation, metrics }) => [loss, validation, metrics]);

describe('fit in a worker', () => {
  it('comes to the same bits as fit on the page, and tells of every update', async () => {
    const worker = await open();
    expect(worker.info).toMatchObject({ name: 'wasm', simd: u.backendInfo().simd });
    const steps: number[] = [];
    const epochs: number[] = [];
    const run = worker.fit(spec(), {
      onProgress: ({ step }) => steps.push(step),
      onEpoch: ({ epoch }) => epochs.push(epoch),
    });
    expect(run.status).toBe('running');
    const there = await run.result;
    const here = await fitHere(spec());
    expect(same(there.state, here.state)).toBe(true);
    expect(losses(there.history)).toEqual(losses(here.history));
    expect(steps).toEqual(Array.from({ length: 36 }, (_, k) => k + 1));
    expect(epochs).toEqual([1, 2, 3]);
    expect(run.status).toBe('done');
  });

  it('pauses after the update under way, answers meanwhile, and goes on to the same bits', async () => {
    const worker = await open();
    let last = 0;
    const run = worker.fit(spec(), {
      onProgress: ({ step }) => {
        last = step;
        if (step === 5) run.pause();
      },
    });
    const state = u.io.serializeSafetensors(buildModel(model).stateDict());
    const x = { data: Int32Array.of(1, 2, 3, 4), shape: [2, 2] };
    await until(() => run.status === 'paused');
    await worker.predict({ model, state, x }); // answered between updates: none is under way then
    const stoodAt = last;
    await sleep(100);
    expect(last).toBe(stoodAt);
    expect(last).toBeLessThan(36);
    run.resume();
    expect(run.status).toBe('running');
    expect(same((await run.result).state, (await fitHere(spec())).state)).toBe(true);
  });

  it('is aborted with the reason given, keeps its last weights, and leaves the worker usable', async () => {
    const worker = await open();
    const reason = new Error('enough');
    const run = worker.fit(spec(1000), { onProgress: ({ step }) => step === 3 && run.abort(reason) });
    await expect(run.result).rejects.toBe(reason);
    expect(run.status).toBe('aborted');
    const left = await u.io.loadSafetensors(run.state as Uint8Array);
    expect(Object.keys(left)).toEqual(Object.keys(buildModel(model).stateDict()).sort(byFile(left)));
    const controller = new AbortController();
    const second = worker.fit(spec(1000), { signal: controller.signal });
    controller.abort();
    await expect(second.result).rejects.toMatchObject({ name: 'AbortError' });
    expect((await worker.fit(spec(1)).result).history.epochs).toHaveLength(1);
  });

  it('aborts a run that waits for another one, and one that is paused', async () => {
    const worker = await open();
    const first = worker.fit(spec(1000));
    const second = worker.fit(spec(1));
    second.abort();
    await expect(second.result).rejects.toThrow('fit was aborted');
    expect(first.status).toBe('running');
    first.pause();
    first.abort();
    await expect(first.result).rejects.toThrow('fit was aborted');
  });
});

describe('a worker that dies', () => {
  it('gives its fit to another one, which comes to the same bits, however it died', async () => {
    const wanted = await fitHere(spec(6));
    const ways: ((worker: Opened, thread: Worker) => unknown)[] = [
      (worker) => worker.kill(),
      (_, thread) => thread.terminate(), // from outside: there is no event for it
      (worker) => worker.restart(),
    ];
    for (const way of ways) {
      let thread!: Worker;
      const create = () => {
        thread = new Worker(new URL('/dist/worker/entry.js', location.href), { type: 'module' });
        return thread;
      };
      const worker = await open({ create });
      const first = thread;
      const steps: number[] = [];
      const events: workers.RunEvents = {
        every: 5,
        onProgress({ step }) {
          steps.push(step);
          if (step === 33 && thread === first) void way(worker, thread);
        },
      };
      const run = worker.fit(spec(6), events);
      const { state, history } = await run.result;
      expect(thread).not.toBe(first);
      expect(same(state, wanted.state)).toBe(true);
      expect(losses(history)).toEqual(losses(wanted.history));
      // From the last checkpoint and not from the start: 1 to 33, 31 to 72.
      expect(steps.filter((step) => step === 1)).toHaveLength(1);
      expect(steps.at(-1)).toBe(72);
      expect(run.checkpoint).toBeInstanceOf(Uint8Array);
    }
  });

  it('begins a run anew that has no checkpoint yet, and gives up when restarts are used up', async () => {
    const worker = await open();
    const early = worker.fit(spec(2), { onProgress: once(() => worker.kill()), every: 1000 });
    expect(same((await early.result).state, (await fitHere(spec(2))).state)).toBe(true);
    const run = worker.fit(spec(50), { onProgress: () => worker.kill() });
    await expect(run.result).rejects.toMatchObject({ code: 'ERR_WORKER' });
    await expect(run.result).rejects.toThrow(
      /fit: its worker died \(it was killed\), as those before it; pass \{ restarts \}/,
    );
    expect(run.status).toBe('failed');
    // The next call has a worker again.
    expect((await worker.fit(spec(1)).result).history.stopped).toBe('completed');
  });

  it('is found dead after an error outside of any call, and when it hangs for longer than the time-out', async () => {
    const worker = await open({ create: own });
    await expect(worker.run('dies', null, { restarts: 0 }).result).rejects.toThrow(/worker died \(.*out of the loop/);
    const hung = await open({ create: own, timeout: 2 });
    await expect(hung.run('hangs', null, { restarts: 0 }).result).rejects.toThrow('no sign of life for 2 s');
  });

  it('keeps a paused run paused in the next one', async () => {
    const worker = await open();
    let steps = 0;
    const run = worker.fit(spec(), {
      every: 2,
      onProgress() {
        if (++steps === 4) run.pause();
      },
    });
    await until(() => run.status === 'paused');
    await worker.restart();
    const before = steps;
    await sleep(200);
    expect(steps).toBe(before);
    run.resume();
    expect(same((await run.result).state, (await fitHere(spec())).state)).toBe(true);
  });

  it('leaves what a job wrote, and a trained task, to the next one', async () => {
    const worker = await open({ create: own });
    let last = 0;
    const kill = once(() => worker.kill());
    const run = worker.run<{ sum: number; from: number }>(
      'sum',
      { n: 60 },
      {
        onEvent(event) {
          last = (event as { k: number }).k;
          if (last === 25) kill();
        },
      },
    );
    expect(await run.result).toEqual({ sum: 1830, from: 20 });
    const task = await worker.train('classify', reviews, small).result;
    const answers = await task.predict(['so good 3', 'so bad 4']);
    worker.kill();
    expect(await task.predict(['so good 3', 'so bad 4'])).toEqual(answers);
    worker.terminate();
    await expect(task.predict(['so good'])).rejects.toThrow('the worker was terminated');
  });

  it('is replaced by one that goes on from a store of the page', async () => {
    let kept: Uint8Array | null = null;
    const store = {
      read: () => kept,
      write(bytes: Uint8Array) {
        kept = bytes.slice();
      },
    };
    const first = await open();
    const run = first.fit(spec(6), { store, every: 5, onProgress: ({ step }) => step === 40 && first.terminate() });
    await expect(run.result).rejects.toThrow('the worker was terminated');
    expect(kept).not.toBeNull();
    const steps: number[] = [];
    const second = await open();
    const { state } = await second.fit(spec(6), { store, every: 5, onProgress: ({ step }) => steps.push(step) }).result;
    expect(steps[0]).toBeGreaterThan(20);
    expect(same(state, (await fitHere(spec(6))).state)).toBe(true);
    const refuses = { read: () => null, write: () => Promise.reject(new Error('disk full')) };
    await expect(second.fit(spec(2), { store: refuses, every: 2 }).result).rejects.toThrow('disk full');
    // Also where all that was to be written is the last one.
    await expect(second.fit(spec(1), { store: refuses, every: 1000 }).result).rejects.toThrow('disk full');
  });
});

describe('a handle', () => {
  it('may be restarted while it starts, and terminated at any time, without anybody waiting for ever', async () => {
    const worker = await open();
    const run = worker.fit(spec(2), { restarts: 0 });
    void worker.restart().catch(() => {});
    await worker.restart();
    expect(same((await run.result).state, (await fitHere(spec(2))).state)).toBe(true);
    const restarted = worker.restart();
    worker.terminate();
    await expect(restarted).rejects.toMatchObject({ code: 'ERR_WORKER' });
    await expect(worker.fit(spec(1)).result).rejects.toThrow('was terminated');
  });

  it('whose failed run nobody awaits is reported as any other promise is', async () => {
    const worker = await open({ create: own });
    const reported = new Promise<PromiseRejectionEvent>((resolve) => {
      addEventListener(
        'unhandledrejection',
        (event) => {
          event.preventDefault();
          event.stopImmediatePropagation();
          resolve(event);
        },
        { once: true, capture: true },
      );
    });
    worker.run('fails');
    expect((await reported).reason).toBeInstanceOf(u.IndexError);
  });
});

describe('workerUrl', () => {
  it('is where the worker is started from, as its file or its folder; with create its threads are', async () => {
    const started = startedWorkers();
    const [file, folder] = ['/dist/worker/entry.js?elsewhere', new URL('/dist/worker/', location.href)];
    for (const workerUrl of [file, folder]) {
      const worker = await open({ workerUrl, backend: 'wasm' });
      expect(await worker.predict({ model: [['relu']], state: EMPTY, x: [-1, 2] })).toMatchObject({
        data: Float32Array.of(0, 2),
      });
    }
    vi.unstubAllGlobals();
    expect(started).toEqual([new URL(file, location.href).href, `${folder}entry.js`]);
    // Nothing of the name is in that folder: the worker was told to look there.
    const options = { backend: 'wasm', threads: 2 } as const;
    for (const create of [undefined, own]) {
      const failed = open({ ...options, workerUrl: folder, ...(create && { create }) });
      await expect(failed).rejects.toThrow(/ready: workerUrl: .*\/dist\/worker\/wasm-worker.js/);
    }
    const threads = new URL('/dist/backend/', location.href);
    expect((await open({ ...options, create: own, workerUrl: threads })).info.threads).toBe(2);
  });
});

describe('tasks in a worker', () => {
  it('train, answer, are evaluated and give their files, as on the page', async () => {
    const worker = await open();
    const said: string[] = [];
    const epochs: number[] = [];
    const run = worker.train('classify', reviews, small, {
      onSay: (message) => said.push(message),
      onEpoch: ({ epoch }) => epochs.push(epoch),
    });
    const task = await run.result;
    const { classify, loadTask } = await load<typeof import('../../src/tasks/index.js')>('tasks/index.js');
    const here = await classify(reviews, small);
    expect(epochs).toEqual([1, 2, 3]);
    expect(said.join()).toContain('to learn from');
    expect({ ...task.report, secondsPerEpoch: 0 }).toEqual({ ...here.report, secondsPerEpoch: 0 });
    expect(task.gradients).toBe(here.gradients);
    expect(await task.predict(['so good 7'])).toEqual(await here.predict(['so good 7']));
    expect(await task.predictRows(reviews.slice(0, 2))).toEqual(await here.predictRows(reviews.slice(0, 2)));
    expect(await task.evaluate(reviews)).toEqual(await here.evaluate(reviews));
    const flow = await here.diagnose(reviews, { rows: true });
    expect(String(u.Diagnosis.fromJSON(await task.diagnose(reviews, { rows: true })))).toBe(String(flow));
    const files = task.files();
    expect(same(files['model.safetensors'], here.files()['model.safetensors'])).toBe(true);
    const again = await worker.loadTask(files);
    expect(await again.predict(['so bad 2'])).toEqual(await (await loadTask(files)).predict(['so bad 2']));
    await expect(task.generate('so')).rejects.toThrow('classify writes no text');
    task.dispose();
    expect(() => task.predict(['x'])).toThrow('disposed');
  });

  it('write text, and go on in another worker to the same weights', async () => {
    const text = 'the cat sat on the mat. the dog sat on the log. '.repeat(30);
    const options = { epochs: 3, hidden: 8, batch: 4, seed: 3 };
    const worker = await open();
    const whole = await worker.train('charlm', { text }, options).result;
    let killed = 0;
    const cut = await worker.train('charlm', { text }, options, {
      onEpoch: ({ epoch }) => epoch === 2 && killed++ === 0 && worker.kill(),
    }).result;
    expect(killed).toBeGreaterThan(0);
    expect(same(cut.files()['model.safetensors'], whole.files()['model.safetensors'])).toBe(true);
    const written = { length: 20, seed: 1 };
    expect(await cut.generate('the ', written)).toBe(await whole.generate('the ', written));
  });

  it('keep the best model when they are aborted, and say what is wrong with their data', async () => {
    const worker = await open();
    const run = worker.train(
      'classify',
      reviews,
      { ...small, epochs: 500, patience: 500 },
      {
        onEpoch: ({ epoch }) => epoch === 2 && run.abort(),
      },
    );
    const task = await run.result;
    expect(run.status).toBe('aborted');
    expect(await task.predict(['so good'])).toHaveLength(1);
    await expect(worker.train('classify', [{ a: 1 }], small).result).rejects.toBeInstanceOf(u.DataError);
    await expect(worker.train('clasify' as 'classify', reviews).result).rejects.toThrow('did you mean "classify"?');
    await expect(worker.loadTask('/nowhere/')).rejects.toThrow(/holds no trained task/);
    expect(() => worker.train('classify', reviews, { onEpoch() {} } as never)).toThrow('pass it as an event');
  });
});

describe('questions to a worker', () => {
  it('predict and diagnose give what they give on the page', async () => {
    const worker = await open();
    u.seed(1);
    const net = buildModel(model);
    const state = u.io.serializeSafetensors(net.stateDict());
    const [batch] = makeBatches(1) as [
      { x: { data: Int32Array; shape: number[] }; y: { data: Int32Array }; lengths: number[] },
    ];
    const x = u.tensor(batch.x.data, batch.x.shape);
    const answer = (await worker.predict({ model, state, x: batch.x, lengths: batch.lengths })) as workers.TensorData;
    const here = u.predict(net as unrolled.Layer & { forward(...x: unknown[]): unrolled.Tensor }, x, {
      lengths: batch.lengths,
    });
    expect(answer).toEqual({ data: Float32Array.from(here.data), shape: [8, 2], dtype: 'float32' });
    const diagnosis = await worker.diagnose({ model, state, batch, loss: 'crossEntropy' });
    const there = u.diagnose(net, { ...batch, x, y: u.tensor(batch.y.data) }, { loss: 'crossEntropy' });
    expect(u.Diagnosis.fromJSON(diagnosis).toString()).toBe(there.toString());
  });

  it('asked during a run do not change what comes of it', async () => {
    const worker = await open();
    const state = u.io.serializeSafetensors(buildModel(model).stateDict());
    const x = { data: Int32Array.of(1, 2, 3, 4), shape: [2, 2] };
    const answers: Promise<unknown>[] = [];
    const run = worker.fit(spec(), { onProgress: () => answers.push(worker.predict({ model, state, x })) });
    expect(same((await run.result).state, (await fitHere(spec())).state)).toBe(true);
    expect(await Promise.all(answers)).toHaveLength(36);
  });

  it('reach a job of the page, whose typed arrays can be moved both ways', async () => {
    const worker = await open({ create: own });
    let event: unknown;
    const run = worker.run('buffer', null, {
      onEvent(sent) {
        event = sent;
      },
    });
    expect(await run.result).toBe(0); // moved away from the job
    expect(event).toHaveLength(1e6);
    const job = worker.run('sum', { n: 1000 }, { onEvent: once(() => job.abort()) });
    await expect(job.result).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('copy the data unless they are to be moved; then there is no second worker for them', async () => {
    const worker = await open();
    const copied = spec(1);
    const bufferOf = ({ data }: workers.FitSpec) => (data as { x: { data: Int32Array } }[])[0]?.x.data;
    await worker.fit(copied).result;
    expect(bufferOf(copied)).toHaveLength(56);
    const moved = spec(1);
    const { state } = await worker.fit(moved, { transfer: true }).result;
    expect(bufferOf(moved)).toHaveLength(0);
    expect(same(state, (await fitHere(copied)).state)).toBe(true);
    const run = worker.fit(spec(100), { transfer: true, onProgress: once(() => worker.kill()) });
    await expect(run.result).rejects.toThrow('the data that were moved there');
    expect(() => worker.fit(spec(1), { transfer: true, restarts: 2 })).toThrow(u.OptionError);
  });

  it('take models and losses of the page by name', async () => {
    const worker = await open({ create: own });
    const x = { data: Float32Array.from({ length: 24 }, (_, k) => Math.sin(k)), shape: [4, 3, 2] };
    const y = { data: new Float32Array(12), shape: [4, 3, 1] };
    const named = { name: 'counter', options: { inputSize: 2 } };
    const common = { data: [{ x, y }], optimizer: { type: 'SGD', lr: 0.1 }, epochs: 2 } as const;
    const { history } = await worker.fit({ ...common, model: named, loss: 'cubic' }).result;
    expect(history.epochs[1]?.loss).toBeLessThan(history.epochs[0]?.loss as number);
    await expect(worker.fit({ ...common, model: 'conter', loss: 'mse' }).result).rejects.toThrow(
      'did you mean "counter"?',
    );
    await expect(worker.fit({ ...common, model: 'wrong', loss: 'mse' }).result).rejects.toThrow('must return a Module');
  });

  it('train with truncated BPTT, and from samples', async () => {
    const worker = await open();
    const ids = Int32Array.from({ length: 40 * 4 }, (_, k) => k % 5);
    const run = worker.fit({
      model: [
        ['Embedding', { numEmbeddings: 5, embeddingDim: 4 }],
        ['LSTM', { inputSize: 4, hiddenSize: 8 }],
        ['Linear', { inFeatures: 8, outFeatures: 5 }],
      ],
      data: [{ x: { data: ids, shape: [40, 4] }, y: { data: ids, shape: [40, 4] } }],
      loss: 'crossEntropy',
      optimizer: { type: 'Adam', lr: 0.05 },
      tbptt: { k1: 10, stateful: true },
      epochs: 8,
    });
    const { history } = await run.result;
    expect(history.steps).toBe(32);
    expect(history.epochs.at(-1)?.loss).toBeLessThan(0.5 * (history.epochs[0]?.loss as number));
    const samples = Array.from({ length: 20 }, (_, k) => ({ x: [k % 12, 1, 2], y: k % 2 }));
    const sampled = worker.fit({ ...spec(2), data: { samples, batchSize: 4, shuffle: true } });
    expect((await sampled.result).history.steps).toBe(10);
  });
});

describe('errors', () => {
  it('cross as what they were', async () => {
    const worker = await open({ create: own });
    const refused = async (run: { result: Promise<unknown> } | Promise<unknown>) => {
      const result = run instanceof Promise ? run : run.result;
      return result.then(
        () => {
          throw new Error('was not refused');
        },
        (error) => error,
      );
    };
    const wrong = await refused(worker.fit({ ...spec(), epochz: 3 } as never));
    expect(wrong).toBeInstanceOf(u.OptionError);
    expect(wrong).toMatchObject({ name: 'OptionError', code: 'ERR_OPTION' });
    expect(wrong.message).toContain('did you mean "epochs"?');
    const misnamed = await refused(worker.fit({ ...spec(), model: [['LSTN', {}]] as never }));
    expect(misnamed.message).toMatch(/layer 0: unknown layer "LSTN"; did you mean "LSTM"\?/);
    const sizes = await refused(worker.fit({ ...spec(), model: [['LSTM', { inputSize: 2 }]] as never }));
    expect(sizes.message).toMatch(/model: layer 0: LSTM: option "hiddenSize" is missing/);
    expect(await refused(worker.run('fails'))).toBeInstanceOf(u.IndexError);
    expect((await refused(worker.run('fales'))).message).toContain('did you mean "fails"?');
    expect((await refused(worker.run('returnsFunction'))).message).toContain('must be data that can be cloned');
    const here = await refused(worker.fit({ ...spec(), loss: (() => 1) as never }));
    expect(here).toBeInstanceOf(u.OptionError);
    expect(here.message).toContain('must be data that can be cloned');
    const bytes = await refused(worker.fit({ ...spec(), state: new Uint8Array(4) }));
    expect(bytes).toBeInstanceOf(u.FormatError);
    expect(bytes).toMatchObject({ rule: 'truncated' });
    const nan = {
      x: { data: Float32Array.of(Number.NaN, 1), shape: [1, 1, 2] },
      y: { data: Float32Array.of(1), shape: [1, 1] },
    };
    const numeric = await refused(
      worker.fit({
        ...spec(),
        validation: undefined as never,
        metrics: [],
        data: [nan],
        model: [['RNN', { inputSize: 2, hiddenSize: 1 }], ['last']],
        loss: 'mse',
      }),
    );
    expect(numeric).toBeInstanceOf(u.NumericError);
  });

  it('of a start say why', async () => {
    const backend = await open({ wasmUrl: '/nowhere/', backend: 'wasm' }).catch((error) => error);
    expect(backend).toBeInstanceOf(u.BackendError);
    expect(backend.attempts).toMatchObject([{ backend: 'wasm', ok: false }]);
    const create = () => new Worker('/nowhere.js', { type: 'module' });
    const missing = await open({ create }).catch((error) => error);
    expect(missing).toMatchObject({ code: 'ERR_WORKER', message: expect.stringContaining('could not be started') });
    const silent = new URL('/dist/errors.js', location.href);
    const idle = await open({ create: () => new Worker(silent, { type: 'module' }), timeout: 1 }).catch(
      (error) => error,
    );
    expect(idle.message).toContain('does its file call serve()');
    const wrong: [string, RegExp][] = [
      [
        '/nowhere/',
        /^openWorker: workerUrl: .*\/nowhere\/entry.js (answered 404|is served as text\/html).*; serve dist\/worker\/entry.js/,
      ],
      [String(silent), /errors.js is not dist\/worker\/entry.js of this library/],
      ['/package.json', /package.json is served as .*json, and browsers start workers from text\/javascript/],
      ['https://example.com/entry.js', /of another origin than the page/],
    ];
    for (const [workerUrl, message] of wrong) {
      await expect(open({ workerUrl })).rejects.toMatchObject({
        code: 'ERR_WORKER',
        message: expect.stringMatching(message),
      });
    }
    await expect(openWorker({ thread: 2 } as never)).rejects.toThrow('did you mean "threads"?');
  });
});

// Again where the machine was busy with something else: a task that waits for a core counts as long.
it('no task on the page is longer than 50 ms while a worker trains', { retry: 3 }, async () => {
  const worker = await open();
  const long: number[] = [];
  const observer = new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)));
  observer.observe({ type: 'longtask' });
  const wide: workers.LayerSpec[] = [
    ['Embedding', { numEmbeddings: 12, embeddingDim: 64 }],
    ['LSTM', { inputSize: 64, hiddenSize: 128 }],
    ['last'],
    ['Linear', { inFeatures: 128, outFeatures: 2 }],
  ];
  const data = makeBatches(60, 100, 32);
  await sleep(100);
  long.length = 0; // what making the data took
  let updates = 0;
  await worker.fit({ ...spec(1), model: wide, data, metrics: [] }, { every: 10, onProgress: () => updates++ }).result;
  await sleep(100);
  observer.disconnect();
  expect(updates).toBe(60);
  expect(long).toEqual([]);
});

const reviews = Array.from({ length: 60 }, (_, k) => ({
  text: k % 2 ? `so good ${k} really` : `so bad ${k}`,
  label: k % 2 ? 'yes' : 'no',
}));
const small = { epochs: 3, hidden: 4, embedding: 4, batch: 8, seed: 2 };

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

const same = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, k) => byte === b[k]);
/** The order in which a file holds names is its own. */
const byFile = (dict: object) => (a: string, b: string) => Object.keys(dict).indexOf(a) - Object.keys(dict).indexOf(b);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}
