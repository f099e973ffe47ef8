// Convolution by its definition, in double and without a trick: the judge of src/ops/convolution.ts.

export interface Direct {
  readonly x: number[];
  readonly weight: number[];
  readonly bias: number[] | null;
  readonly B: number;
  readonly C: number;
  readonly O: number;
  readonly input: readonly [H: number, W: number];
  readonly kernel: readonly [KH: number, KW: number];
  readonly output: readonly [H: number, W: number];
  readonly stride: readonly [number, number];
  readonly before: readonly [number, number];
  readonly dilation: readonly [number, number];
}

/** Calls `visit` for each product of the sum: y[to] += weight[by] x[from]. */
function eachProduct(spec: Direct, visit: (to: number, by: number, from: number) => void): void {
  const { B, C, O, input, kernel, output, stride, before, dilation } = spec;
  for (let b = 0; b < B; b++)
    for (let o = 0; o < O; o++)
      for (let i = 0; i < output[0]; i++)
        for (let j = 0; j < output[1]; j++)
          for (let c = 0; c < C; c++)
            for (let k = 0; k < kernel[0]; k++)
              for (let l = 0; l < kernel[1]; l++) {
                const row = i * stride[0] + k * dilation[0] - before[0];
                const column = j * stride[1] + l * dilation[1] - before[1];
                if (row < 0 || row >= input[0] || column < 0 || column >= input[1]) continue;
                visit(
                  ((b * O + o) * output[0] + i) * output[1] + j,
                  ((o * C + c) * kernel[0] + k) * kernel[1] + l,
                  ((b * C + c) * input[0] + row) * input[1] + column,
                );
              }
}

export function directConvolution(spec: Direct): number[] {
  const { B, O, output, x, weight, bias } = spec;
  const places = output[0] * output[1];
  const y = Array.from({ length: B * O * places }, (_, k) => bias?.[Math.floor(k / places) % O] ?? 0);
  eachProduct(spec, (to, by, from) => {
    (y[to] as number) += (weight[by] as number) * (x[from] as number);
  });
  return y;
}

/** The gradients of sum(y * dy). */
export function directGradients(spec: Direct, dy: number[]): { dx: number[]; dweight: number[]; dbias: number[] } {
  const { O, output, x, weight } = spec;
  const dx = x.map(() => 0);
  const dweight = weight.map(() => 0);
  const dbias = new Array<number>(O).fill(0);
  const places = output[0] * output[1];
  for (const [k, value] of dy.entries()) (dbias[Math.floor(k / places) % O] as number) += value;
  eachProduct(spec, (to, by, from) => {
    (dx[from] as number) += (weight[by] as number) * (dy[to] as number);
    (dweight[by] as number) += (x[from] as number) * (dy[to] as number);
  });
  return { dx, dweight, dbias };
}
