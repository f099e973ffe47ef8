// The copy task: a few symbols, then nothing for a long time, then they are asked for. Only who remembers can answer.

import * as u from 'unrolled';
import type { PerCell } from '../../shared/history.js';
import type { Settings } from '../../shared/settings.js';
import { accuracy, type Batch, best, IGNORED, type Problem, percent, random, softmax, windowOf } from '../problem.js';

/** Symbols to remember, out of an alphabet of this many. */
const SYMBOLS = 2;
const ALPHABET = 6;
/** Two more ids: nothing, and the question. */
const NOTHING = ALPHABET;
const QUESTION = ALPHABET + 1;
const LETTERS = 'ABCDEF';
const SHOWN = 4;
const MEASURED = 64;

export function copyProblem(settings: Settings): Problem {
  const { length: delay, batch: B, seed } = settings;
  const T = SYMBOLS + delay + SYMBOLS;

  const draw = (generator: u.Generator, rows: number): Batch => {
    const x = new Int32Array(T * rows).fill(NOTHING);
    const y = new Int32Array(T * rows).fill(IGNORED);
    for (let b = 0; b < rows; b++) {
      for (let k = 0; k < SYMBOLS; k++) {
        const symbol = generator.integer(ALPHABET);
        const asked = SYMBOLS + delay + k;
        x[k * rows + b] = symbol;
        x[asked * rows + b] = QUESTION;
        y[asked * rows + b] = symbol;
      }
    }
    return { T, B: rows, x, y, lengths: null };
  };
  const column = (ids: Int32Array, rows: number, b: number) =>
    Array.from({ length: T }, (_, t) => ids[t * rows + b] as number);

  const measured = draw(random(seed, 2 ** 19), MEASURED);
  const shown = draw(random(seed, 2 ** 19 + 1), SHOWN);
  return {
    shape: { inputs: ALPHABET + 2, inputKind: 'ids', vectors: null, outputs: ALPHABET, answers: 'each' },
    loss: 'crossEntropy',
    metric: { name: 'accuracy', unit: '%', better: 'higher' },
    facts: [`${SYMBOLS} of ${ALPHABET} symbols, ${delay} empty steps, then they are asked for in the same order`],
    baseline: { metric: 1 / ALPHABET, name: 'guessing' },
    batch: (step) => draw(random(seed, step), B),
    validation: [measured],
    figure: accuracy,
    example() {
      const batch = draw(random(seed, 2 ** 19 + 1), 1);
      return { tokens: column(batch.x as Int32Array, 1, 0).map(nameOf), batch };
    },
    explain(scores, steps) {
      const likeliest = Array.from({ length: steps }, (_, t) => best(scores, t * ALPHABET, ALPHABET));
      const shares = likeliest.map((id, t) => softmax(scores, t * ALPHABET, ALPHABET)[id] as number);
      const texts = likeliest.map((id, t) => `${LETTERS[id]} ${percent(shares[t] as number)}`);
      return { name: 'says', texts, shares };
    },
    view(nets) {
      const said: PerCell<Float32Array> = {};
      for (const { cell, net } of nets) {
        said[cell] = Float32Array.from(u.predict(net, windowOf(shown, net.shape).x).data);
      }
      const rows = Array.from({ length: SHOWN }, (_, b) => {
        const answers: PerCell<string[]> = {};
        for (const { cell } of nets) {
          const scores = said[cell] as Float32Array;
          answers[cell] = Array.from({ length: SYMBOLS }, (_, k) => {
            const at = ((SYMBOLS + delay + k) * SHOWN + b) * ALPHABET;
            return LETTERS[best(scores, at, ALPHABET)] as string;
          });
        }
        return {
          shown: column(shown.x as Int32Array, SHOWN, b)
            .slice(0, SYMBOLS)
            .map(nameOf),
          answers,
        };
      });
      return { kind: 'recalled', delay, rows };
    },
  };
}

const nameOf = (id: number): string => (id === NOTHING ? '·' : id === QUESTION ? '?' : (LETTERS[id] as string));
