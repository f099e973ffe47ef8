// Trains one model on one random split, and measures it once on the part that nothing was chosen by.
import * as u from 'unrolled';
import { split } from './data.mjs';
import { kinds } from './models.mjs';
import { Vocabulary } from './text.mjs';
import { VECTOR_SIZE } from './vectors.mjs';

const measured = { loss: 'bceWithLogits', metrics: ['accuracy'] };

/**
 * @param {string} kind  one of models.mjs
 * @param {import('./data.mjs').Review[]} reviews
 * @param {object} options
 * @param {number} options.seed  of the split, the initial weights, dropout and the order of batches
 * @param {number} options.epochs  at most; early stopping watches the loss on the validation part
 * @param {boolean} [options.bidirectional]
 * @param {Map<string, Float32Array>} [options.vectors]  word vectors to start from
 * @param {object} [options.watch]  further options of `fit`: callbacks, onProgress
 */
export async function trainOne(kind, reviews, { seed, epochs, bidirectional = false, vectors, watch = {} }) {
  u.seed(seed);
  const { train, validation, test } = split(reviews, seed);
  const vocabulary = Vocabulary.from(train, 2);
  const config = { vocabularySize: vocabulary.size, bidirectional, ...(vectors && { embeddingDim: VECTOR_SIZE }) };
  const model = kinds[kind](config);
  if (vectors) model.startFrom?.(vectors, vocabulary);

  const history = await u.fit(model, batches(train, vocabulary, { shuffle: true }), {
    ...measured,
    ...watch,
    optimizer: new u.Adam(model.parameters(), { lr: 2e-3 }),
    epochs,
    clipNorm: 1,
    validation: batches(validation, vocabulary),
    earlyStopping: { monitor: 'validation.loss', patience: 3 },
  });
  const { metrics } = await u.evaluate(model, batches(test, vocabulary), measured);

  const best = history.epochs[history.best.epoch - 1];
  return {
    kind,
    seed,
    config,
    model,
    vocabulary,
    test,
    parameters: model.parameters().reduce((sum, parameter) => sum + parameter.size, 0),
    history,
    bestEpoch: best.epoch,
    secondsPerEpoch: history.epochs.reduce((sum, { seconds }) => sum + seconds, 0) / history.epochs.length,
    validationAccuracy: best.validation.metrics.accuracy,
    validationLoss: best.validation.loss,
    testAccuracy: metrics.accuracy,
    majorityAccuracy: majority(train, test),
  };
}

function batches(reviews, vocabulary, options = {}) {
  const samples = reviews.map(({ tokens, label }) => ({ x: vocabulary.encode(tokens), y: label }));
  return u.batches(samples, { batchSize: 32, y: 'value', ...options });
}

/** Accuracy on the test part of always giving the commoner answer of the training part. */
function majority(train, test) {
  const positive = train.filter(({ label }) => label === 1).length;
  const answer = positive * 2 >= train.length ? 1 : 0;
  return test.filter(({ label }) => label === answer).length / test.length;
}

/**
 * The model's logit for each text: above 0 is positive.
 *
 * @param {u.Module} model
 * @param {number[][]} texts  word ids
 */
export function logits(model, texts) {
  const samples = texts.map((ids) => ({ x: ids }));
  const [{ x, lengths }] = u.batches(samples, { batchSize: texts.length });
  return u.predict(model, x, { lengths }).toArray();
}
