// A training: several nets of the same size learn from the same batches in turn. All of it fits into one file and out of it again.
import * as u from 'unrolled';
import { type Figures, type HeatRow, History, type PerCell, type Point } from '../shared/history.js';
import type { Description, Gates, Speed, Standing, View, ViewOptions } from '../shared/messages.js';
import type { Cell, Settings } from '../shared/settings.js';
import type { Source } from '../shared/sources.js';
import { type Archive, packArchive } from './archive.js';
import { gatesAlong } from './gates.js';
import { Net } from './net.js';
import type { NetOf, Problem } from './problem.js';
import { makeProblem } from './problems/index.js';
import { Diverged, type Learner, learn, measure } from './update.js';

interface Contender extends Learner, NetOf {}

/** Measured on the validation part every so many points of the curves. */
const VALIDATE_EVERY = 4;

/** Data, and whether they are the visitor's own. */
export interface Given {
  readonly source: Source | null;
  readonly own: boolean;
}

/** What one round of updates added to the history. */
export interface Added {
  readonly points: readonly Point[];
  readonly rows: readonly HeatRow[];
}

export class Session {
  settings: Settings;
  readonly given: Given;
  step = 0;
  history = new History();
  /** Cells that had to give up, and why. */
  failed: PerCell<string> = {};
  readonly #problem: Problem;
  readonly #contenders: readonly Contender[];
  /** Sums since the last point of the curves. */
  #sums: PerCell<Figures & { count: number }> = {};
  #clock = new Clock();

  /** @throws ProblemError  saying what is wrong with the data or the sizes */
  constructor(settings: Settings, given: Given) {
    this.settings = settings;
    this.given = given;
    this.#problem = makeProblem(settings, given.source);
    this.#contenders = settings.cells.map((cell) => {
      // The same for every cell: what differs between them is not luck.
      u.seed(settings.seed);
      const net = new Net(cell, this.#problem.shape, settings);
      return { cell, net, optimizer: new u.Adam(net.parameters(), { lr: settings.lr }) };
    });
  }

  /** Weights, moments and history of a file; goes on from its exact update. */
  async restore({ step, history, failed, checkpoints }: Archive): Promise<void> {
    for (const { cell, net, optimizer } of this.#contenders) {
      const bytes = checkpoints[cell];
      if (bytes !== undefined) await u.io.loadCheckpoint(bytes, { model: net, optimizer });
    }
    this.step = step;
    this.history = History.from(history);
    this.failed = failed;
    this.adjust(this.settings);
  }

  /** @returns the bytes of a file that `openArchive` opens */
  async pack(run: Archive['run'] = null): Promise<Uint8Array> {
    const checkpoints: PerCell<Uint8Array> = {};
    for (const { cell, net, optimizer } of this.#contenders) {
      checkpoints[cell] = await u.io.saveCheckpoint(null, { model: net, optimizer });
    }
    const { settings, step, history, failed, given } = this;
    const source = given.own ? given.source : null;
    return packArchive({ settings, source, step, run, history: history.toJSON(), failed, checkpoints });
  }

  get description(): Description {
    const { settings, given } = this;
    const { metric, baseline, facts } = this.#problem;
    const { name, credit = '' } = given.source ?? { name: '' };
    const cells = this.#contenders.map(({ cell, net }) => ({ cell, parameters: net.parameterCount }));
    return { settings, source: given.source && { name, credit, own: given.own }, cells, metric, baseline, facts };
  }

  get speed(): Speed {
    return this.#clock.speed;
  }

  get standing(): Standing {
    const { step, description, history, failed, given } = this;
    return { step, description, history: history.toJSON(), failed, source: given.own ? given.source : null };
  }

  /** Whether any net can still learn. */
  get isAlive(): boolean {
    return this.#learning.length > 0;
  }

  get #learning(): Contender[] {
    return this.#contenders.filter(({ cell }) => this.failed[cell] === undefined);
  }

  /** Of a running training: the next update will have them. */
  adjust(changed: Pick<Settings, 'lr' | 'clip'>): void {
    this.settings = { ...this.settings, ...changed };
    for (const { optimizer } of this.#contenders) optimizer.lr = this.settings.lr;
  }

  /** One update of each net, from the same batch. */
  round(): Added {
    this.step++;
    const { settings, history, step } = this;
    const batch = this.#problem.batch(step);
    const look = step % history.rowEvery === 0;
    const flows: HeatRow['flows'] = {};
    for (const { cell, net, optimizer } of this.#learning) {
      try {
        const start = performance.now();
        const { loss, metric, flow } = learn(this.#problem, { net, optimizer }, batch, settings, look);
        this.#clock.update(cell, performance.now() - start, batch.T * batch.B);
        const sum = this.#sums[cell] ?? { loss: 0, metric: 0, count: 0 };
        this.#sums[cell] = { loss: sum.loss + loss, metric: sum.metric + metric, count: sum.count + 1 };
        if (flow !== null) flows[cell] = flow;
      } catch (error) {
        if (!(error instanceof Diverged)) throw error;
        this.failed = { ...this.failed, [cell]: `update ${step}: ${error.message}` };
      }
    }
    const points = step % history.pointEvery === 0 ? [this.#point()] : [];
    const rows = Object.keys(flows).length > 0 ? [{ step, flows }] : [];
    for (const point of points) history.addPoint(point);
    for (const row of rows) history.addRow(row);
    this.#clock.round();
    return { points, rows };
  }

  #point(): Point {
    const { history, step } = this;
    const train: PerCell<Figures> = {};
    const validation: PerCell<Figures> = {};
    const isMeasured = (step / history.pointEvery) % VALIDATE_EVERY === 0;
    for (const { cell, net } of this.#learning) {
      const sum = this.#sums[cell];
      if (sum) train[cell] = { loss: sum.loss / sum.count, metric: sum.metric / sum.count };
      if (isMeasured) validation[cell] = measure(this.#problem, net, this.#problem.validation);
    }
    this.#sums = {};
    return { step, train, validation };
  }

  gates(text: string): Gates | null {
    return gatesAlong(this.#problem, this.#learning, text);
  }

  view(options: ViewOptions): View | null {
    return this.#problem.view(this.#learning, options);
  }
}

/** How fast it goes, over about the last second. */
class Clock {
  #since = performance.now();
  #rounds = 0;
  #tokens = 0;
  #sums: PerCell<{ time: number; count: number }> = {};
  speed: Speed = { stepsPerSecond: 0, tokensPerSecond: 0, milliseconds: {} };

  update(cell: Cell, time: number, tokens: number): void {
    const sum = this.#sums[cell] ?? { time: 0, count: 0 };
    this.#sums[cell] = { time: sum.time + time, count: sum.count + 1 };
    this.#tokens += tokens;
  }

  round(): void {
    this.#rounds++;
    const now = performance.now();
    const seconds = (now - this.#since) / 1000;
    if (seconds < 1) return;
    const milliseconds: PerCell<number> = {};
    for (const [cell, { time, count }] of Object.entries(this.#sums)) milliseconds[cell as Cell] = time / count;
    // After a pause the figures of before still hold.
    if (seconds < 3) {
      this.speed = { stepsPerSecond: this.#rounds / seconds, tokensPerSecond: this.#tokens / seconds, milliseconds };
    }
    this.#since = now;
    this.#rounds = 0;
    this.#tokens = 0;
    this.#sums = {};
  }
}
