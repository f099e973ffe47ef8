// Word vectors learnt elsewhere: the rows that a task's words need, picked in one pass out of a file of any size.
import { tensor } from '../../autograd/creation.js';
import { Parameter, type Tensor } from '../../autograd/tensor.js';
import { DataError, FormatError, ShapeError } from '../../errors.js';
import {
  loadSafetensors,
  readSafetensorsMetadata,
  type SafetensorsSource,
  saveSafetensors,
} from '../../io/safetensors.js';
import { checkOptions, is, required, show } from '../../options.js';
import { lines, type StreamSource, texts } from '../stream.js';
import type { Vocabulary } from './vocabulary.js';

export interface PickVectorsOptions {
  /** The words to keep; all others are passed over as they come. */
  readonly words: Iterable<string>;
  /**
   * 'text' (GloVe, word2vec, fastText): a line a word, `the 0.418 0.25 ...`, with or without a first line of the two sizes.
   * 'json': `"the": [0.418, 0.25, ...]`, at any depth. Default 'text'.
   */
  readonly format?: 'text' | 'json';
  /** Numbers a word. Needed for 'json', whose lists may have more, which are dropped; default for 'text': the first line's. */
  readonly size?: number;
  /** For messages: the file's. Default: the path or URL. */
  readonly name?: string;
}

/**
 * Vectors of some words.
 *
 *   const vectors = await WordVectors.pick('glove.6B.100d.txt', { words: vocabulary.tokens });
 *   vectors.fill(model.embedding.weight, vocabulary);
 *   await vectors.save('vectors.safetensors');   // 2 MB instead of 300
 *
 * Source: Pennington, Socher & Manning 2014 (GloVe).
 */
export class WordVectors {
  readonly size: number;
  readonly #rows: ReadonlyMap<string, Float32Array>;

  private constructor(rows: ReadonlyMap<string, Float32Array>, size: number) {
    this.#rows = rows;
    this.size = size;
  }

  /**
   * Reads a file once; in memory are the rows kept and a piece of the file. Of a word that comes twice the first counts.
   *
   * @throws DataError  naming the line or word: too few numbers, or something that is no number
   */
  static async pick(source: StreamSource, options: PickVectorsOptions): Promise<WordVectors> {
    checkOptions<PickVectorsOptions>('WordVectors.pick', options, {
      words: required(is.any),
      format: is.oneOf('text', 'json'),
      size: options.format === 'json' ? required(is.integer(1)) : is.integer(1),
      name: is.string,
    });
    const {
      format = 'text',
      name = String(typeof source === 'object' && !(source instanceof URL) ? 'the vectors' : source),
    } = options;
    const wanted = new Set(options.words);
    const rows = new Map<string, Float32Array>();
    let { size } = options;
    const found = format === 'json' ? jsonEntries(source, name) : lineEntries(source, name, wanted, size);
    for await (const { word, numbers, place } of found) {
      size ??= numbers.length;
      if (size < 1) throw new DataError(`${name}, ${place}: there must be numbers behind the word, got ${show(word)}`);
      refuseLonger(word, wanted, size, `${name}, ${place}`);
      if (!wanted.has(word) || rows.has(word)) continue;
      const row = Float32Array.from(numbers.slice(0, size), (part) => (part.trim() === '' ? Number.NaN : Number(part)));
      if (row.length < size || !row.every(Number.isFinite)) {
        throw new DataError(
          `${name}, ${place}: the vector of ${show(word)} must be ${size} finite numbers, got ${row.length}` +
            `${row.length < size ? '' : ` with ${show(numbers[row.findIndex((value) => !Number.isFinite(value))])} among them`}`,
        );
      }
      rows.set(word, row);
    }
    if (size === undefined) throw new DataError(`${name}: is empty; there must be a line a word`);
    return new WordVectors(rows, size);
  }

