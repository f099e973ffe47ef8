// A worker of a page that trains there, as an application that must not freeze would: one message in, the losses out.
import type { GoldenTensor } from '../helpers/golden.js';
import { type Library, type TraceCase, trainTrace } from '../helpers/trace.js';

export interface Training {
  /** Path of the built library. */
  readonly file: string;
  readonly threads: number;
  readonly spec: TraceCase;
  readonly expected: Record<string, GoldenTensor>;
}

export interface Trained {
  readonly losses: readonly number[];
  readonly threads: number;
  readonly error?: string;
}

addEventListener('message', async ({ data }: MessageEvent<Training>) => {
  try {
    const u: Library = await import(/* @vite-ignore */ data.file);
    const { threads } = await u.ready({ threads: data.threads });
    const { losses } = trainTrace(u, data.spec, data.expected);
    postMessage({ losses, threads } satisfies Trained);
  } catch (error) {
    postMessage({ losses: [], threads: 0, error: String(error) } satisfies Trained);
  }
});
