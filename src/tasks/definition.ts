// What a task is: one object a task, in src/tasks/NAME.ts (or NAME/index.ts), listed in src/tasks/list.ts. Reading files,
// splitting, training, early stopping, resuming, saving and the command line are shared and know no task.
//
// To add a task: write its definition and its line in list.ts, and the function of its name in index.ts; the command line
// and the tests go over the list.
import type { Json } from '../io/exact-json.js';
import type { Module } from '../layers/module.js';
import type { Optimizer } from '../optim/optimizer.js';
import type { Rule } from '../options.js';
import type { Batches } from '../train/data.js';
import type { FitOptions } from '../train/fit-options.js';

export type TaskName = 'classify' | 'tag' | 'forecast' | 'charlm' | 'wordlm' | 'translate' | 'transcribe' | 'caption';

export type CellName = 'rnn' | 'lstm' | 'gru';

/** What every task can be told; `--hidden 64` on the command line is `hidden: 64` here. Undefined: the task's own default. */
export interface CommonSettings {
  readonly cell: CellName;
  readonly hidden: number;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly embedding: number;
  readonly dropout: number;
  readonly epochs: number;
  readonly batch: number;
  readonly lr: number;
  readonly clip: number;
  /** Epochs without improvement on the validation part after which training ends. */
  readonly patience: number;
  readonly seed: number;
}

/** The common ones, and the task's own by name. */
export type Settings = CommonSettings & { readonly [own: string]: unknown };

/** An option of one task: `--horizon N`. */
export interface TaskOption {
  readonly rule: Rule;
  /** Of what the command line gives: a number, a word, a switch. */
  readonly type: 'number' | 'string' | 'boolean';
  readonly default?: Json;
  /** What stands for the value in --help where it is no plain number or word: FILE. */
  readonly value?: string;
  /** One line for --help. */
  readonly help: string;
}

/** A column that a task reads from tables. */
export interface TaskColumn {
  /** The option that names it: `text` is `--text NAME`. */
  readonly option: string;
  /** Names to look for, most likely first, when the option is not given; what was chosen is said aloud. */
  readonly guesses: readonly string[];
  readonly optional?: boolean;
  /** Of the columns of a group a table has one: where one is named, the others are not guessed. */
  readonly group?: string;
  /** What is to be learnt: rows to predict need not have it. */
  readonly target?: boolean;
  /** May be several, separated by commas: `--value temp,rain`. Default false. */
  readonly several?: boolean;
  readonly help: string;
}

/** One row of a table, of a list given to the API, or of a CoNLL file: what stands under the chosen columns. */
export interface Row {
  /** Where it stands, for messages: a line of the file from 1, or the index in the list plus 1. */
  readonly line: number;
  /** By TaskColumn.option. From CSV and TSV strings; from JSONL and lists whatever was there. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a task gets to read: rows of the chosen columns, or the whole text. */
export type RawData =
  | {
      readonly kind: 'rows';
      readonly name: string;
      readonly rows: readonly Row[];
      /** Which column of the file each option means. */
      readonly columns: Readonly<Record<string, string | readonly string[]>>;
      /** Paths in a manifest are relative to this folder or URL. */
      readonly base: string;
    }
  | { readonly kind: 'text'; readonly name: string; readonly text: string };

/** Says something to who runs the task: what was guessed, left out, or done. One line. */
export type Say = (line: string) => void;

export interface ReadContext {
  readonly settings: Settings;
  readonly say: Say;
}

export interface BatchContext {
  readonly settings: Settings;
  /** True for data to learn from: shuffled, noise allowed. */
  readonly training: boolean;
}

/** How a model learns: what `fit` is given beside data, epochs, clipping, validation and early stopping. */
export interface Learning extends Pick<FitOptions, 'loss' | 'metrics' | 'forward' | 'tbptt' | 'callbacks'> {
  /** Default: Adam with settings.lr. */
  readonly optimizer?: Optimizer;
  /** What early stopping watches. Default 'validation.loss'. */
  readonly monitor?: string;
}

/** Figures of the test part by name, as the last line of `--json` gives them: accuracy, mae, bleu, ... Rounded by nobody. */
export type Figures = Readonly<Record<string, number>>;

/** So many of what `unit` names, in the singular: characters of a text, rows of a series. */
export interface Amount {
  readonly count: number;
  readonly unit: string;
}

/**
 * @typeParam Example  what one row, or one piece of text, is once read and checked; plain data
 * @typeParam Prep     what has to be known before there is a model, learnt from the training part alone: vocabularies,
 *                     labels, scalers. JSON: it is saved with the model
 * @typeParam Input    what predict takes one of
 * @typeParam Answer   what predict gives for one; JSON
 */
export interface TaskDefinition<Example = unknown, Prep extends Json = Json, Input = unknown, Answer = unknown> {
  readonly name: TaskName;
  /** One line for --help and the docs. */
  readonly summary: string;
  /** What FILE may be: a table (CSV, TSV, JSONL), CoNLL columns, plain text. */
  readonly inputs: readonly ('table' | 'conll' | 'text')[];
  readonly columns: readonly TaskColumn[];
  readonly options: Readonly<Record<string, TaskOption>>;
  /** How --valid and --test fractions are cut: the last part, or a seeded random part. */
  readonly split: 'last' | 'random';

