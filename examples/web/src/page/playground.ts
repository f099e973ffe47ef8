// The playground itself: which training there is, what may be done with it, and who has to be told.
import type { Run } from 'unrolled/worker';
import { History, type PerCell } from '../shared/history.js';
import type { Description, News, Outcome, Progress, Speed, Standing } from '../shared/messages.js';
import { type Source, TASK_OF } from '../shared/sources.js';
import { confirmLoss } from './confirm.js';
import type { Controls } from './controls.js';
import { enable, find, say } from './dom.js';
import { type BackendInfo, backendComplaint, backendName, type Engine } from './engine.js';
import { download } from './files.js';
import { type Found, kept } from './kept.js';
import { complain, notice, withdraw } from './notices.js';
import { whole } from './words.js';

/** idle: no nets. stopped: there are, and they rest. */
export type Phase = 'idle' | 'starting' | 'running' | 'paused' | 'stopped';

/** What views are drawn from. */
export interface Shown {
  readonly description: Description;
  readonly history: History;
  readonly speed: Speed | null;
  readonly failed: PerCell<string>;
}

/** Between sentences that a screen reader reads out while training goes on. */
const SPOKEN_MS = 20_000;

export class Playground {
  phase: Phase = 'idle';
  shown: Shown | null = null;
  /** The visitor's own data. */
  source: Source | null = null;
  /** Updates made. */
  step = 0;
  #until = 0;
  #run: Run<Outcome> | null = null;
  #info: BackendInfo | null = null;
  #spokenAt = 0;
  readonly #engine: Engine;
  readonly #controls: Controls;
  readonly #changed: () => void;
  readonly #base = document.baseURI;

  /** @param changed  called when views are out of date */
  constructor(engine: Engine, controls: Controls, changed: () => void) {
    this.#engine = engine;
    this.#controls = controls;
    this.#changed = changed;
  }

  // ---- the engine ----

  async open(threads: number): Promise<void> {
    say('backend', 'Starting ...');
    try {
      this.#tellBackend(await this.#engine.open(threads));
      withdraw('engine');
      if (this.phase !== 'idle') await this.#bringBack();
    } catch (error) {
      say('backend', 'Nothing computes here.');
      notice('error', `The engine could not be started. ${(error as Error).message}`, {
        key: 'engine',
        actions: [{ name: 'Try again', run: () => this.open(threads) }],
      });
    }
    this.#update();
  }

