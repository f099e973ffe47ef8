// Training: the loop over epochs and batches, and everything that watches it.
import { generator } from '../autograd/random.js';
import { NumericError, OptionError } from '../errors.js';
import { checkJson, type Json } from '../io/exact-json.js';
import type { Module } from '../layers/module.js';
import { show } from '../options.js';
import { makeBreather } from './breathe.js';
import {
  behind,
  type Cursor,
  type EpochStart,
  type EpochState,
  newTotals,
  restoreState,
  stateOf,
  type Totals,
  type TrainingState,
} from './checkpointing.js';
import type { Checkpoints, Resumed } from './checkpoints.js';
import { type Data, noBatches, openData, toBatch } from './data.js';
import { EarlyStopping } from './early-stopping.js';
import { keepModes, pass, valuesOf, withoutTrace } from './evaluate.js';
import {
  type CallbackResult,
  type Callbacks,
  checkFit,
  type EpochRecord,
  type FitOptions,
  type History,
  type Progress,
  type StepResult,
} from './fit-options.js';
import { type Metric, makeMetrics } from './metrics.js';
import { Objective } from './objective.js';
import { type Part, type Step, Updater } from './update.js';
import { makeUnrolling, type Unrolling, type Window } from './windows.js';

/**
 * Trains a model.
 *
 *   const history = await fit(model, batches, { loss: 'crossEntropy', optimizer, epochs: 5 });
 *
 * is this loop, with measuring, stopping and reporting around it:
 *
 *   for (const { x, y } of batches) {
 *     optimizer.zeroGrad();
 *     const loss = crossEntropy(model.forward(x), y);
 *     loss.backward();
 *     clipGradNorm(model.parameters(), clipNorm);
 *     optimizer.step();
 *   }
 *
 * Memory stays flat without disposing anything, and the event loop gets a turn between batches. Modules are in training
 * mode during epochs, in evaluation mode during validation, and have their own mode back afterwards.
 *
 * With `accumulate` an update is made of the gradients of several batches, as one batch of all their rows would make it.
 *
 * With `tbptt` sequences are cut into windows, each with an update of its own. With `checkpoint` a killed run that is
 * started again comes to the same weights, bit for bit; called when all epochs are done, it returns at once, and with more
 * epochs than before it trains on.
 *
 * @param data  an array, a sync or async iterable of batches ({ x, y, lengths?, ... } or [x, y]), or a function
 *   `(epoch) => iterable`, called once an epoch
 * @returns a record of each epoch, and why training ended
 * @throws OptionError   for a wrong option, empty data, an iterator that is used up
 * @throws CheckpointError  if the checkpoint is of another model, optimizer or run; FormatError if it is damaged. Neither
 *   model nor file are changed then
 * @throws NumericError  if the loss or the gradients are not finite; the weights are then those of the last good step
 */
export async function fit(model: Module, data: Data, options: FitOptions): Promise<History> {
  checkFit(model, data, options);
  const restoreModes = keepModes(model);
  try {
    return await new Training(model, data, options).run();
  } finally {
    restoreModes();
  }
}

/** One call of fit. */
class Training {
  readonly #model: Module;
  readonly #data: Data;
  readonly #options: FitOptions;
  readonly #epochs: number;
  readonly #objective: Objective;
  readonly #unrolling: Unrolling;
  readonly #metrics: readonly Metric[];
  readonly #earlyStopping: EarlyStopping | undefined;
  readonly #callbacks: readonly Callbacks[];
  readonly #updater: Updater;
  readonly #breathe = makeBreather();
  /** Null until `run` has loaded what writes and reads them, and in a run without. */
  #checkpoints: Checkpoints | null = null;
  readonly #records: EpochRecord[] = [];
  readonly #startedAt = performance.now();
  /** The checkpoint this run goes on from, until it has arrived where that was made. */
  #resumed: Resumed | null = null;
  /** Seconds of the runs before this one. */
  #secondsBefore = 0;
  #isOver = false;
  /** Before this epoch's first batch. */
  #epochStart: EpochStart | null = null;
  #steps = 0;
  /** Batches of an epoch, once known. */
  #batches: number | undefined;
  #stopRequested = false;
  #trainSeconds = 0;
  #validationSeconds = 0;

