// A task that a worker trained or loaded, as its page sees it.
import { OptionError } from '../errors.js';
import type { GenerateOptions, Settings } from '../tasks/definition.js';
import type { TaskFiles } from '../tasks/folder.js';
import type { TaskDiagnoseOptions } from '../tasks/gradient-report.js';
import type { SourceOptions, TaskSource } from '../tasks/source.js';
import type { Report } from '../tasks/trained.js';
import type { DiagnosisJson } from '../train/diagnose/diagnosis.js';
import type { Client } from './client.js';
import { placeOf } from './places.js';

/** What crosses of a trained task. */
export interface TaskForm {
  readonly name: string;
  readonly settings: Settings;
  readonly report: Report;
  readonly gradients: string | null;
  readonly files: TaskFiles;
}

/**
 * The same as TrainedTask, in a worker; see there. Its files are kept here too, so that it answers from another worker when its own
 * died.
 */
export class RemoteTask {
  readonly name: string;
  readonly settings: Settings;
  readonly report: Report;
  readonly gradients: string | null;
  readonly #client: Client;
  readonly #id: number;
  /** The worker that has it. */
  #generation: number;
  #files: TaskFiles | null;

  /** @internal */
  constructor(client: Client, id: number, generation: number, form: TaskForm) {
    this.#client = client;
    this.#id = id;
    this.#generation = generation;
    this.name = form.name;
    this.settings = form.settings;
    this.report = form.report;
    this.gradients = form.gradients;
    this.#files = form.files;
  }

  /** An answer for each input. */
  predict(inputs: readonly unknown[]): Promise<readonly unknown[]> {
    return this.#ask('predict', [inputs]) as Promise<readonly unknown[]>;
  }

  /** An answer for each row of a file, or of records. */
  predictRows(source: TaskSource, options: Partial<Omit<SourceOptions, 'say'>> = {}): Promise<readonly unknown[]> {
    return this.#ask('predictRows', [placeOf(source), options]) as Promise<readonly unknown[]>;
  }

  /** Figures on data with their answers, that the task was not trained on. */
  evaluate(
    source: TaskSource,
    options: Partial<Omit<SourceOptions, 'say'>> = {},
  ): Promise<NonNullable<Report['test']>> {
    return this.#ask('evaluate', [placeOf(source), options]) as Promise<NonNullable<Report['test']>>;
  }

  /**
   * How gradients flow back through the model on data with their answers; `Diagnosis.fromJSON` makes of it what `diagnose` of a
   * task on the page returns.
   */
  diagnose(
    source: TaskSource,
    options: Partial<Omit<SourceOptions, 'say'>> & TaskDiagnoseOptions = {},
  ): Promise<DiagnosisJson> {
    return this.#ask('diagnose', [placeOf(source), options]) as Promise<DiagnosisJson>;
  }

  /** Text that goes on from `prompt`: language models only. */
  generate(prompt: string, options: Partial<GenerateOptions> = {}): Promise<string> {
    return this.#ask('generate', [prompt, options]) as Promise<string>;
  }

  /** The task as two files by name, copies: for download, a store, `loadTask` in Node. */
  files(): TaskFiles {
    const files = Object.entries(this.#kept());
    return Object.fromEntries(files.map(([name, bytes]) => [name, bytes.slice()])) as unknown as TaskFiles;
  }

  /** Frees it here and in the worker. It answers nothing afterwards. */
  dispose(): void {
    this.#files = null;
    this.#client.tell({ type: 'forget', task: this.#id });
  }

  #ask(method: string, inputs: readonly unknown[]): Promise<unknown> {
    const kept = this.#kept();
    const input = (generation: number) => {
      const files = generation === this.#generation ? null : kept;
      this.#generation = generation;
      return { task: this.#id, files, method, inputs };
    };
    return this.#client.call({ kind: 'task', input }).result;
  }

  #kept(): TaskFiles {
    if (this.#files) return this.#files;
    throw new OptionError(`${this.name}: the task was disposed of; train or load it again`);
  }
}
