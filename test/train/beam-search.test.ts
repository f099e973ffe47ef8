// Beam search against looking at every sequence there is, and the corners: width 1, cut-off, sentences of their own speed.
import { beforeAll, describe, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { seeded } from '../helpers/random.js';

const C = 4; // tokens; 3 ends
const END = 3;

/** A model whose scores are a table of all histories: nothing to exploit. */
function tableModel(seed: number) {
  const rows = new Map<string, number[]>();
  return (history: readonly number[]): number[] => {
    const key = history.join();
    let row = rows.get(key);
    if (row === undefined) {
      const random = seeded(seed * 7919 + [...key].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) | 0, 7));
      const logits = Array.from({ length: C }, () => 3 * random());
      const sum = Math.log(logits.reduce((total, value) => total + Math.exp(value), 0));
      row = logits.map((value) => value - sum);
      rows.set(key, row);
    }
    return row;
  };
}

/** The state of a row is the history itself. */
type Histories = readonly (readonly number[])[];

function search(
  models: ((history: readonly number[]) => number[])[],
  options: Partial<u.BeamSearchOptions<Histories>>,
) {
  const { beamWidth = 4 } = options;
  return u.beamSearch<Histories>({
    batch: models.length,
    begin: 9,
    end: END,
    state: models.flatMap(() => Array.from({ length: beamWidth }, () => [])),
    step(tokens, state) {
      const histories = state.map((history, row) => [...history, tokens[row] as number]);
      const scores = histories.flatMap((history, row) => models[Math.floor(row / beamWidth)]?.(history.slice(1)) ?? []);
      return { logProbs: u.tensor(scores, [histories.length, C]), state: histories };
    },
    select: (state, rows) => rows.map((row) => state[row] as readonly number[]),
    ...options,
  });
}

/** Every sequence that ends within maxLength tokens, or is cut off there. */
function exhaustive(model: (history: readonly number[]) => number[], maxLength: number, alpha: number) {
  const found: u.Hypothesis[] = [];
  const visit = (tokens: readonly number[], logProb: number): void => {
    const row = model(tokens);
    const ended = logProb + (row[END] as number);
    found.push({ tokens, logProb: ended, score: ended / ((5 + tokens.length + 1) / 6) ** alpha });
    if (tokens.length === maxLength) {
      found.push({ tokens, logProb, score: logProb / ((5 + maxLength) / 6) ** alpha });
      return;
    }
    for (let token = 0; token < END; token++) visit([...tokens, token], logProb + (row[token] as number));
  };
  visit([], 0);
  return found.sort((a, b) => b.score - a.score);
}

beforeAll(() => u.ready({ backend: 'reference' }).then(() => {}));