  constructor(model: Module, data: Data, options: FitOptions) {
    this.#model = model;
    this.#data = data;
    this.#options = options;
    this.#epochs = options.epochs ?? 1;
    this.#objective = new Objective('fit', options.loss);
    this.#unrolling = makeUnrolling('fit', model, options.tbptt, options.forward);
    this.#metrics = makeMetrics('fit', options.metrics ?? []);
    const { earlyStopping, validation, callbacks = [] } = options;
    this.#earlyStopping = earlyStopping && new EarlyStopping(earlyStopping, this.#metrics, validation !== undefined);
    this.#callbacks = Array.isArray(callbacks) ? callbacks : [callbacks as Callbacks];
    this.#updater = new Updater(model, this.#objective, this.#metrics, options);
  }

  async run(): Promise<History> {
    this.#options.signal?.throwIfAborted();
    const { checkpoint } = this.#options;
    if (checkpoint !== undefined) {
      // Only now: a page whose runs have none does not load it.
      const { Checkpoints } = await import('./checkpoints.js');
      this.#checkpoints = new Checkpoints(checkpoint, this.#metrics);
    }
    let epoch = await this.#resume();
    let stopped: History['stopped'] = this.#isOver && epoch <= this.#epochs ? 'earlyStopping' : 'completed';
    for (; epoch <= this.#epochs && stopped === 'completed'; epoch++) {
      this.#model.train();
      if (this.#resumed === null) await this.#notify((callbacks) => callbacks.onEpochStart?.(epoch));
      if (this.#stopRequested) {
        stopped = 'callback';
        break;
      }
      const record = await this.#epoch(epoch);
      const isWhole = !this.#stopRequested;
      this.#records.push(record);
      await this.#notify((callbacks) => callbacks.onEpochEnd?.(record));
      if (this.#stopRequested) stopped = 'callback';
      else if (this.#isOver && epoch < this.#epochs) stopped = 'earlyStopping';
      const isLast = stopped !== 'completed' || epoch === this.#epochs;
      if (isWhole && (isLast || this.#checkpoints?.every === undefined)) {
        await this.#save({ epoch: epoch + 1, batch: 0, window: 0 }, null);
      }
    }
    this.#earlyStopping?.restore(this.#model);
    const best = this.#earlyStopping?.best;
    return { epochs: this.#records, stopped, ...(best && { best }), steps: this.#steps, seconds: this.#seconds() };
  }

  #seconds(): number {
    return this.#secondsBefore + secondsSince(this.#startedAt);
  }

  async #epoch(epoch: number): Promise<EpochRecord> {
    const { signal, validation, tbptt, accumulate = 1 } = this.#options;
    const resumed = this.#resumed;
    const totals = newTotals(resumed?.state.epoch ?? null);
    const before = this.#trainSeconds - totals.seconds;
    const start = performance.now() - totals.seconds * 1000;
    for (const metric of this.#metrics) metric.reset();
    this.#unrolling.start();
    if (resumed !== null) generator.restore((resumed.state.epoch as EpochState).generator);
    const generatorAtStart = generator.state();
    const { batches, count } = await openData('fit: data', this.#data, epoch);
    if (resumed !== null) restoreState(batches, (resumed.state.epoch as EpochState).data);
    this.#epochStart = { generator: generatorAtStart, data: this.#checkpoints ? stateOf('fit: data', batches) : null };
    this.#batches = count ?? this.#batches;

    const update = async (parts: readonly Part[]) => {
      const result = this.#around(() => this.#updater.run(parts, epoch, this.#steps + 1));
      this.#steps++;
      totals.loss.add(result.loss, result.terms);
      totals.windows += parts.length;
      for (const { window } of parts) totals.tokens += window.batch.tokens;
      totals.seconds = secondsSince(start);
      this.#trainSeconds = before + totals.seconds;
      const { window, batch } = parts.at(-1) as Part;
      await this.#report(epoch, totals, window, result);
      if (this.#checkpoints?.isDue(this.#steps)) await this.#save(behind(epoch, batch, window), totals);
      await this.#breathe();
      signal?.throwIfAborted();
    };

    let number = 0;
    /** Read, but too few yet for an update. */
    let waiting: Part[] = [];
    for await (const input of batches) {
      const batch = toBatch('fit', input);
      number++;
      const done = this.#windowsDone(number);
      if (done === 0) {
        totals.batches++;
        totals.samples += batch.size;
      }
      for (const window of this.#unrolling.windows(batch)) {
        if (window.number <= done) {
          window.pass();
          if (this.#isAt(number, window)) this.#arrive();
          continue;
        }
        if (tbptt !== undefined && this.#objective.isEmpty(window)) {
          withoutTrace(() => window.run(this.#model));
          continue;
        }
        waiting.push({ window, batch: number });
        if (waiting.length < accumulate) continue;
        const parts = waiting;
        waiting = [];
        await update(parts);
        if (this.#stopRequested) break;
      }
      if (this.#stopRequested) break;
      this.#checkArrival(number);
      if (done === Number.POSITIVE_INFINITY) await this.#breathe();
    }
    if (waiting.length > 0) await update(waiting);
    this.#checkArrival(Number.POSITIVE_INFINITY, number);
    if (totals.batches === 0) throw noBatches('fit: data', epoch);
    if (totals.windows === 0) throw nothingToLearn(epoch);
    if (!this.#stopRequested) this.#batches = totals.batches;
    const { loss, windows, ...counts } = totals;
    // Taken before validation, which uses the same metrics again.
    const record = {
      epoch,
      loss: loss.value,
      metrics: valuesOf(this.#metrics),
      ...counts,
      ...(tbptt && { windows }),
      tokensPerSecond: counts.tokens / counts.seconds,
    };
    if (this.#stopRequested) return record;
    return this.#aroundValidation(async () => {
      const whole = validation ? { ...record, validation: await this.#validate(validation, epoch) } : record;
      this.#isOver = this.#earlyStopping?.isOver(whole, this.#model) ?? false;
      return whole;
    });
  }

  /** Takes over the checkpoint that is there, if any. Returns the epoch to go on with. */
  async #resume(): Promise<number> {
    const checkpoints = this.#checkpoints;
    const found = (await checkpoints?.open()) ?? null;
    if (checkpoints === null || found === null) return 1;
    const { opened, state } = found;
    const { optimizer, tbptt = null, validation } = this.#options;
    checkpoints.checkSameRun(found, {
      tbptt: tbptt as Json,
      metrics: this.#metrics.map((metric) => metric.name),
      monitor: this.#earlyStopping?.monitor,
    });
    // Whoever refuses what he is given does so before the model is changed. Metrics get theirs once more on arrival.
    restoreState(this.#data, state.data);
    restoreState(validation, state.validation);
    for (const [k, metric] of this.#metrics.entries()) restoreState(metric, state.epoch?.metrics[k]?.state ?? null);
    checkpoints.apply(found, { model: this.#model, optimizer });
    if (state.earlyStopping) this.#earlyStopping?.resume(state.earlyStopping.best, opened.best);
    this.#isOver = (this.#earlyStopping && state.earlyStopping?.isOver) ?? false;
    this.#records.push(...state.records);
    this.#steps = state.steps;
    this.#batches = state.batches ?? undefined;
    this.#secondsBefore = state.seconds.all;
    this.#trainSeconds = state.seconds.training;
    this.#validationSeconds = state.seconds.validation;
    this.#callbacks.forEach((callbacks, k) => {
      const saved = state.callbacks[k] ?? null;
      if (saved !== null) callbacks.onResume?.(saved);
    });
    if (state.epoch !== null) this.#resumed = found;
    return state.cursor.epoch;
  }

  /** How many windows of a batch were done before the checkpoint this run goes on from. */
  #windowsDone(number: number): number {
    if (this.#resumed === null) return 0;
    const { batch, window } = this.#resumed.state.cursor;
    return number <= batch ? Number.POSITIVE_INFINITY : window;
  }

  #isAt(number: number, window: Window): boolean {
    if (this.#resumed === null) return false;
    const { cursor } = this.#resumed.state;
    if (cursor.window === 0) return number === cursor.batch && window.number === window.count;
    return number === cursor.batch + 1 && window.number === cursor.window;
  }

  /** Batches that are not those of the checkpoint must not be trained on. */
  #checkArrival(number: number, given = number): void {
    if (this.#resumed === null) return;
    const { batch, window } = this.#resumed.state.cursor;
    if (number < (window > 0 ? batch + 1 : batch)) return;
    throw (this.#checkpoints as Checkpoints).otherData(this.#resumed, given);
  }

  /** All that was done before is passed: from here on everything is as it was when the checkpoint was made. */
  #arrive(): void {
    const { opened, state } = this.#resumed as Resumed;
    this.#unrolling.resume(opened.states);
    for (const [k, metric] of this.#metrics.entries()) restoreState(metric, state.epoch?.metrics[k]?.state ?? null);
    generator.restore(opened.generator);
    this.#resumed = null;
  }

  async #save(cursor: Cursor, totals: Totals | null): Promise<void> {
    if (this.#checkpoints === null) return;
    const { optimizer, tbptt = null, validation } = this.#options;
    const early = this.#earlyStopping;
    const epoch = totals && {
      ...(this.#epochStart as EpochStart),
      ...totals,
      loss: totals.loss.save(),
      metrics: this.#metrics.map((metric) => ({ name: metric.name, state: stateOf(`fit: ${metric.name}`, metric) })),
      tbptt: tbptt as Json,
    };
    const state: TrainingState = {
      cursor,
      steps: this.#steps,
      batches: this.#batches ?? null,
      seconds: { all: this.#seconds(), training: this.#trainSeconds, validation: this.#validationSeconds },
      epoch,
      records: this.#records,
      earlyStopping: early ? { monitor: early.monitor, best: early.best ?? null, isOver: this.#isOver } : null,
      data: epoch === null ? stateOf('fit: data', this.#data) : null,
      validation: stateOf('fit: validation', validation),
      callbacks: this.#callbacks.map((callbacks) => {
        const saved = callbacks.onSave?.() ?? null;
        checkJson('fit: checkpoint: what onSave returned', saved);
        return saved;
      }),
    };
    const parts = { model: this.#model, optimizer, states: epoch && this.#unrolling.states() };
    await this.#checkpoints.save(parts, state, early?.bestWeights ?? null);
  }

  /** Tells everybody who watches about an update. */
  async #report(epoch: number, totals: Totals, window: Window, result: StepResult): Promise<void> {
    const { number, count } = window;
    const { batches, loss, samples, tokens, seconds } = totals;
    const progress: Progress = {
      epoch,
      epochs: this.#epochs,
      batch: batches,
      ...(this.#options.tbptt && { window: number, windows: count }),
      step: this.#steps,
      loss: loss.value,
      batchLoss: result.loss,
      metrics: valuesOf(this.#metrics),
      gradNorm: result.norm,
      samplesPerSecond: samples / seconds,
      tokensPerSecond: tokens / seconds,
      ...(this.#batches !== undefined && {
        batches: this.#batches,
        etaSeconds: this.#eta(epoch, this.#batches, batches - 1 + number / count),
      }),
    };
    this.#options.onProgress?.(progress);
    await this.#notify((callbacks) => callbacks.onBatchEnd?.(progress));
  }

  /** Validation and early stopping's choice, within what callbacks wrap around them. */
  #aroundValidation(validate: () => Promise<EpochRecord>): Promise<EpochRecord> {
    let run = validate;
    for (const callbacks of this.#callbacks) {
      const [inner, around] = [run, callbacks.aroundValidation?.bind(callbacks)];
      if (around) run = () => around(inner);
    }
    return run();
  }

  /** One update, within what callbacks wrap around it. */
  #around(step: () => Step): Step {
    const context = { step: this.#steps + 1, model: this.#model };
    let run = step;
    for (const callbacks of this.#callbacks) {
      const [inner, around] = [run, callbacks.aroundStep?.bind(callbacks)];
      if (around) run = () => around(inner, context);
    }
    return run();
  }

  async #validate(validation: Data, epoch: number): Promise<NonNullable<EpochRecord['validation']>> {
    const start = performance.now();
    const { signal, tbptt, forward } = this.#options;
    const windows = tbptt && { ...tbptt, k2: tbptt.k1 }; // nothing goes back: no reason to compute steps again
    const { loss, metrics } = await pass(
      'fit: validation',
      this.#model,
      validation,
      makeUnrolling('fit', this.#model, windows, forward),
      this.#objective,
      this.#metrics,
      epoch,
      signal,
    );
    this.#validationSeconds += secondsSince(start);
    return { loss, metrics };
  }

  /** Remaining batches at the mean speed so far, and remaining validations at theirs. `done`: batches of this epoch. */
  #eta(epoch: number, batches: number, done: number): number {
    const before = (epoch - 1) * batches + done;
    const secondsPerValidation = epoch > 1 ? this.#validationSeconds / (epoch - 1) : 0;
    const remaining = Math.max(0, batches * this.#epochs - before);
    return remaining * (this.#trainSeconds / before) + (this.#epochs - epoch + 1) * secondsPerValidation;
  }

  async #notify(call: (callbacks: Callbacks) => CallbackResult): Promise<void> {
    for (const callbacks of this.#callbacks) {
      const result = await call(callbacks);
      if (result === 'stop') this.#stopRequested = true;
      else if (result !== undefined && result !== null) {
        throw new OptionError(`fit: a callback must return nothing or 'stop', got ${show(result)}`);
      }
    }
  }
}

function nothingToLearn(epoch: number): NumericError {
  return new NumericError(
    `fit: in epoch ${epoch} no window of tbptt had a target: every one is ignored (-100), or all lengths are 0`,
  );
}

const secondsSince = (start: number): number => (performance.now() - start) / 1000;
