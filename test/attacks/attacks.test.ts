// Files made to harm: each is refused with the error of the rule it breaks, and nothing else happens.
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors.js';
import { loadSafetensors, readSafetensorsMetadata, SafetensorsError } from '../../src/io/index.js';
import { describeBackends } from '../helpers/backends.js';
import { attacks, file } from './safetensors.js';

describeBackends('hostile safetensors files', () => {
  for (const { name, rule, bytes, says } of attacks) {
    it(`${name}: refused as "${rule}"`, async () => {
      const error = await loadSafetensors(bytes).then(
        () => expect.fail('the file was accepted'),
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(FormatError);
      expect((error as SafetensorsError).rule, (error as Error).message).toBe(rule);
      expect((error as Error).message).toMatch(says ?? /^safetensors: /);
      expect((error as Error).message.length).toBeLessThan(500);
    });
  }
});

describe('hostile safetensors headers', () => {
  it('every prefix of a good file is refused', async () => {
    const good = file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', new Uint8Array(8));
    for (let length = 0; length < good.length; length++) {
      await expect(readSafetensorsMetadata(good.slice(0, length))).rejects.toBeInstanceOf(SafetensorsError);
    }
    await expect(readSafetensorsMetadata(good)).resolves.toEqual({});
  });

  it('every single flipped bit is either refused as a format error or still well formed', async () => {
    const good = file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', new Uint8Array(8));
    for (let bit = 0; bit < (good.length - 8) * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      await readSafetensorsMetadata(bad).catch((error: unknown) => expect(error).toBeInstanceOf(SafetensorsError));
    }
  });

  it('a name of 20 MB does not run out of stack, nor does its message repeat it', async () => {
    const name = '\\"'.repeat(10_000_000);
    const error = await readSafetensorsMetadata(file(`{"${name}":1,"b":{}}`)).catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(SafetensorsError);
    expect((error as Error).message.length).toBeLessThan(500);
  });
});
