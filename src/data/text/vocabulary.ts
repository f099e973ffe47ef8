// Words (or characters) and their numbers.
import { FormatError, OptionError } from '../../errors.js';
import { checkOptions, is, show } from '../../options.js';

export interface VocabularyOptions {
  /** Tokens that occur less often are unknown. Default 1. */
  readonly minCount?: number;
  /** At most this many tokens, special ones included; the most frequent stay. Default: no limit. */
  readonly maxSize?: number;
}

/** The special tokens, in this order before all others. */
const SPECIALS = ['<pad>', '<unk>', '<s>', '</s>'] as const;

/** A vocabulary as JSON: its tokens by number, without the special ones. */
export type VocabularyJson = readonly string[];

/**
 * Tokens by number and numbers by token. 0 is padding, 1 an unknown token, 2 the beginning and 3 the end of a sequence; then
 * the tokens by how often they occur, those that occur as often by the alphabet.
 */
export class Vocabulary {
  static readonly PAD = 0;
  static readonly UNKNOWN = 1;
  static readonly BEGIN = 2;
  static readonly END = 3;

  /** By number, special ones included. */
  readonly tokens: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  /** @param tokens  without the special ones */
  constructor(tokens: readonly string[]) {
    this.tokens = [...SPECIALS, ...tokens];
    // What a text calls "<pad>" is a word like any other: it never gets a special number.
    this.#ids = new Map(tokens.map((token, k) => [token, SPECIALS.length + k]));
    if (this.#ids.size !== tokens.length) {
      const seen = new Set<string>();
      const twice = tokens.find((token) => seen.size === seen.add(token).size);
      throw new OptionError(`Vocabulary: tokens must differ from each other, got ${show(twice)} twice`);
    }
  }

  /** Of all tokens of some texts. The order of the texts does not matter. */
  static from(texts: Iterable<readonly string[]>, options: VocabularyOptions = {}): Vocabulary {
    checkOptions<VocabularyOptions>('Vocabulary.from', options, {
      minCount: is.integer(1),
      maxSize: is.integer(SPECIALS.length + 1),
    });
    const { minCount = 1, maxSize = Number.POSITIVE_INFINITY } = options;
    const counts = new Map<string, number>();
    for (const text of texts) for (const token of text) counts.set(token, (counts.get(token) ?? 0) + 1);
    const kept = [...counts].filter(([, count]) => count >= minCount);
    kept.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    return new Vocabulary(kept.slice(0, maxSize - SPECIALS.length).map(([token]) => token));
  }

  /** Numbers there are, special ones included: numEmbeddings of an Embedding. */
  get size(): number {
    return this.tokens.length;
  }

  has(token: string): boolean {
    return this.#ids.has(token);
  }

  /** A token's number; UNKNOWN where it has none. */
  id(token: string): number {
    return this.#ids.get(token) ?? Vocabulary.UNKNOWN;
  }

  encode(tokens: readonly string[]): number[] {
    return tokens.map((token) => this.id(token));
  }

  /** Tokens of numbers up to the end of the sequence; the other special ones are left out, but for unknown tokens. */
  decode(ids: Iterable<number>): string[] {
    const tokens: string[] = [];
    for (const id of ids) {
      if (id === Vocabulary.END) break;
      if (id === Vocabulary.PAD || id === Vocabulary.BEGIN) continue;
      const token = this.tokens[id];
      if (token === undefined) throw new OptionError(`Vocabulary: an id must be from 0 to ${this.size - 1}, got ${id}`);
      tokens.push(token);
    }
    return tokens;
  }

  toJSON(): VocabularyJson {
    return this.tokens.slice(SPECIALS.length);
  }

  /** @throws FormatError  if it is not what toJSON gave */
  static fromJSON(json: unknown): Vocabulary {
    if (Array.isArray(json) && json.every((token) => typeof token === 'string')) return new Vocabulary(json);
    throw new FormatError(`Vocabulary: its JSON must be a list of tokens, got ${show(json)}`);
  }
}
