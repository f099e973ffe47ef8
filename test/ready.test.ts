// ready() as the user meets it.
import { describe, expect, it } from 'vitest';
import * as u from '../src/node.js';

describe('ready', () => {
  it('of two calls at once, each answers for its own backend and the later one stays', async () => {
    const infos = await Promise.all([u.ready({ backend: 'wasm' }), u.ready({ backend: 'reference' })]);
    expect(infos.map(({ name }) => name)).toEqual(['wasm', 'reference']);
    expect(u.backendInfo().name).toBe('reference');
    expect(u.ones([2]).data).toBeInstanceOf(Float64Array);
  });

  it('threads that a backend does not have are named', async () => {
    const { threads, tried } = await u.ready({ backend: 'reference', threads: 3 });
    expect(threads).toBe(1);
    expect(tried.at(-1)?.reason).toBe('chosen: scalar, threads: 1 (3 asked for: more than this backend has)');
  });

  it('a call that fails leaves the backend there is, and the next call works', async () => {
    await u.ready({ backend: 'reference' });
    await expect(u.ready({ backend: 'nativ' as 'native' })).rejects.toThrow(u.OptionError);
    expect(u.backendInfo().name).toBe('reference');
    expect(await u.ready({ backend: 'wasm' })).toMatchObject({ name: 'wasm' });
  });
});
