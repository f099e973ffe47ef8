// Files of a page: the same calls that write folders in Node, in the origin private file system and in IndexedDB.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as unrolled from '../../src/index.js';
import type * as tasks from '../../src/tasks/index.js';
import type * as workers from '../../src/worker/index.js';

const load = <T>(file: string): Promise<T> => import(/* @vite-ignore */ `/dist/${file}`);
const u = await load<typeof unrolled>('browser.js');
const { classify, loadTask, zipTask } = await load<typeof tasks>('tasks/index.js');
const { openWorker } = await load<typeof workers>('worker/index.js');
const { browserPlatform: platform } = await load<typeof import('../../src/platform/browser.js')>('platform/browser.js');

beforeAll(() => u.ready());

const bytesOf = (...numbers: number[]) => Uint8Array.from(numbers);
const rows = Array.from({ length: 60 }, (_, k) => ({
  text: k % 2 ? `so good ${k}` : `so bad ${k}`,
  label: k % 2 ? 'yes' : 'no',
}));
const small = { epochs: 3, hidden: 4, embedding: 4, batch: 8, seed: 2 };

/** Data and a model that a few steps are trained with. */
function training() {
  u.seed(1);
  const model = new u.GRU({ inputSize: 2, hiddenSize: 3 });
  const optimizer = new u.Adam(model.parameters(), { lr: 0.01 });
  const data = Array.from({ length: 6 }, () => ({ x: u.randn([4, 2, 2]), y: u.randn([4, 2, 3]) }));
  const loss = (output: unrolled.Tensor, y: unrolled.Tensor) => u.mse(output, y);
  const forward = (gru: unrolled.GRU, { x }: { x: unrolled.Tensor }) => gru.forward(x).output;
  return { model, data, options: { optimizer, loss, forward } };
}