  /** Settings that the first data decide where they are not given: the sampling rate of sounds. */
  settle?(data: RawData, context: ReadContext): Promise<Partial<Settings>>;
  /** Reads and checks. Throws DataError naming file and line. May skip and count where the settings say so. */
  read(data: RawData, context: ReadContext): readonly Example[] | Promise<readonly Example[]>;
  /** How much the examples are, in what users count them in. Default: their number, in examples. */
  amount?(examples: readonly Example[]): Amount;
  /** Two examples of the same key are one and must not lie on both sides of a split. Default: all differ. */
  key?(example: Example): string;
  /**
   * Cuts off the last `share` of the examples, where examples are not simply a list of independent ones (a text is one example).
   * Needed with split 'last' only; default: the last ones of the list.
   */
  cut?(examples: readonly Example[], share: number): readonly [first: readonly Example[], last: readonly Example[]];

  /** From the training part. Throws DataError where nothing can be learnt (one class, no rows). */
  prepare(train: readonly Example[], context: ReadContext): Prep | Promise<Prep>;
  /** Good first values for this much data. */
  defaults(train: readonly Example[], prep: Prep): Partial<Settings>;
  build(prep: Prep, settings: Settings): Module;
  /** Batches of one epoch; called anew for each. Training order comes from the global generator (u.seed). */
  batches(examples: readonly Example[], prep: Prep, context: BatchContext): Batches;
  learning(model: Module, prep: Prep, settings: Settings): Learning;

  /** What the validation part says of the trained model, added to prep: how wide intervals have to be. In eval mode. */
  calibrate?(model: Module, valid: readonly Example[], prep: Prep, settings: Settings): Prep;

  /** On examples that nothing was learnt or chosen from; in eval mode, under noGrad. */
  evaluate(
    model: Module,
    examples: readonly Example[],
    prep: Prep,
    settings: Settings,
    /** What the model was trained on, for baselines; absent when a saved task is evaluated. */
    train?: readonly Example[],
  ): Figures | Promise<Figures>;
  predict(
    model: Module,
    inputs: readonly Input[],
    prep: Prep,
    settings: Settings,
  ): readonly Answer[] | Promise<readonly Answer[]>;
  /** The option of the column that inputs stand in, where that hangs on what was learnt from. Default: the first column. */
  inputColumn?(prep: Prep): string;
  /** Which columns the task was trained on, by option: those of other files have the same names, unless told otherwise. */
  columnsOf?(prep: Prep): Readonly<Record<string, string | readonly string[]>>;
  /** What predict takes, from a file (rows need not have the targets): an input a row, or one of them all. Throws DataError. */
  inputsOf(data: RawData, prep: Prep, settings: Settings): readonly Input[] | Promise<readonly Input[]>;
  /** For `generate`: language models only. */
  generate?(model: Module, prompt: string, prep: Prep, settings: Settings, options: GenerateOptions): string;
}

export interface GenerateOptions {
  /** Characters or words to add. Default 200. */
  readonly length: number;
  /** Divides the logits: below 1 safer, above 1 wilder. Default 1; 0 always takes the likeliest. */
  readonly temperature: number;
  /** Only the k likeliest. 0: all. */
  readonly topK: number;
  /** Only the likeliest that together have this probability. 1: all. */
  readonly topP: number;
  readonly seed?: number;
}
