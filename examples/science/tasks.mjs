// The made-up tasks: each is learnt only by who remembers what its name says. All inputs are [steps, sequences, features].
import * as u from 'unrolled';

/**
 * @typedef {object} Task
 * @property {number} inputSize
 * @property {number} outputs   numbers to predict (loss mse) or classes (loss crossEntropy)
 * @property {'mse' | 'crossEntropy'} loss
 * @property {number} guess     the loss (mse) or accuracy of who knows nothing of the past
 * @property {(random: () => number, rows: number) => { x: u.Tensor, y: u.Tensor, distances?: number[] }} draw
 */

/** By the name that jobs and tables use. */
export const tasks = { adding, firstAndLast, whichCameFirst, temporalOrder, latest };

/**
 * The adding problem: each step gives a number from [0, 1) and a mark; the answer is the sum of the two marked numbers, one in each
 * half. Always saying 1 has a mean squared error of 1/6. Source: Hochreiter & Schmidhuber 1997, as in Le et al. 2015.
 */
function adding({ steps }) {
  return {
    inputSize: 2,
    outputs: 1,
    loss: 'mse',
    guess: 1 / 6,
    draw(random, rows) {
      const x = new Float32Array(steps * rows * 2);
      const y = new Float32Array(rows);
      const half = Math.floor(steps / 2);
      for (let row = 0; row < rows; row++) {
        const at = (t) => 2 * (t * rows + row);
        for (let t = 0; t < steps; t++) x[at(t)] = random();
        for (const t of [below(random, half), half + below(random, steps - half)]) {
          x[at(t) + 1] = 1;
          y[row] += x[at(t)];
        }
      }
      return { x: u.tensor(x, [steps, rows, 2]), y: u.tensor(y, [rows, 1]) };
    },
  };
}

/**
 * The first word is A or B, the last word is A or B, and all words between are others: which of the four pairs was it? Who knows
 * only the last word is right half the time.
 */
function firstAndLast({ steps }) {
  return wordTask({ steps, classes: 4, guess: 0.5 }, (random, words) => {
    fill(words, random);
    words[0] = below(random, 2);
    words[steps - 1] = below(random, 2);
    return 2 * words[0] + words[steps - 1];
  });
}

/**
 * A and B stand somewhere in the sentence, once each, `1 .. farthest` words apart and at least `margin` words from both ends:
 * which came first? Nothing but the order tells, and with the margin the ends of the sentence give no hint to a window that
 * slides over it.
 */
function whichCameFirst({ steps, farthest, margin }) {
  return wordTask({ steps, classes: 2, guess: 0.5 }, (random, words, distances) => {
    fill(words, random);
    const distance = 1 + below(random, farthest);
    const first = margin + below(random, steps - 2 * margin - distance);
    const answer = below(random, 2);
    words[first] = answer;
    words[first + distance] = 1 - answer;
    distances.push(distance);
    return answer;
  });
}

/**
 * Temporal order: at two places, one between 10 and 20 % and one between 40 and 50 % of the sequence, stands an A or a B; which
 * of AA, AB, BA, BB was it? Source: Hochreiter & Schmidhuber 1997, task 6a, in the lengths of Pascanu et al. 2013.
 */
function temporalOrder({ steps }) {
  const between = (random, low, high) => Math.floor(steps * (low + (high - low) * random()));
  return wordTask({ steps, classes: 4, guess: 0.25 }, (random, words) => {
    fill(words, random);
    const [one, two] = [below(random, 2), below(random, 2)];
    words[between(random, 0.1, 0.2)] = one;
    words[between(random, 0.4, 0.5)] = two;
    return 2 * one + two;
  });
}

/** Every few words stands an A or a B: which was the latest? Needs a memory that is overwritten, and otherwise left alone. */
function latest({ steps, share }) {
  return wordTask({ steps, classes: 2, guess: 0.5 }, (random, words) => {
    fill(words, random);
    let answer = below(random, 2);
    words[0] = answer;
    for (let t = 1; t < steps; t++) {
      if (random() >= share) continue;
      answer = below(random, 2);
      words[t] = answer;
    }
    return answer;
  });
}

/** Words 0 and 1 are A and B, the others say nothing. */
const VOCABULARY = 8;
const below = (random, n) => Math.floor(random() * n);

function fill(words, random) {
  for (let t = 0; t < words.length; t++) words[t] = 2 + below(random, VOCABULARY - 2);
}

/** A task over one-hot words; `write` fills in the words of one sentence and returns its class. */
function wordTask({ steps, classes, guess }, write) {
  return {
    inputSize: VOCABULARY,
    outputs: classes,
    loss: 'crossEntropy',
    guess,
    draw(random, rows) {
      const x = new Float32Array(steps * rows * VOCABULARY);
      const y = new Int32Array(rows);
      const words = new Int32Array(steps);
      const distances = [];
      for (let row = 0; row < rows; row++) {
        y[row] = write(random, words, distances);
        for (let t = 0; t < steps; t++) x[(t * rows + row) * VOCABULARY + words[t]] = 1;
      }
      return {
        x: u.tensor(x, [steps, rows, VOCABULARY]),
        y: u.tensor(y, [rows]),
        ...(distances.length && { distances }),
      };
    },
  };
}
