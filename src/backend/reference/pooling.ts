// The largest under windows.
import { Status } from '../generated/abi.js';
import type { Floats, Ints } from './kernel.js';

/** y[p,i,j] = max over k, l of x[p, i sh + k - ph, j sw + l - pw]; winner: where in the plane it stands */
export function max_pool_forward(
  y: Floats,
  winner: Ints,
  x: Floats,
  planes: number,
  h: number,
  w: number,
  oh: number,
  ow: number,
  kh: number,
  kw: number,
  sh: number,
  sw: number,
  ph: number,
  pw: number,
): number {
  if (Math.min(kh, kw, sh, sw) < 1 || Math.min(ph, pw) < 0) return Status.size;
  for (let p = 0; p < planes; p++) {
    for (let i = 0; i < oh; i++) {
      for (let j = 0; j < ow; j++) {
        const inside: number[] = [];
        for (let k = 0; k < kh; k++) {
          for (let l = 0; l < kw; l++) {
            const [row, column] = [i * sh + k - ph, j * sw + l - pw];
            if (row >= 0 && row < h && column >= 0 && column < w) inside.push(row * w + column);
          }
        }
        if (inside.length === 0) return Status.size;
        const values = inside.map((place) => x[p * h * w + place]!);
        const nan = values.findIndex(Number.isNaN);
        const best = nan >= 0 ? nan : values.indexOf(Math.max(...values));
        const at = (p * oh + i) * ow + j;
        y[at] = values[best]!;
        winner[at] = inside[best]!;
      }
    }
  }
  return Status.ok;
}
