// A trained task as one file: there and back, and archives that are there to do harm.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { classify, loadTask, type TaskFiles, unzipTask, zipTask } from '../../src/tasks/index.js';

const rows = Array.from({ length: 40 }, (_, k) => ({
  text: k % 2 ? `so good ${k}` : `so bad ${k}`,
  label: k % 2 ? 'yes' : 'no',
}));
const folder = mkdtempSync(join(tmpdir(), 'unrolled-zip-'));
let files: TaskFiles;
let answers: readonly unknown[];
let zip: Uint8Array;

beforeAll(async () => {
  await u.ready({ backend: 'wasm' });
  const task = await classify(rows, { epochs: 1, hidden: 4, embedding: 4 });
  files = task.files();
  answers = await task.predict(['so good']);
  zip = zipTask(files);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a zipped task', () => {
  it('unpacks to the same files, is the same bytes each time, and loads from bytes and from a path', async () => {
    expect(unzipTask(zip)).toEqual(files);
    expect(zipTask(files)).toEqual(zip);
    const path = join(folder, 'reviews.zip');
    writeFileSync(path, zip);
    for (const from of [zip, path]) expect(await (await loadTask(from)).predict(['so good'])).toEqual(answers);
    await expect(loadTask(join(folder, 'none.zip'))).rejects.toBeInstanceOf(u.DataError);
  });

  it('may have its files in a folder, as file managers zip', () => {
    const inFolder = zipSync({ reviews: { ...files } });
    expect(unzipTask(inFolder)).toEqual(files);
  });

  it('of anything but a task is refused', () => {
    const refused = (bytes: Uint8Array, why: RegExp) => {
      expect(() => unzipTask(bytes)).toThrow(u.FormatError);
      expect(() => unzipTask(bytes)).toThrow(why);
    };
    refused(new Uint8Array(0), /damaged or no zip/);
    refused(new TextEncoder().encode('not a zip at all, but long enough to be looked into'), /damaged or no zip/);
    refused(zipSync({ ...files, 'evil.sh': new Uint8Array(3) }), /alone, it holds "evil.sh"/);
    refused(zipSync({ ...files, '../config.json.bak': new Uint8Array(3) }), /alone, it holds/);
    refused(
      zipSync({ 'a/config.json': files['config.json'], 'b/config.json': files['config.json'] }),
      /config.json twice/,
    );
    refused(zipSync({ 'config.json': files['config.json'] }), /must hold model.safetensors/);
    expect(() => unzipTask('path.zip' as never)).toThrow(u.OptionError);
    expect(() => zipTask({ 'config.json': files['config.json'] } as never)).toThrow(/"model.safetensors" among them/);
  });

  it('cut off anywhere, or with any claim of its sizes changed, gives a typed error or the very same files', async () => {
    for (let length = 0; length < zip.length; length += 97) {
      expect(() => unzipTask(zip.subarray(0, length)), String(length)).toThrow(u.FormatError);
    }
    // The directory stands at the end: names, sizes, offsets.
    for (let at = zip.length - 180; at < zip.length; at++) {
      for (const value of [0, 255]) {
        const hostile = zip.slice();
        hostile[at] = value;
        const loaded = await loadTask(hostile).catch((error) => error);
        if (loaded instanceof Error) expect(loaded, `${at}: ${loaded.message}`).toBeInstanceOf(u.FormatError);
        else expect(await loaded.predict(['so good'])).toEqual(answers);
      }
    }
  });

  it('that claims more than its bytes can hold is refused before memory is taken for it', () => {
    const packed = zipSync({ 'config.json': new Uint8Array(4), 'model.safetensors': new Uint8Array(4) });
    const view = new DataView(packed.buffer);
    for (let at = 0; at + 46 < packed.length; at++) {
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 2 ** 30, true);
    }
    expect(() => unzipTask(packed)).toThrow(/claims 1073741824 bytes of config.json in/);
  });
});
