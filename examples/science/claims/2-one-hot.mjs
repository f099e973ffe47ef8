// Claim 2. A word as a one-hot vector picks a row of W; one set of weights reads sentences of any length.
import * as u from 'unrolled';
import { generator } from '../../lib/random.mjs';
import { figure } from '../report.mjs';

export const title = 'One-hot words, sentences of any length';
export const claim =
  "A one-hot vector times W is a row of W, so an embedding is a linear layer on one-hot words. The same W, W' and W'' serve at " +
  'every step, so one net reads sentences of any length, and what pads the shorter ones changes nothing.';

export const sizes = {
  whole: { words: 1000, longest: 60, sentences: 64 },
  quick: { words: 1000, longest: 60, sentences: 64 },
};

const FEATURES = 48;
const HIDDEN = 32;

export async function run({ sizes, seed }) {
  u.seed(seed);
  const random = generator(seed);
  return { rows: [...picks(sizes, random), ...anyLength(sizes, random)] };
}

function picks({ words, sentences }, random) {
  const ids = Int32Array.from({ length: 30 * sentences }, () => Math.floor(random() * words));
  const embedding = new u.Embedding({ numEmbeddings: words, embeddingDim: FEATURES });
  const linear = new u.Linear({ inFeatures: words, outFeatures: FEATURES, bias: false });
  linear.weight.data.set(embedding.weight.transpose().data);

  const picked = embedding.forward(u.tensor(ids, [30, sentences]));
  const product = linear.forward(u.oneHot(ids, words).reshape([30, sentences, words]));
  const forward = different(picked.toArray(), product.toArray());

  const upstream = u.randn(picked.shape);
  picked.backward(upstream, { retainGraph: true });
  product.backward(upstream);
  const rowGradient = embedding.weight.grad.toArray();
  const productGradient = u.noGrad(() => linear.weight.grad.transpose()).toArray();
  const gradient = largestRelative(rowGradient, productGradient);
  const absent = new Set(Array.from({ length: words }, (_, id) => id));
  for (const id of ids) absent.delete(id);
  const touched = [...absent].filter((id) =>
    rowGradient.slice(id * FEATURES, (id + 1) * FEATURES).some((value) => value !== 0),
  );
  return [
    {
      what: `One-hot times W against the row of W, ${ids.length} words`,
      measured: `${forward} numbers differ`,
      expected: 'none, bit for bit',
      holds: forward === 0,
    },
    {
      what: 'dL/dW of the two',
      measured: `differ by ${figure(gradient)} of the largest`,
      expected: 'below 1e-6: float32, sums in another order',
      holds: gradient < 1e-6,
    },
    {
      what: `dL/dW in the rows of the ${absent.size} words that did not occur`,
      measured: `${touched.length} rows are not zero`,
      expected: 'none',
      holds: touched.length === 0,
    },
  ];
}

function anyLength({ longest, sentences }, random) {
  const lengths = Array.from({ length: sentences }, (_, row) =>
    row === 0 ? 0 : row === 1 ? longest : 1 + Math.floor(random() * longest),
  );
  const x = u.randn([longest, sentences, FEATURES]);
  return [u.RNN, u.GRU, u.LSTM].flatMap((Layer) => {
    const layer = new Layer({ inputSize: FEATURES, hiddenSize: HIDDEN });
    const together = pass(layer, padded(x, lengths, 0), lengths);
    const withNaN = pass(layer, padded(x, lengths, Number.NaN), lengths);
    const padding = different(together.outputs, withNaN.outputs) + different(together.gradients, withNaN.gradients);

    let apart = 0;
    const sum = new Float64Array(together.gradients.length);
    for (const [row, length] of lengths.entries()) {
      const alone = pass(layer, x.slice(row, row + 1, 1).slice(0, length), [length]);
      apart += different(alone.state, together.state.slice(row * HIDDEN, (row + 1) * HIDDEN));
      for (const [k, value] of alone.gradients.entries()) sum[k] += value;
    }
    const gradient = largestRelative(sum, together.gradients);
    return [
      {
        what: `${Layer.name}: ${sentences} sentences of 0 to ${longest} words in one batch, against each alone`,
        measured: `${apart} numbers of o_T differ; dL/dW by ${figure(gradient)} of the largest`,
        expected: 'none, bit for bit; below 1e-5',
        holds: apart === 0 && gradient < 1e-5,
      },
      {
        what: `${Layer.name}: padding filled with NaN instead of 0`,
        measured: `${padding} numbers of outputs, states, gradients differ`,
        expected: 'none, bit for bit',
        holds: padding === 0,
      },
    ];
  });
}

/** Forward, and backward from a loss that looks at all of every sentence. */
function pass(layer, x, lengths) {
  layer.zeroGrad();
  const { output, state } = layer.forward(x, { lengths });
  output.mul(output).sum().add(state.h.sum()).backward();
  return {
    outputs: [...output.toArray(), ...state.h.toArray(), ...(state.c?.toArray() ?? [])],
    state: state.h.toArray(),
    gradients: layer.parameters().flatMap((parameter) => parameter.grad.toArray()),
  };
}

function padded(x, lengths, filling) {
  const [steps, rows, size] = x.shape;
  const numbers = Float32Array.from(x.data);
  for (const [row, length] of lengths.entries())
    for (let t = length; t < steps; t++) numbers.fill(filling, (t * rows + row) * size, (t * rows + row + 1) * size);
  return u.tensor(numbers, x.shape);
}

const different = (a, b) => a.filter((value, k) => !Object.is(value, b[k])).length;

function largestRelative(a, b) {
  const largest = Math.max(...b.map(Math.abs));
  return Math.max(...Array.from(a, (value, k) => Math.abs(value - b[k]))) / largest;
}
