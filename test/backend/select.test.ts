// Which backend ready() takes: asked for, from the environment, or the fastest that works, with every attempt on record.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { backendInfo, createBackend, type ReadyOptions, selectBackend } from '../../src/backend/select.js';
import { Unavailable } from '../../src/backend/unavailable.js';
import { BackendError, OptionError } from '../../src/errors.js';
import { nodePlatform } from '../../src/platform/node.js';
import { type Platform, setPlatform } from '../../src/platform/types.js';

const use = (changes: Partial<Platform> = {}) => setPlatform({ ...nodePlatform, env: () => undefined, ...changes });
const noAddon = () => {
  throw new Unavailable('native', 'no binary here', 'build one');
};

// In this order: what is selected stays selected.
describe('selectBackend', () => {
  afterEach(async () => {
    use();
    (await selectBackend()).close();
  });

  it('without a choice takes native, and the same one when asked again, also at once', async () => {
    use();
    const [a, b] = await Promise.all([selectBackend(), selectBackend({ backend: 'native' })]);
    expect(a).toBe(b);
    expect(await selectBackend({})).toBe(a);
    expect(backendInfo()).toMatchObject({ name: 'native', tried: [{ backend: 'native', ok: true }] });
  });

  it('switches when told so, stays there when not, and comes back to the same backend', async () => {
    use();
    const native = await selectBackend({ backend: 'native' });
    const wasm = await selectBackend({ backend: 'wasm' });
    expect(backendInfo().name).toBe('wasm');
    expect(await selectBackend()).toBe(wasm);
    expect(await selectBackend({ backend: 'native' })).toBe(native);
    wasm.close();
  });

  it('changes the threads of the backend in use', async () => {
    use();
    const backend = await selectBackend({ threads: 1 });
    expect(backendInfo().threads).toBe(1);
    expect(await selectBackend({ threads: 2 })).toBe(backend);
    expect(backendInfo().threads).toBe(2);
  });

  it('falls back to WASM, then to the reference, and says why', async () => {
    use({ openAddon: noAddon });
    await selectBackend();
    expect(backendInfo()).toMatchObject({
      name: 'wasm',
      tried: [
        { backend: 'native', ok: false, reason: 'no binary here', remedy: 'build one' },
        { backend: 'wasm', ok: true },
      ],
    });
    (await selectBackend()).close();
    await selectBackend({ backend: 'auto', wasmUrl: '/nowhere/' });
    expect(backendInfo().tried.map(({ backend, ok }) => [backend, ok])).toEqual([
      ['native', false],
      ['wasm', false],
      ['reference', true],
    ]);
  });

  it('starts the threads of WASM from workerUrl, a file or a folder, and says what is wrong with it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unrolled-script-'));
    const script = join(folder, 'wasm-worker.js');
    copyFileSync(new URL('../../dist/backend/wasm-worker.js', import.meta.url), script);
    const started: (string | undefined)[] = [];
    const startWorker: Platform['startWorker'] = (task, from) => {
      started.push(from);
      return nodePlatform.startWorker(task, from);
    };
    use({ startWorker });
    for (const workerUrl of [`${folder}/`, script, pathToFileURL(script)]) {
      const backend = await selectBackend({ backend: 'wasm', threads: 3, workerUrl });
      expect(backendInfo().threads).toBe(3);
      expect(started.splice(0)).toEqual([script, script]);
      backend.close();
    }
    const other = join(folder, 'other.js');
    writeFileSync(other, 'setTimeout(() => {}, 1e6);');
    const wrong: [string, RegExp][] = [
      [`${folder}/nothing/`, /ready: workerUrl: cannot read .*nothing\/wasm-worker.js: ENOENT.*; serve dist\/backend/],
      [other, /workerUrl: .*other.js is not wasm-worker.js of this library; serve dist\/backend\/wasm-worker.js/],
    ];
    for (const [workerUrl, message] of wrong) {
      // Not told in passing, by a backend without threads or without WASM.
      for (const backend of ['wasm', 'auto'] as const) {
        use({ startWorker, openAddon: noAddon });
        await expect(selectBackend({ backend, threads: 2, workerUrl })).rejects.toThrow(message);
      }
      expect(started).toEqual([]);
    }
    // One thread needs no script.
    (await selectBackend({ backend: 'wasm', threads: 1, workerUrl: other })).close();
    await expect(selectBackend({ workerUrl: 3 as never })).rejects.toThrow('option "workerUrl" must be a URL, got 3');
    rmSync(folder, { recursive: true });
  });

  it('takes the environment where the caller leaves the choice open', async () => {
    use({ env: (name) => ({ UNROLLED_BACKEND: 'native', UNROLLED_SIMD: 'avx2' })[name] });
    if (process.arch === 'x64') expect((await selectBackend()).info).toMatchObject({ name: 'native', simd: 'avx2' });
    use({ env: (name) => (name === 'UNROLLED_BACKEND' ? 'nativ' : undefined) });
    await expect(selectBackend({ backend: 'auto' })).rejects.toThrow(/UNROLLED_BACKEND must be one of auto, native/);
  });

  it('a start that failed can be tried again', async () => {
    use({ openAddon: noAddon });
    await expect(selectBackend({ backend: 'native' })).rejects.toThrow(BackendError);
    use();
    expect((await selectBackend({ backend: 'native' })).info.name).toBe('native');
  });

  it.each<[ReadyOptions, typeof BackendError | typeof OptionError, string]>([
    [{ backend: 'native', simd: process.arch === 'x64' ? 'neon' : 'avx2' }, BackendError, 'choose one of'],
    [{ backend: 'wasm', simd: 'avx2' }, BackendError, 'it has no simd "avx2"'],
    [{ backend: 'wasm', wasmUrl: '/nowhere/' }, BackendError, '/nowhere/unrolled-simd128.wasm'],
    [{ backend: 'gpu' as 'wasm' }, OptionError, 'one of "auto", "native"'],
    [{ threads: 0 }, OptionError, 'threads'],
    [{ bakend: 'wasm' } as ReadyOptions, OptionError, 'did you mean "backend"?'],
  ])('refuses %j', async (options, type, message) => {
    use();
    await expect(selectBackend(options)).rejects.toThrow(type);
    await expect(selectBackend(options)).rejects.toThrow(message);
  });
});

describe('a WASM file that is not right', () => {
  const serve = (bytes: Uint8Array): Promise<unknown> => {
    use({ compileWasm: () => WebAssembly.compile(bytes as BufferSource) });
    return createBackend({ backend: 'wasm', simd: 'wasm-simd' });
  };

  it('of another program is refused by what it lacks', async () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    await expect(serve(empty)).rejects.toThrow('wasm: module was built for ABI undefined');
  });

  it('or truncated, is refused with its path', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unrolled-wasm-'));
    const whole = readFileSync(new URL('../../wasm/dist/unrolled-simd128.wasm', import.meta.url));
    writeFileSync(`${folder}/unrolled-simd128.wasm`, whole.subarray(0, 5000));
    use();
    const failed = createBackend({ backend: 'wasm', simd: 'wasm-simd', wasmUrl: `${folder}/` });
    await expect(failed).rejects.toThrow(`${folder}/unrolled-simd128.wasm (5000 bytes) is damaged`);
    rmSync(folder, { recursive: true });
  });
});
