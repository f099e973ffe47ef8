// Checkpoints made to harm: every one is refused by name or harmless, and the model is as it was.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { seeded } from '../helpers/random.js';

const model = () => new u.GRU({ inputSize: 1, hiddenSize: 2 });
const weights = (m: u.Module): number[] => m.parameters().flatMap((p) => p.toArray());

/** Trains on from these bytes, with everything that a checkpoint may hold. */
function resume(m: u.Module, bytes: Uint8Array | null, write: (bytes: Uint8Array) => void = () => {}) {
  const batches = [0, 1].map((k) => ({ x: u.full([4, 1, 1], k), y: u.full([4, 1, 2], 0.5) }));
  return u.fit(m, batches, {
    loss: 'mse',
    optimizer: new u.Adam(m.parameters()),
    epochs: 2,
    tbptt: { k1: 2, stateful: true },
    metrics: ['mae'],
    earlyStopping: { monitor: 'mae' },
    callbacks: { onSave: () => [1], onResume() {} },
    checkpoint: { path: { read: () => bytes, write }, every: 1 },
  });
}

/** A checkpoint in the middle of the second epoch. */
async function made(): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  await resume(model(), null, (bytes) => all.push(bytes));
  return all[4] as Uint8Array;
}

/** The parts of a safetensors file, taken apart and put together without the library's help. */
function open(bytes: Uint8Array) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  return { header, body: bytes.subarray(8 + length) };
}

function close(header: unknown, body: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(body, 8 + text.length);
  return bytes;
}

/** The paths of all values in a JSON value. */
function* pathsOf(value: unknown, path: string[] = []): Iterable<string[]> {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) yield* pathsOf(inner, [...path, key]);
}

function changed(value: unknown, path: readonly string[], to: unknown): unknown {
  const copy = structuredClone(value) as Record<string, unknown>;
  let at = copy;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  const last = path.at(-1) as string;
  if (to === undefined) delete at[last];
  else at[last] = to;
  return copy;
}

/** Refused by an error of this library with the model unchanged, or harmless. */
async function survives(bytes: Uint8Array, what: string): Promise<boolean> {
  const m = model();
  const before = weights(m);
  const error = await resume(m, bytes).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error === null) return true;
  expect(error, `${what}: ${error}`).toBeInstanceOf(u.UnrolledError);
  expect((error as Error).message.length, what).toBeLessThan(1000);
  // What could be seen only after training had gone on: fewer batches than were done, a learning rate of 1e300.
  const isLate = error instanceof u.NumericError || /the data gave/.test((error as Error).message);
  if (!isLate) expect(weights(m), `${what}: ${error}`).toEqual(before);
  return false;
}

describeBackends('hostile checkpoints', () => {
  it('every field of the content replaced by something else', { timeout: 120_000 }, async () => {
    const { header, body } = open(await made());
    const content = JSON.parse(header.__metadata__.content);
    let [refused, harmless] = [0, 0];
    for (const path of pathsOf(content)) {
      for (const to of [undefined, null, -1, 0.5, 1e300, 'x', [], {}, true, { $number: 'NaN' }]) {
        const bad = changed(header, ['__metadata__', 'content'], JSON.stringify(changed(content, path, to)));
        if (await survives(close(bad, body), `${path.join('.')} = ${JSON.stringify(to)}`)) harmless++;
        else refused++;
      }
    }
    expect(refused).toBeGreaterThan(harmless);
  });

  it('every tensor missing, renamed, or of another type or shape', async () => {
    const { header, body } = open(await made());
    for (const [name, entry] of Object.entries<Record<string, unknown>>(header)) {
      if (name === '__metadata__') continue;
      const { [name]: _, ...others } = header;
      const size = (entry.shape as number[]).reduce((a, b) => a * b, 1);
      for (const bad of [
        others,
        { ...others, [`${name}x`]: entry },
        { ...others, [`__proto__/${name}`]: entry },
        { ...others, [name.replace('/', '/__proto__/')]: entry },
        { ...header, [name]: { ...entry, dtype: 'I32' } },
        { ...header, [name]: { ...entry, shape: [size, 1, 1, 1] } },
        { ...header, [name]: { ...entry, shape: [2 ** 40, 2 ** 40] } },
      ]) {
        expect(await survives(close(bad, body), name), `${name} in ${Object.keys(bad)}`).toBe(false);
      }
    }
  });

  it('every prefix, and bytes changed at random', { timeout: 120_000 }, async () => {
    const good = await made();
    for (let length = 0; length < good.length; length += 7) {
      expect(await survives(good.slice(0, length), `${length} bytes`)).toBe(false);
    }
    const seed = Number(process.env.UNROLLED_TEST_SEED ?? Date.now() % 1_000_000);
    console.log(`checkpoints.test.ts: UNROLLED_TEST_SEED=${seed}`);
    const random = seeded(seed);
    const { body } = open(good);
    for (let k = 0; k < 300; k++) {
      const bad = good.slice();
      for (let n = 0; n < 3; n++) bad[Math.floor(random() * (good.length - body.length))] = Math.floor(random() * 256);
      await survives(bad, `seed ${seed}, case ${k}`);
    }
  });
});
