// Reads the files of test/golden, written by generate.py. A reader of its own: the goldens judge the library's too.

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array;
}

const arrays = { F32: Float32Array, F64: Float64Array, I32: Int32Array };

/** The tensors of a golden file, by case: `CASE/TENSOR` in the file, `.get(CASE)?.TENSOR` here. */
export function parseGolden(bytes: Uint8Array): Map<string, Record<string, GoldenTensor>> {
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)));
  const cases = new Map<string, Record<string, GoldenTensor>>();
  for (const [key, { dtype, shape, data_offsets }] of Object.entries<{
    dtype: keyof typeof arrays;
    shape: number[];
    data_offsets: [number, number];
  }>(header)) {
    const at = key.lastIndexOf('/');
    const name = key.slice(0, at);
    // A copy: Buffer.slice would share, and its start need not be a multiple of 8.
    const body = new Uint8Array(bytes.subarray(8 + headerLength + data_offsets[0], 8 + headerLength + data_offsets[1]));
    const tensors = cases.get(name) ?? {};
    tensors[key.slice(at + 1)] = { shape, data: new arrays[dtype](body.buffer) };
    cases.set(name, tensors);
  }
  return cases;
}

/** The tensors of a case whose names start with `prefix`, without it. */
export function withPrefix(tensors: Record<string, GoldenTensor>, prefix: string): Record<string, GoldenTensor> {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
}