describe('beam search', () => {
  it.each([0, 0.6, 1.5])('as wide as there are sequences finds the best of all, length penalty %s', (lengthPenalty) => {
    for (let seed = 1; seed <= 20; seed++) {
      const model = tableModel(seed);
      const [got] = search([model], { beamWidth: 200, maxLength: 3, lengthPenalty, results: 3 });
      const want = exhaustive(model, 3, lengthPenalty).slice(0, 3);
      expect(got?.map(({ tokens }) => tokens)).toEqual(want.map(({ tokens }) => tokens));
      got?.forEach(({ score }, k) => {
        expect(score).toBeCloseTo(want[k]?.score as number, 10);
      });
    }
  });

  it('of width 1 takes the likeliest token each time', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const model = tableModel(seed);
      const tokens: number[] = [];
      for (let t = 0; t < 6; t++) {
        const row = model(tokens);
        const token = row.indexOf(Math.max(...row));
        if (token === END) break;
        tokens.push(token);
      }
      expect(search([model], { beamWidth: 1, maxLength: 6 })[0]?.[0]?.tokens).toEqual(tokens);
    }
  });

  it('a wider beam is never worse than a narrow one by log p on average, and finds more', () => {
    const mean = (beamWidth: number) => {
      let sum = 0;
      for (let seed = 1; seed <= 50; seed++) {
        sum += search([tableModel(seed)], { beamWidth, maxLength: 5, lengthPenalty: 0 })[0]?.[0]?.logProb as number;
      }
      return sum / 50;
    };
    const [one, four, many] = [mean(1), mean(4), mean(64)];
    expect(four).toBeGreaterThan(one);
    expect(many).toBeGreaterThanOrEqual(four);
  });

  it('sentences side by side find what each finds alone', () => {
    const models = [1, 2, 3, 4, 5].map(tableModel);
    const together = search(models, { beamWidth: 3, maxLength: 8 });
    models.forEach((model, b) => {
      expect(together[b]).toEqual(search([model], { beamWidth: 3, maxLength: 8 })[0]);
    });
  });

  it('a longer sentence wins with a larger penalty', () => {
    // Ending at once has log p -1; going on for two tokens and then ending -1.2.
    const model = (history: readonly number[]): number[] => {
      const row = [
        Number.NEGATIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
      ];
      if (history.length === 0) [row[0], row[END]] = [-0.4, -1];
      else if (history.length === 1) row[0] = -0.4;
      else row[END] = -0.4;
      return row;
    };
    expect(search([model], { maxLength: 5, lengthPenalty: 0 })[0]?.[0]?.tokens).toEqual([]);
    expect(search([model], { maxLength: 5, lengthPenalty: 1 })[0]?.[0]?.tokens).toEqual([0, 0]);
  });

  it('NaN and scores of another shape are refused', () => {
    expect(() => search([() => [0, Number.NaN, 0, 0]], {})).toThrow(u.NumericError);
    expect(() =>
      u.beamSearch({
        batch: 1,
        begin: 0,
        end: 1,
        state: null,
        beamWidth: 2,
        step: () => ({ logProbs: u.zeros([1, 4]), state: null }),
      }),
    ).toThrow(/\[2, C\].*got \[1, 4\]/);
  });
});

describe('sampleToken', () => {
  const scores = [1, 3, 2, Number.NEGATIVE_INFINITY];
  const frequencies = (options: u.SampleOptions, n = 20_000) => {
    const generator = new u.Generator(4);
    const counts = new Array<number>(scores.length).fill(0);
    for (let k = 0; k < n; k++) counts[u.sampleToken(scores, { ...options, generator })]!++;
    return counts.map((count) => count / n);
  };
  const softmax = (temperature: number, allowed: number[]) => {
    const parts = scores.map((score, k) => (allowed.includes(k) ? Math.exp(score / temperature) : 0));
    const sum = parts.reduce((a, b) => a + b, 0);
    return parts.map((part) => part / sum);
  };

  it.each([
    [{}, 1, [0, 1, 2]],
    [{ temperature: 0.5 }, 0.5, [0, 1, 2]],
    [{ temperature: 2 }, 2, [0, 1, 2]],
    [{ topK: 2 }, 1, [1, 2]],
    [{ topP: 0.7 }, 1, [1, 2]],
    [{ topP: 0.6 }, 1, [1]],
    [{ topK: 2, topP: 0.9 }, 1, [1, 2]],
  ] as const)('%o draws as often as the softmax says', (options, temperature, allowed) => {
    const got = frequencies(options);
    softmax(temperature, [...allowed]).forEach((share, k) => {
      // Four standard deviations of a share of 20,000 draws.
      expect(Math.abs((got[k] as number) - share)).toBeLessThan(4 * Math.sqrt(0.25 / 20_000));
      if (share === 0) expect(got[k]).toBe(0);
    });
  });

  it('temperature 0 always takes the likeliest, the first of equals, and draws nothing', () => {
    const generator = new u.Generator(1);
    const before = generator.state();
    expect(u.sampleToken([1, 5, 5, 2], { temperature: 0, generator })).toBe(1);
    expect(generator.state()).toEqual(before);
  });

  it('the same seed draws the same, NaN is refused', () => {
    const draw = () => {
      const generator = new u.Generator(9);
      return Array.from({ length: 50 }, () => u.sampleToken(u.tensor([0.1, 0.2, 0.3]), { generator }));
    };
    expect(draw()).toEqual(draw());
    expect(() => u.sampleToken([0, Number.NaN])).toThrow(/score 1 is NaN/);
    expect(() => u.sampleToken([0, 1], { topP: 0 })).toThrow(u.OptionError);
  });
});
