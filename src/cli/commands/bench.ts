// `unrolled bench`: how fast a recurrent layer of some size is here, on each backend. What others do is in the repository's
// `npm run bench`.
import { noGrad } from '../../autograd/context.js';
import { ones, randn } from '../../autograd/creation.js';
import { seed } from '../../autograd/random.js';
import { backendInfo } from '../../backend/select.js';
import type { BackendName } from '../../backend/types.js';
import { GRU, LSTM, RNN } from '../../layers/recurrent.js';
import type { StateInput } from '../../layers/state.js';
import { describeFlags, type Flags, UsageError } from '../arguments.js';
import { BACKEND_FLAGS, type Command, start, takeWords } from '../command.js';
import { machine } from '../machine.js';
import { type Timing, timed } from '../stopwatch.js';
import { figure, table } from '../table.js';
import { version } from '../version.js';

const BACKENDS: readonly BackendName[] = ['native', 'wasm', 'reference'];
/** Rows of a weight matrix over the hidden size. */
const GATES = { rnn: 1, gru: 3, lstm: 4 } as const;
const LAYERS = { rnn: RNN, gru: GRU, lstm: LSTM } as const;
type Cell = keyof typeof GATES;

const FLAGS: Flags = {
  cell: { type: 'string', oneOf: ['rnn', 'gru', 'lstm'], help: 'rnn, gru or lstm', default: 'lstm' },
  input: { type: 'number', help: 'numbers of a step', default: 64 },
  hidden: { type: 'number', help: 'hidden units', default: 128 },
  steps: { type: 'number', help: 'steps of a sequence', default: 50 },
  batch: { type: 'number', help: 'sequences side by side', default: 16 },
  json: { type: 'boolean', help: 'one line of JSON on stdout' },
  ...BACKEND_FLAGS,
  backend: {
    type: 'string',
    oneOf: ['all', 'auto', ...BACKENDS],
    help: 'native, wasm, reference, auto for the fastest, or all that work here',
    default: 'all',
  },
};

interface Size {
  readonly cell: Cell;
  readonly input: number;
  readonly hidden: number;
  readonly steps: number;
  readonly batch: number;
}

interface Result extends Timing {
  readonly backend: string;
  readonly simd: string;
  readonly threads: number;
  readonly work: Work['name'];
  /** Microseconds a step of the sequence, whatever the batch. */
  readonly usPerStep: number;
  readonly gflops: number;
  /** Steps of all rows. */
  readonly tokensPerSecond: number;
}

export const bench: Command = {
  name: 'bench',
  usage: 'bench [options]',
  summary: 'times a recurrent layer on the backends that work here',
  flags: () => FLAGS,
  help: () =>
    [
      'training: forward and backward, with the gradients of weights and input; inference: forward;',
      'streaming: one step of one row, with its state carried on. Medians of many runs, after a warm-up.',
      'GFLOP/s counts the matrix products alone, a multiply-add as two.',
      '',
      describeFlags(FLAGS),
    ].join('\n'),

  async run(words, values) {
    takeWords(bench, words, 0);
    const size = sizeOf(values);
    const { backend = 'all', threads, json } = values;
    const say = (line: string) => void process.stderr.write(`${line}\n`);
    const results: Result[] = [];
    const absent: { backend: string; reason: string }[] = [];
    for (const name of backend === 'all' ? BACKENDS : [backend as string]) {
      try {
        await start({ backend: name, threads });
      } catch (error) {
        if (backend !== 'all' || error instanceof UsageError) throw error;
        absent.push({ backend: name, reason: (error as Error).message.split('\n')[0] as string });
        continue;
      }
      const { name: used, simd, threads: cores } = backendInfo();
      for (const work of worksOf(size)) {
        if (!json) say(`${used}: ${work.name}`);
        results.push({ backend: used, simd, threads: cores, ...measure(work) });
      }
    }
    if (json) {
      process.stdout.write(
        `${JSON.stringify({ version: version(), platform: machine(), ...size, results, absent })}\n`,
      );
      return 0;
    }
    const { cell, input, hidden, steps, batch } = size;
    process.stdout.write(
      `unrolled ${version()} on ${machine()}\n` +
        `${cell.toUpperCase()}, ${input} numbers a step, ${hidden} hidden units, ${steps} steps, ${batch} rows\n` +
        `${table(
          ['backend', 'instructions', 'threads', 'work', 'us/step', 'GFLOP/s', 'tokens/s'],
          results.map((r) => [
            r.backend,
            r.simd,
            r.threads,
            r.work,
            figure(r.usPerStep),
            figure(r.gflops),
            Math.round(r.tokensPerSecond).toLocaleString('en'),
          ]),
        )}\n${absent.map(({ backend: name, reason }) => `not ${name}: ${reason}\n`).join('')}`,
    );
    return 0;
  },
};

function sizeOf(values: Readonly<Record<string, unknown>>): Size {
  const whole = (name: 'input' | 'hidden' | 'steps' | 'batch'): number => {
    const value = values[name] ?? FLAGS[name]?.default;
    if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_536) return value as number;
    throw new UsageError(`--${name} must be a whole number from 1 to 65536, got ${value}`);
  };
  return {
    cell: (values.cell ?? 'lstm') as Cell,
    input: whole('input'),
    hidden: whole('hidden'),
    steps: whole('steps'),
    batch: whole('batch'),
  };
}

interface Work {
  readonly name: 'training' | 'inference' | 'streaming';
  readonly steps: number;
  readonly rows: number;
  /** Of a run: floating-point operations of its matrix products. */
  readonly flops: number;
  run(): void;
}

/** On the backend in use. */
function worksOf({ cell, input, hidden, steps, batch }: Size): Work[] {
  seed(1);
  const layer = new LAYERS[cell]({ inputSize: input, hiddenSize: hidden });
  const parameters = layer.parameters();
  const x = randn([steps, batch, input], { requiresGrad: true });
  const given = x.detach();
  const above = ones([steps, batch, hidden]);
  const one = randn([1, input]);
  let state: StateInput | undefined;
  const flopsOf = (tokens: number) => 2 * tokens * GATES[cell] * hidden * (input + hidden);
  return [
    {
      name: 'training',
      steps,
      rows: batch,
      // The product with the weights again for the gradient of what went in, and once more for that of the weights.
      flops: 3 * flopsOf(steps * batch),
      run() {
        x.grad = null;
        for (const parameter of parameters) parameter.grad = null;
        layer.forward(x).output.backward(above);
      },
    },
    {
      name: 'inference',
      steps,
      rows: batch,
      flops: flopsOf(steps * batch),
      run() {
        noGrad(() => layer.forward(given));
      },
    },
    {
      name: 'streaming',
      steps: 1,
      rows: 1,
      flops: flopsOf(1),
      run() {
        state = noGrad(() => layer.step(one, state)).state;
      },
    },
  ];
}

function measure({ name, steps, rows, flops, run }: Work): Omit<Result, 'backend' | 'simd' | 'threads'> {
  const timing = timed(run);
  const { us } = timing;
  return {
    work: name,
    ...timing,
    usPerStep: us / steps,
    gflops: flops / us / 1e3,
    tokensPerSecond: (steps * rows * 1e6) / us,
  };
}