describe.each(['opfs', 'idb'])('%s:', (scheme) => {
  let folder: string;
  let count = 0;
  beforeEach(() => {
    folder = `${scheme}:/test-${count++}-${Math.random().toString(36).slice(2)}`;
  });

  it('keeps files by name, lists and removes them, and keeps older ones when asked to', async () => {
    const file = platform.inFolder(folder, 'a.bin');
    expect(file).toBe(`${folder}/a.bin`);
    expect(await platform.recoverFile(file)).toBeNull();
    expect(await platform.listFolder(folder)).toBeNull();
    await platform.makeFolder(folder);
    await platform.writeFileAtomic(file, bytesOf(1, 2, 3).subarray(1));
    expect(await platform.readFile(file)).toEqual(bytesOf(2, 3));
    await platform.writeFileAtomic(file, bytesOf(4));
    expect(await platform.recoverFile(file)).toEqual(bytesOf(4));
    for (const k of [5, 6, 7]) await platform.writeFileAtomic(file, bytesOf(k), 3);
    expect([...((await platform.listFolder(folder)) ?? [])].sort()).toEqual(['a.bin', 'a.bin.1', 'a.bin.2']);
    expect(await platform.readFile(`${file}.1`)).toEqual(bytesOf(6));
    expect(await platform.readFile(`${file}.2`)).toEqual(bytesOf(5));
    await platform.writeFileAtomic(`${folder}/deeper/b.bin`, bytesOf(9));
    expect(await platform.listFolder(folder)).toContain('deeper');
    const parts: Uint8Array[] = [];
    for await (const part of platform.openFile(`${folder}/deeper/b.bin`)) parts.push(part);
    expect(parts).toEqual([bytesOf(9)]);
    await platform.removeFile(file);
    await platform.removeFile(file); // was not there
    expect(await platform.recoverFile(file)).toBeNull();
    await expect(platform.readFile(file)).rejects.toMatchObject({ code: 'ERR_FILE' });
    for (const path of [`${scheme}:/`, `${folder}/../../x`]) {
      await expect(platform.writeFileAtomic(path, bytesOf(1))).rejects.toThrow(/without "\." and "\.\."/);
    }
  });

  it('takes what io and fit write: weights, and a run that goes on to the same bits', async () => {
    const { model } = training();
    await u.io.saveSafetensors(`${folder}/w.safetensors`, model.stateDict());
    const back = await u.io.loadSafetensors(`${folder}/w.safetensors`);
    expect(back.weight_ih_l0?.toArray()).toEqual(model.stateDict().weight_ih_l0?.toArray());

    const whole = training();
    await u.fit(whole.model, whole.data, { ...whole.options, epochs: 4 });
    const checkpoint = { path: `${folder}/run`, every: 2 };
    const cut = training();
    const onProgress = ({ step }: { step: number }) => {
      if (step === 15) throw new Error('cut');
    };
    await expect(u.fit(cut.model, cut.data, { ...cut.options, epochs: 4, checkpoint, onProgress })).rejects.toThrow(
      'cut',
    );
    const again = training();
    const { steps } = await u.fit(again.model, again.data, { ...again.options, epochs: 4, checkpoint });
    expect(steps).toBe(24);
    expect(again.model.stateDict().weight_hh_l0?.toArray()).toEqual(whole.model.stateDict().weight_hh_l0?.toArray());
  });

  it('takes the folders of tasks, interrupted or not', async () => {
    const task = await classify(rows, { ...small, out: folder });
    expect([...((await platform.listFolder(folder)) ?? [])].sort()).toEqual(['config.json', 'model.safetensors']);
    const again = await loadTask(folder);
    expect(await again.predict(['so good'])).toEqual(await task.predict(['so good']));
    await expect(classify(rows, { ...small, out: folder })).rejects.toThrow('holds a trained task already');
    await again.save(`${folder}/copy`);
    expect(await (await loadTask(`${folder}/copy`)).predict(['so good'])).toEqual(await task.predict(['so good']));
    await platform.writeFileAtomic(`${folder}/t.zip`, zipTask(task.files()));
    expect(await (await loadTask(`${folder}/t.zip`)).predict(['so good'])).toEqual(await task.predict(['so good']));

    const out = `${folder}/run`;
    const controller = new AbortController();
    const onEpoch = ({ epoch }: { epoch: number }) => epoch === 2 && controller.abort();
    await classify(rows, { ...small, epochs: 4, out, signal: controller.signal, onEpoch });
    expect(await platform.listFolder(out)).toContain('checkpoint.safetensors');
    const epochs: number[] = [];
    const resumed = await classify(rows, { ...small, epochs: 4, out, onEpoch: ({ epoch }) => epochs.push(epoch) });
    expect(epochs[0]).toBeGreaterThan(1);
    const whole = await classify(rows, { ...small, epochs: 4 });
    expect(resumed.files()['model.safetensors']).toEqual(whole.files()['model.safetensors']);
  });

  it('is the same from a worker: a task saved there loads here, and a run whose page is gone goes on', async () => {
    const worker = await openWorker();
    const task = await worker.train('classify', rows, { ...small, out: folder }).result;
    expect(await (await loadTask(folder)).predict(['so bad'])).toEqual(await task.predict(['so bad']));
    const store = `${folder}/store`;
    const data = [
      {
        x: { data: Float32Array.from({ length: 16 }, (_, k) => Math.sin(k)), shape: [4, 2, 2] },
        y: { data: new Float32Array(6), shape: [2, 3] },
      },
    ];
    const model: workers.LayerSpec[] = [['LSTM', { inputSize: 2, hiddenSize: 3 }], ['last']];
    const spec: workers.FitSpec = { model, data, loss: 'mse', optimizer: { type: 'SGD', lr: 0.1 }, epochs: 600 };
    const run = worker.fit(spec, { store, every: 30, onProgress: ({ step }) => step === 133 && worker.terminate() });
    await expect(run.result).rejects.toMatchObject({ code: 'ERR_WORKER' });
    const other = await openWorker();
    const steps: number[] = [];
    const { state } = await other.fit(spec, { store, every: 30, onProgress: ({ step }) => steps.push(step) }).result;
    expect(steps[0]).toBeGreaterThan(90);
    const whole = await other.fit(spec).result;
    expect(state).toEqual(whole.state);
    other.terminate();
  });
});

describe('a page without room', () => {
  it('of any other path says what there is', async () => {
    await expect(u.io.saveSafetensors('/models/a.safetensors', {})).rejects.toMatchObject({ code: 'ERR_NO_FILES' });
    await expect(u.io.saveSafetensors('/models/a.safetensors', {})).rejects.toThrow(/opfs:\/path or idb:\/path/);
    await expect(classify(rows, { ...small, out: 'models' })).rejects.toThrow(/opfs:\/path or idb:\/path/);
  });

  it('says so: no OPFS, a full disk, a private window', async () => {
    const getDirectory = vi.spyOn(navigator.storage, 'getDirectory');
    getDirectory.mockRejectedValue(new DOMException('denied', 'SecurityError'));
    await expect(platform.writeFileAtomic('opfs:/a', bytesOf(1))).rejects.toThrow(/private window/);
    getDirectory.mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
    await expect(platform.writeFileAtomic('opfs:/a', bytesOf(1))).rejects.toMatchObject({ code: 'ERR_QUOTA' });
    getDirectory.mockRestore();
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    await expect(platform.writeFileAtomic('idb:/a', bytesOf(1))).rejects.toMatchObject({ code: 'ERR_QUOTA' });
    put.mockRestore();
    const storage = vi.spyOn(Navigator.prototype, 'storage', 'get').mockReturnValue(undefined as never);
    await expect(platform.readFile('opfs:/a')).rejects.toThrow(/secure context .* use idb:\/path/);
    storage.mockRestore();
    await platform.writeFileAtomic('opfs:/folder/file', bytesOf(1));
    await expect(platform.writeFileAtomic('opfs:/folder', bytesOf(1))).rejects.toThrow(
      /a folder stands where a file should/,
    );
  });
});