  /** The words that were found, in the order of the file. */
  get words(): string[] {
    return [...this.#rows.keys()];
  }

  has(word: string): boolean {
    return this.#rows.has(word);
  }

  /** A copy; undefined for a word without a vector. */
  get(word: string): Float32Array | undefined {
    return this.#rows.get(word)?.slice();
  }

  /**
   * Writes the vectors into an embedding's rows; rows of other words stay as they are.
   *
   * @param weight  [vocabulary.size, size]
   * @returns how many words had a vector
   */
  fill(weight: Tensor, vocabulary: Vocabulary): number {
    const [rows, columns] = weight.shape;
    if (weight.shape.length !== 2 || rows !== vocabulary.size || columns !== this.size) {
      throw new ShapeError(
        `WordVectors.fill: weight must be [${vocabulary.size}, ${this.size}] (vocabulary, size), got [${weight.shape.join(', ')}]`,
      );
    }
    let count = 0;
    const { data } = weight;
    for (const [word, row] of this.#rows) {
      if (!vocabulary.has(word)) continue;
      data.set(row, vocabulary.id(word) * this.size);
      count++;
    }
    if (weight instanceof Parameter) weight.touch();
    return count;
  }

  /** As safetensors: `vectors` [words, size], the words as metadata. @param path  null: only returns the bytes */
  save(path: string | URL | null): Promise<Uint8Array> {
    const table = new Float32Array(this.#rows.size * this.size);
    for (const [k, row] of [...this.#rows.values()].entries()) table.set(row, k * this.size);
    const vectors = tensor(table, [this.#rows.size, this.size]);
    return saveSafetensors(path, { vectors }, { metadata: { words: JSON.stringify(this.words) } });
  }

  /** @throws FormatError  if it is not what save wrote */
  static async load(source: SafetensorsSource): Promise<WordVectors> {
    const { vectors } = await loadSafetensors(source);
    const words: unknown = JSON.parse((await readSafetensorsMetadata(source)).words ?? 'null');
    const [count, size] = vectors?.shape ?? [];
    if (!vectors || size === undefined || !Array.isArray(words) || words.length !== count) {
      const name = typeof source === 'string' || source instanceof URL ? String(source) : 'the file';
      throw new FormatError(
        `WordVectors.load: ${name} must hold a tensor "vectors" [words, size] and as many words, as WordVectors.save writes`,
      );
    }
    const table = Float32Array.from(vectors.toArray());
    return new WordVectors(new Map(words.map((word, k) => [word, table.slice(k * size, (k + 1) * size)])), size);
  }
}

/** More numbers than the others have look like a word with spaces in it, "film 0.1": one that nobody would miss. */
function refuseLonger(word: string, wanted: ReadonlySet<string>, size: number, place: string): void {
  const [first, ...rest] = word.split(/[ \t]/);
  const isNumber = (part: string) => part !== '' && Number.isFinite(Number(part));
  if (rest.length === 0 || !wanted.has(first as string) || isNumber(first as string) || !rest.every(isNumber)) return;
  throw new DataError(
    `${place}: the vector of ${show(first)} must be ${size} finite numbers, got ${size + rest.length}`,
  );
}

interface Entry {
  readonly word: string;
  readonly numbers: readonly string[];
  readonly place: string;
}

/** Lines of wanted words, and the first: it says how many numbers there are. */
async function* lineEntries(
  source: StreamSource,
  name: string,
  wanted: ReadonlySet<string>,
  given: number | undefined,
): AsyncGenerator<Entry> {
  let size = given;
  let line = 0;
  for await (const text of lines(source, { name })) {
    line++;
    // word2vec's first line: how many words, how many numbers.
    if (line === 1 && /^\d+ \d+\s*$/.test(text)) {
      size ??= Number(text.split(' ')[1]);
      continue;
    }
    if (size !== undefined && !wanted.has(text.slice(0, text.search(/[ \t]|$/)))) continue;
    const parts = text.trimEnd().split(/[ \t]/);
    size ??= parts.length - 1;
    // GloVe 840B has words with spaces in them, such as ". . .": the numbers are the last ones.
    const length = Math.max(1, parts.length - size);
    yield { word: parts.slice(0, length).join(' '), numbers: parts.slice(length), place: `line ${line}` };
  }
}

/** Longer than any vector is as text: an entry that a piece of the file cuts in two is put together from this much. */
const LONGEST = 1 << 17;

async function* jsonEntries(source: StreamSource, name: string): AsyncGenerator<Entry> {
  let text = '';
  for await (const piece of texts(source, name, undefined)) {
    text += piece;
    let end = 0;
    for (const match of text.matchAll(/"((?:[^"\\]|\\.)*)"\s*:\s*\[([-+.\deE,\s]*)\]/g)) {
      const [entry, word, numbers] = match;
      end = match.index + entry.length;
      yield { word: JSON.parse(`"${word}"`), numbers: (numbers as string).split(','), place: `entry ${show(word)}` };
    }
    text = text.slice(Math.max(end, text.length - LONGEST));
  }
}
