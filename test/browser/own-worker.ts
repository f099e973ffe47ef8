// A page's own worker file, as an application would write it: a model, a loss and jobs by name.
import type * as unrolled from '../../src/index.js';
import type * as serving from '../../src/worker/serve.js';

const load = <T>(file: string): Promise<T> => import(/* @vite-ignore */ `/dist/${file}`);
const { serve } = await load<typeof serving>('worker/serve.js');
const u = await load<typeof unrolled>('browser.js');

class Counter extends u.Module {
  readonly lstm: unrolled.LSTM;
  readonly head = new u.Linear({ inFeatures: 4, outFeatures: 1 });

  constructor(inputSize: number) {
    super();
    this.lstm = new u.LSTM({ inputSize, hiddenSize: 4 });
  }

  override forward(x: unrolled.Tensor): unrolled.Tensor {
    return this.head.forward(this.lstm.forward(x).output);
  }
}

serve({
  models: { counter: ({ inputSize }: { inputSize: number }) => new Counter(inputSize), wrong: () => 3 as never },
  losses: { cubic: (output: unrolled.Tensor, y: unrolled.Tensor) => u.mean(u.abs(u.sub(output, y).mul(2))) },
  jobs: {
    /** Adds up to n, remembering where it was. */
    async sum({ n }: { n: number }, { send, paused, checkpoint }: serving.JobContext) {
      const kept = await checkpoint.read();
      let [k = 0, sum = 0] = kept ? new Float64Array(kept.slice().buffer) : [];
      const from = k;
      while (k < n) {
        sum += ++k;
        send({ k }, []);
        if (k % 10 === 0) await checkpoint.write(new Uint8Array(Float64Array.of(k, sum).buffer));
        await new Promise((resolve) => setTimeout(resolve, 1));
        await paused();
      }
      return { sum, from };
    },
    async fails() {
      await Promise.reject(new u.IndexError('label 9 is out of range'));
    },
    returnsFunction: () => () => 1,
    dies: () => {
      setTimeout(() => {
        throw new Error('out of the loop');
      });
      return new Promise(() => {});
    },
    hangs() {
      for (;;);
    },
    buffer(_: unknown, { send }: serving.JobContext) {
      const numbers = new Float32Array(1e6).fill(2);
      send(numbers, [numbers.buffer]);
      return numbers.length;
    },
  },
});
