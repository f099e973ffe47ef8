// The page's worker: started, asked, restarted. What it computes with, and why.
import { openWorker, type Run, type UnrolledWorker } from 'unrolled/worker';
import type { Begin, News, Outcome, Questions } from '../shared/messages.js';
import { QuestionLine } from '../shared/questions.js';
import { kept } from './kept.js';

export type BackendInfo = UnrolledWorker['info'];

/** A run is taken up again by another worker this often. */
const RESTARTS = 5;

export class Engine {
  readonly #line = new QuestionLine();
  #worker: UnrolledWorker | null = null;

  /** @throws Error  saying what was tried and what to do, where nothing can compute */
  async open(threads: number): Promise<BackendInfo> {
    this.#worker?.terminate();
    this.#worker = null;
    const create = () => {
      const worker = new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module' });
      this.#line.connect(worker);
      return worker;
    };
    this.#worker = await openWorker({ create, threads });
    return this.#worker.info;
  }

  train(begin: Begin, onNews: (news: News) => void): Run<Outcome> {
    return this.#opened.run<Outcome>('train', begin, {
      onEvent: (event) => onNews(event as News),
      store: kept,
      restarts: RESTARTS,
    });
  }

  /** Answered at any time, also between the updates of a training. */
  ask<N extends keyof Questions>(name: N, input: Questions[N]['input']): Promise<Questions[N]['output']> {
    return this.#line.ask(name, input);
  }

  /** Another worker; a run under way goes on in it from its last checkpoint. */
  restart(): Promise<BackendInfo> {
    return this.#opened.restart();
  }

  get #opened(): UnrolledWorker {
    if (this.#worker === null) throw new Error('nothing computes here: see the message above, and try again');
    return this.#worker;
  }
}

const NAMES = {
  'wasm-relaxed-simd': 'WASM with relaxed SIMD',
  'wasm-simd': 'WASM with SIMD',
} as const;

/** `WASM with SIMD, one thread` */
export function backendName({ name, simd, threads }: BackendInfo): string {
  const how = name === 'reference' ? 'plain JavaScript' : (NAMES[simd as keyof typeof NAMES] ?? `${name} (${simd})`);
  return `${how}, ${threads === 1 ? 'one thread' : `${threads} threads`}`;
}

/** Why nothing faster computes here; null if there is nothing to say: that pages have no addons is no news. */
export function backendComplaint({ name, tried }: BackendInfo): string | null {
  const failed = tried.filter(({ ok, backend }) => !ok && backend !== 'native');
  if (failed.length === 0) return null;
  const reasons = failed.map(({ reason, remedy }) => (remedy ? `${reason}. What helps: ${remedy}.` : `${reason}.`));
  const now = name === 'reference' ? 'Everything works, but many times slower, in plain JavaScript.' : '';
  return `WebAssembly could not be used: ${reasons.join(' ')} ${now}`.trim();
}
