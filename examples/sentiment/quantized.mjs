// What int8 and bfloat16 weights cost a trained model: its accuracy on the test part against that of its float32 weights.
import * as u from 'unrolled';
import { logits } from './train.mjs';

/**
 * @param {{ model: u.Module, vocabulary: import('./text.mjs').Vocabulary, test: import('./data.mjs').Review[] }} trained
 *   left as it was
 * @returns one entry for float32 and each type of quantised weights: bytes of the recurrent layers' weights, accuracy, how many
 *   answers differ from float32's, the largest |difference| of a logit. Empty for a model without a recurrent layer.
 */
export function quantizedTest({ model, vocabulary, test }) {
  const texts = test.map(({ tokens }) => vocabulary.encode(tokens));
  const accuracy = (answers) => answers.filter((logit, k) => logit > 0 === (test[k].label === 1)).length / test.length;
  const float32 = logits(model, texts);
  const results = [];
  for (const dtype of ['int8', 'bf16']) {
    const layers = u.quantize(model, { dtype });
    if (layers.length === 0) return [];
    const answers = logits(model, texts);
    u.dequantize(model);
    const sum = (key) => layers.reduce((total, layer) => total + layer[key], 0);
    if (results.length === 0) {
      results.push({
        dtype: 'float32',
        bytes: sum('float32Bytes'),
        accuracy: accuracy(float32),
        changed: 0,
        largest: 0,
      });
    }
    results.push({
      dtype,
      bytes: sum('quantizedBytes'),
      accuracy: accuracy(answers),
      changed: answers.filter((logit, k) => logit > 0 !== float32[k] > 0).length,
      largest: Math.max(...answers.map((logit, k) => Math.abs(logit - float32[k]))),
    });
  }
  return results;
}
