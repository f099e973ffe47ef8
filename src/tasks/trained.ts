// A trained task: what `classify(...)` and the others return, and what loadTask gives back.
import { seed } from '../autograd/random.js';
import { DataError, OptionError } from '../errors.js';
import type { Json } from '../io/exact-json.js';
import type { Module } from '../layers/module.js';
import { checkOptions, is, show } from '../options.js';
import type { Diagnosis } from '../train/diagnose/diagnosis.js';
import type { Figures, GenerateOptions, Settings, TaskDefinition } from './definition.js';
import { type TaskFiles, toFiles, writeFiles } from './folder.js';
import { diagnoseFirst, type TaskDiagnoseOptions } from './gradient-report.js';
import { readSource, type SourceOptions, type TaskSource } from './source.js';

/** What a run came to: the line that `--json` ends with. */
export interface Report {
  readonly task: string;
  readonly cell: string;
  /** Numbers that were learnt. */
  readonly parameters: number;
  /** Gone through; the model is that of the best one on the validation part. */
  readonly epochs: number;
  readonly secondsPerEpoch: number;
  /** Where it was trained: native, wasm or reference. */
  readonly backend: string;
  /** Figures on the test part: accuracy, mae, bleu, ... Null without a test part. */
  readonly test: Figures | null;
}

/**
 * @typeParam Input   what predict takes a list of
 * @typeParam Answer  what it gives for each
 */
export class TrainedTask<Input = unknown, Answer = unknown> {
  readonly settings: Settings;
  readonly report: Report;
  readonly model: Module;
  /** How gradients flowed through the trained model, in words; see diagnose. Null where nothing recurrent was found. */
  readonly gradients: string | null;
  /** Vocabularies, labels, scalers: what the task learnt before the model. */
  readonly prep: Json;
  readonly #definition: TaskDefinition<unknown, Json, Input, Answer>;

  /** @internal */
  constructor(
    definition: TaskDefinition<unknown, Json, Input, Answer>,
    parts: { model: Module; settings: Settings; prep: Json; report: Report; gradients: string | null },
  ) {
    this.#definition = definition;
    this.model = parts.model;
    this.settings = parts.settings;
    this.prep = parts.prep;
    this.report = parts.report;
    this.gradients = parts.gradients;
  }

  get name(): string {
    return this.#definition.name;
  }

  /** The column that inputs stand in, by its option: text, features, ... */
  get inputColumn(): string {
    const first = this.#definition.columns.find(({ target }) => !target)?.option ?? 'text';
    return this.#definition.inputColumn?.(this.prep) ?? first;
  }

  /** An answer for each input, in evaluation mode. */
  async predict(inputs: readonly Input[]): Promise<readonly Answer[]> {
    if (!Array.isArray(inputs)) {
      throw new OptionError(
        `${this.name}: predict takes a list of inputs, got ${show(inputs)}; put one into a list: [input]`,
      );
    }
    if (inputs.length === 0) return [];
    return this.#quiet(() => this.#definition.predict(this.model, inputs, this.prep, this.settings));
  }

