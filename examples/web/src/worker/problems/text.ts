// A text, character by character: after each the net says which comes next.
import * as u from 'unrolled';
import { Vocabulary } from 'unrolled/data';
import type { PerCell } from '../../shared/history.js';
import type { Settings } from '../../shared/settings.js';
import type { Text } from '../../shared/sources.js';
import type { Net } from '../net.js';
import { type Batch, best, type Problem, ProblemError, percent, random, softmax } from '../problem.js';

/** Characters that are written at once. */
const WRITTEN = 240;
const MOST_CHARACTERS = 300;
/** Sequences that are only measured. */
const MEASURED = 24;

export function textProblem(source: Text, settings: Settings): Problem {
  const { length, batch: B, seed } = settings;
  const characters = Array.from(source.text);
  // The last tenth is kept to measure on.
  const cut = Math.floor(characters.length * 0.9);
  if (characters.length - cut <= length + 1) {
    throw new ProblemError(
      `${source.name}: a text of ${characters.length} characters is too short for sequences of ${length}; at least ${10 * (length + 3)} are needed, or shorter sequences`,
    );
  }
  const vocabulary = Vocabulary.from([characters.slice(0, cut)], { maxSize: MOST_CHARACTERS });
  const ids = Int32Array.from(vocabulary.encode(characters));
  const V = vocabulary.size;

  const batchFrom = (starts: readonly number[]): Batch => {
    const rows = starts.length;
    const x = new Int32Array(length * rows);
    const y = new Int32Array(length * rows);
    for (const [b, start] of starts.entries()) {
      for (let t = 0; t < length; t++) {
        x[t * rows + b] = ids[start + t] as number;
        y[t * rows + b] = ids[start + t + 1] as number;
      }
    }
    return { T: length, B: rows, x, y, lengths: null };
  };

  const spare = characters.length - cut - length - 1;
  const measured = batchFrom(Array.from({ length: MEASURED }, (_, k) => cut + Math.floor((k * spare) / MEASURED)));
  return {
    shape: { inputs: V, inputKind: 'ids', vectors: null, outputs: V, answers: 'each' },
    loss: 'crossEntropy',
    metric: { name: 'bits a character', unit: '', better: 'lower' },
    facts: [
      `${cut.toLocaleString('en')} characters to learn from, ${(characters.length - cut).toLocaleString('en')} only to measure on, ${V} different ones`,
    ],
    baseline: { metric: frequencyBits(ids, cut, V), name: 'knowing only how often each character occurs' },
    batch(step) {
      const generator = random(seed, step);
      return batchFrom(Array.from({ length: B }, () => generator.integer(cut - length - 1)));
    },
    validation: [measured],
    figure: (_, __, loss) => loss / Math.LN2,
    example(text) {
      const tokens = Array.from(text).slice(0, length);
      if (tokens.length === 0) return null;
      const x = Int32Array.from(vocabulary.encode(tokens));
      // What comes after the last is not known: any character will do to look at gates.
      const y = Int32Array.from(x, (_, t) => x[t + 1] ?? Vocabulary.UNKNOWN);
      return { tokens: tokens.map(visible), batch: { T: x.length, B: 1, x, y, lengths: null } };
    },
    explain(scores, T) {
      const likeliest = Array.from({ length: T }, (_, t) => best(scores, t * V, V));
      const shares = likeliest.map((id, t) => softmax(scores, t * V, V)[id] as number);
      return {
        name: 'next',
        texts: likeliest.map((id, t) => `${visible(vocabulary.tokens[id] ?? '')} ${percent(shares[t] as number)}`),
        shares,
      };
    },
    view(nets, { prompt, temperature }) {
      const begin = vocabulary.encode(Array.from(prompt).slice(-200));
      const texts: PerCell<string> = {};
      for (const { cell, net } of nets) {
        texts[cell] = vocabulary.decode(write(net, begin, temperature, new u.Generator(seed))).join('');
      }
      return { kind: 'written', prompt, temperature, texts };
    },
  };
}

/** Characters after `begin`, each drawn from what the net expects. The same generator gives comparable texts. */
function write(net: Net, begin: readonly number[], temperature: number, generator: u.Generator): number[] {
  const written: number[] = [];
  u.noGrad(() => {
    let state: u.RecurrentState | null = null;
    let scores: u.Tensor | null = null;
    const read = (id: number) => {
      ({ scores, state } = net.step(u.tensor(Int32Array.of(id), [1]), state));
    };
    for (const id of begin.length > 0 ? begin : [Vocabulary.BEGIN]) read(id);
    while (written.length < WRITTEN) {
      const allowed = Float32Array.from((scores as unknown as u.Tensor).data);
      // No character of the text, and so never written: padding, unknown, beginning, end.
      allowed.fill(Number.NEGATIVE_INFINITY, 0, 4);
      const id = u.sampleToken(allowed, { temperature, generator });
      written.push(id);
      read(id);
    }
  });
  return written;
}

/** A character that can be seen. */
const visible = (character: string): string => (character === ' ' ? '␣' : character === '\n' ? '↵' : character);

/** Cross-entropy of the part to measure on, in bits, for who knows only frequencies. */
function frequencyBits(ids: Int32Array, cut: number, V: number): number {
  const counts = new Float64Array(V).fill(1);
  for (let k = 0; k < cut; k++) counts[ids[k] as number] = (counts[ids[k] as number] as number) + 1;
  let bits = 0;
  for (let k = cut; k < ids.length; k++) bits -= Math.log2((counts[ids[k] as number] as number) / (cut + V));
  return bits / (ids.length - cut);
}