  #tellBackend(info: BackendInfo): void {
    this.#info = info;
    const why = info.tried.map(({ backend, reason }) => `${backend}: ${reason}`).join('; ');
    say('backend', `${backendName(info)}. (${why})`);
    const complaint = backendComplaint(info);
    if (complaint !== null) notice('error', complaint, { key: 'backend' });
  }

  async restart(): Promise<void> {
    try {
      this.#tellBackend(await this.#engine.restart());
      this.#speak('The worker was restarted.');
      // A run under way goes on by itself.
      if (this.#run === null && this.phase !== 'idle') await this.#bringBack();
    } catch (error) {
      complain(error);
    }
  }

  /** The nets as the last checkpoint has them, in a worker that knows nothing yet. */
  async #bringBack(): Promise<void> {
    const bytes = await kept.read();
    if (bytes !== null)
      this.#stand(await this.#engine.ask('load', { name: 'the last checkpoint', bytes, base: this.#base }));
  }

  // ---- training ----

  /** The main button: train, pause, resume, train on. */
  async press(): Promise<void> {
    if (this.phase === 'running') {
      this.#run?.pause();
      this.#enter('paused', `Paused at update ${whole(this.step)}.`);
    } else if (this.phase === 'paused') {
      this.#run?.resume();
      this.#enter('running', 'Training goes on.');
    } else if (this.phase !== 'starting') {
      await this.#train(this.phase === 'stopped');
    }
  }

  async #train(goOn: boolean): Promise<void> {
    const settings = this.#controls.read();
    if (settings === null) return;
    withdraw('failure');
    withdraw('offer');
    this.#enter('starting', 'Training starts.');
    try {
      if (!goOn) {
        await kept.begin();
        await kept.forget();
      }
      const { source } = this;
      // Not crypto.randomUUID: over plain HTTP from another machine there is none.
      const begin = { run: `${Date.now()} ${Math.random()}`, base: this.#base, settings, source, goOn };
      this.#run = this.#engine.train(begin, (news) => this.#hear(news));
      const { step, failed } = await this.#run.result;
      const lost = Object.keys(failed).length;
      this.#enter(
        'stopped',
        `Training ended at update ${whole(step)}${lost > 0 ? `; ${lost} of the nets gave up` : ''}.`,
      );
    } catch (error) {
      if (this.#run?.status !== 'aborted') complain(error);
      this.#enter(this.shown === null ? 'idle' : 'stopped', `Training stopped at update ${whole(this.step)}.`);
    } finally {
      this.#run = null;
      this.#update();
    }
  }

  stop(): void {
    this.#run?.abort();
  }

  async reset(): Promise<void> {
    const run = this.#run;
    run?.abort();
    await run?.result.catch(() => {});
    await kept.forget();
    await this.#engine.ask('forget', null).catch(() => {}); // a worker that is gone has forgotten
    this.shown = null;
    this.step = 0;
    this.#enter('idle', 'Reset: there is no net any more.');
  }

  /** Learning rate and clipping of a training that goes on. */
  adjust(): void {
    const settings = this.#controls.read();
    if (settings === null || this.phase === 'idle') return;
    this.#engine.ask('adjust', { lr: settings.lr, clip: settings.clip }).catch(complain);
  }

  #hear(news: News): void {
    if (news.type === 'started') {
      this.#until = news.until;
      this.#stand(news);
      if (this.#run?.status === 'running') this.#enter('running');
      return;
    }
    this.#progress(news);
  }

  #progress({ step, points, rows, speed, failed }: Progress): void {
    if (this.shown === null) return;
    const { history, description, failed: before } = this.shown;
    for (const point of points) history.addPoint(point);
    for (const row of rows) history.addRow(row);
    for (const [cell, why] of Object.entries(failed)) {
      if (cell in before) continue;
      notice(
        'error',
        `The ${cell.toUpperCase()} gave up: ${why}. Its gradient exploded, or the learning rate is too high: lower it, or clip the gradients (clip norm 1), and reset. The others go on.`,
        { key: `failed ${cell}` },
      );
    }
    this.shown = { description, history, speed, failed };
    this.step = step;
    if (performance.now() - this.#spokenAt > SPOKEN_MS) this.#speak(`Update ${whole(step)} of ${whole(this.#until)}.`);
    this.#update();
  }

  /** Shows a training as it stands. */
  #stand({ step, description, history, failed, source }: Standing): void {
    this.step = step;
    this.source = source;
    this.shown = { description, history: History.from(history), speed: this.shown?.speed ?? null, failed };
    this.describe(description);
    this.#update();
  }

  // ---- files ----

  /** Whether it was opened: not if the visitor keeps the training there is. */
  async openFile(file: File): Promise<boolean> {
    withdraw('failure');
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const examined = await this.#engine.ask('examine', { name: file.name, bytes });
      if (!(await this.#makeRoom(`Open ${file.name}?`))) return false;
      if (examined.kind === 'saved') {
        await kept.begin();
        await this.#load(file.name, bytes);
        return true;
      }
      this.source = examined.source;
      this.#controls.showPreset(TASK_OF[examined.source.kind]);
      notice('info', `${examined.guesses.join('; ')}. Press Train.`, { key: 'guesses' });
      await this.describe();
    } catch (error) {
      complain(error);
    }
    this.#update();
    return true;
  }

  /** What comes with the page, in place of the visitor's data. */
  async forgetSource(): Promise<void> {
    if (!(await this.#makeRoom("Go back to the page's own data?"))) return;
    this.source = null;
    await this.describe();
  }

  /** Asks before a training is lost. Meanwhile it goes on. True: there is none any more. */
  async #makeRoom(title: string): Promise<boolean> {
    if (this.phase === 'idle') return true;
    const what = this.shown === null ? '' : `: ${this.shown.description.settings.task}, at update ${whole(this.step)}`;
    const how = this.#run === null ? 'There is a training' : 'A training is under way';
    const answer = await confirmLoss(
      title,
      `${how}${what}. It would be gone; "Train on" and "Save as a file" are for it alone.`,
      this.#run === null ? 'Keep the training' : 'Keep training',
    );
    if (answer === 'keep' || (answer === 'save' && !(await this.save()))) return false;
    await this.reset();
    return true;
  }

  /** A saved playground; it can be trained on. */
  async #load(name: string, bytes: Uint8Array): Promise<void> {
    const standing = await this.#engine.ask('load', { name, bytes, base: this.#base });
    await kept.write(bytes);
    this.#controls.show(standing.description.settings);
    this.#until = standing.step;
    this.#stand(standing);
    this.#enter('stopped', `${name}: loaded, at update ${whole(standing.step)}.`);
  }

  /** Whether there is a file now. */
  async save(): Promise<boolean> {
    try {
      const bytes = await this.#engine.ask('save', null);
      download(`playground-${this.shown?.description.settings.task ?? 'net'}-${this.step}.zip`, bytes);
      this.#speak('Saved as a file.');
      return true;
    } catch (error) {
      complain(error);
      return false;
    }
  }

  /** After a reload: what the page was doing before. In a new tab: what a closed one was, and that others are open. */
  async offer(): Promise<void> {
    if (await kept.areOthers()) {
      notice(
        'info',
        'This page is open in another tab too, with a training of its own. That one goes on there: each tab has its nets and keeps its checkpoints apart.',
        { key: 'tabs' },
      );
    }
    const before = await kept.find();
    if (before === null) return;
    try {
      const found = await this.#engine.ask('examine', { name: 'the last checkpoint', bytes: before.bytes });
      if (found.kind !== 'saved' || this.phase !== 'idle') return;
      const { settings, step } = found;
      notice('info', `There is a training from before: ${settings.task}, at update ${whole(step)}.`, {
        key: 'offer',
        actions: [
          { name: 'Go on', run: () => this.#goOn(before) },
          { name: 'Forget it', run: () => void kept.drop(before) },
        ],
      });
    } catch {
      await kept.drop(before); // of an older page: nothing that could be gone on with
    }
  }

  async #goOn(before: Found): Promise<void> {
    try {
      if (!(await kept.take(before))) {
        notice('info', 'Another tab has taken up the training from before: it goes on there.', { key: 'tabs' });
        return;
      }
      await this.#load('the training from before', before.bytes);
      await this.#train(true);
    } catch (error) {
      complain(error);
    }
  }

  // ---- what is said ----

  /** What the settings come to: parameters, data. */
  async describe(known?: Description): Promise<void> {
    const settings = this.#controls.read();
    let description = known;
    if (description === undefined) {
      if (settings === null || this.phase !== 'idle') return;
      // Of another kind: the task has the page's own data.
      if (this.source !== null && TASK_OF[this.source.kind] !== settings.task) this.source = null;
      try {
        description = await this.#engine.ask('describe', { base: this.#base, settings, source: this.source });
        withdraw('settings');
      } catch (error) {
        notice('error', (error as Error).message, { key: 'settings' });
        return;
      }
    }
    const { cells, source, facts } = description;
    for (const cell of ['rnn', 'lstm', 'gru']) say(`count-${cell}`, '');
    for (const { cell, parameters } of cells) say(`count-${cell}`, `${whole(parameters)} parameters`);
    say(
      'about-task',
      [source?.name, ...facts]
        .filter(Boolean)
        .map((fact) => `${fact}.`)
        .join(' '),
    );
    say('credit', source?.credit ? `Learnt from: ${source.name}. ${source.credit}.` : '');
    find('own-off', HTMLButtonElement).hidden = source?.own !== true;
  }

  #enter(phase: Phase, spoken?: string): void {
    this.phase = phase;
    if (spoken) this.#speak(spoken);
    this.#update();
  }

  #speak(text: string): void {
    this.#spokenAt = performance.now();
    say('spoken', text);
  }

  #update(): void {
    const { phase } = this;
    const names: Readonly<Record<Phase, string>> = {
      idle: 'Train',
      starting: 'Starting ...',
      running: 'Pause',
      paused: 'Resume',
      stopped: 'Train on',
    };
    say('train', names[phase]);
    enable('train', phase !== 'starting' && this.#info !== null);
    enable('stop', this.#run !== null);
    enable('reset', phase !== 'idle' && phase !== 'starting');
    enable('save', this.shown !== null);
    find('threads', HTMLSelectElement).disabled = !canShareMemory() || this.#run !== null;
    this.#controls.hold(phase !== 'idle');
    this.#tellStatus();
    this.#changed();
  }

  #tellStatus(): void {
    const { shown, phase } = this;
    if (shown === null) {
      say('status', phase === 'starting' ? 'Training starts ...' : 'No training yet. Choose a task and press Train.');
      return;
    }
    const parts = [`Update ${whole(this.step)} of ${whole(Math.max(this.#until, this.step))}, ${phase}`];
    const { speed } = shown;
    if (speed && speed.stepsPerSecond > 0) {
      parts.push(`${whole(speed.stepsPerSecond)} training steps/s`, `${whole(speed.tokensPerSecond)} tokens/s`);
    }
    if (this.#info) parts.push(backendName(this.#info));
    say('status', parts.join(' · '));
  }
}

export const canShareMemory = (): boolean => globalThis.crossOriginIsolated && typeof SharedArrayBuffer !== 'undefined';