  /** An answer for each row of a file, or of records. */
  async predictRows(source: TaskSource, options: Partial<SourceOptions> = {}): Promise<readonly Answer[]> {
    const raw = await readSource(withoutTargets(this.#definition), source, {
      say: () => {},
      ...options,
      columns: this.#columns(options),
    });
    return this.predict(await this.#definition.inputsOf(raw, this.prep, this.settings));
  }

  /** An answer for each line: what stands in the task's first column, as `predict DIR -` reads it. */
  async predictLines(lines: readonly string[], base = ''): Promise<readonly Answer[]> {
    const column = this.inputColumn;
    const rows = lines.map((line, k) => ({ line: k + 1, fields: { [column]: line } }));
    const raw = { kind: 'rows', name: 'the input', rows, columns: { [column]: column }, base } as const;
    return this.predict(await this.#definition.inputsOf(raw, this.prep, this.settings));
  }

  /** Figures on data with their answers, that the task was not trained on. */
  async evaluate(source: TaskSource, options: Partial<SourceOptions> = {}): Promise<Figures> {
    const examples = await this.#examples(source, options);
    return this.#quiet(() => this.#definition.evaluate(this.model, examples, this.prep, this.settings));
  }

  /**
   * How gradients flow back through the model on data with their answers, with the task's own loss: see `diagnose`. Of the data the
   * first batch is looked at, where the task learns in windows (charlm, wordlm) the first window of it.
   *
   *   console.log(String(await task.diagnose('reviews.csv', { jacobian: { probes: 16 } })));
   *
   * @param options  how to read, as for evaluate; training, rows, jacobian as for diagnose
   * @throws DataError  for data that cannot be read, naming the line, or are too few for a batch
   * @throws OptionError  for a wrong option, and where nothing recurrent has a gradient
   */
  async diagnose(source: TaskSource, options: Partial<SourceOptions> & TaskDiagnoseOptions = {}): Promise<Diagnosis> {
    const where = `${this.name}: diagnose`;
    checkOptions<Partial<SourceOptions> & TaskDiagnoseOptions>(where, options, {
      format: is.any, // readSource and diagnose know what they may be
      encoding: is.any,
      columns: is.any,
      say: is.function,
      training: is.any,
      rows: is.any,
      jacobian: is.any,
    });
    const { format, encoding, columns, say, ...measured } = options;
    const how = { ...(format && { format }), ...(encoding && { encoding }), ...(columns && { columns }) };
    const examples = await this.#examples(source, { ...how, ...(say && { say }) });
    const batches = this.#definition.batches(examples, this.prep, { settings: this.settings, training: false });
    const learning = this.#definition.learning(this.model, this.prep, this.settings);
    const found = await diagnoseFirst(this.model, batches, learning, measured);
    if (found === null) throw new DataError(`${where}: the data are too few for a batch; give more of them`);
    return found;
  }

  /**
   * Text that goes on from `prompt`: language models only.
   *
   * @throws OptionError  if the task writes no text
   */
  generate(prompt: string, options: Partial<GenerateOptions> = {}): string {
    checkOptions<GenerateOptions>(`${this.name}: generate`, options as GenerateOptions, {
      length: is.integer(0, 1e7),
      temperature: is.number(0),
      topK: is.integer(0),
      topP: { expected: 'a number above 0, at most 1', accepts: (v) => typeof v === 'number' && v > 0 && v <= 1 },
      seed: is.integer(0, 2 ** 32 - 1),
    });
    if (!this.#definition.generate) {
      throw new OptionError(`${this.name} writes no text; charlm and wordlm do`);
    }
    if (options.seed !== undefined) seed(options.seed);
    const full = { length: 200, temperature: 1, topK: 0, topP: 1, ...options };
    this.model.eval();
    return this.#definition.generate(this.model, prompt, this.prep, this.settings, full);
  }

  /** The task as two files by name; see loadTask. */
  files(): TaskFiles {
    const { settings, prep, report, gradients } = this;
    return toFiles({ task: this.#definition.name, settings, prep, report, gradients, weights: this.model.stateDict() });
  }

  /** Writes the files into a folder, which is made where it is missing. Each has its old contents or all of the new. */
  async save(folder: string | URL): Promise<void> {
    await writeFiles(folder, this.files());
  }

  /** With their answers. */
  async #examples(source: TaskSource, options: Partial<SourceOptions>): Promise<readonly unknown[]> {
    const { say = () => {} } = options;
    const raw = await readSource(this.#definition, source, { ...options, columns: this.#columns(options), say });
    return this.#definition.read(raw, { settings: this.settings, say });
  }

  #columns({ columns }: Partial<SourceOptions>): Readonly<Record<string, unknown>> {
    return { ...this.#definition.columnsOf?.(this.prep), ...columns };
  }

  async #quiet<T>(run: () => T | Promise<T>): Promise<T> {
    this.model.eval();
    return run();
  }
}

/** The same task, for rows that need not have what is to be predicted. */
function withoutTargets<T extends TaskDefinition>(definition: T): T {
  const columns = definition.columns.map((column) => (column.target ? { ...column, optional: true } : column));
  return Object.assign(Object.create(Object.getPrototypeOf(definition)), definition, { columns });
}
