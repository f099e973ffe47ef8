// Questions to the worker that are answered while a job trains: a line of their own beside that of unrolled/worker, whose jobs wait
// for one another.
import type { Questions } from './messages.js';

type Name = keyof Questions;
export type Answerers = { readonly [N in Name]: (input: Questions[N]['input']) => Promise<Questions[N]['output']> };

interface Asked {
  readonly id: number;
  readonly name: Name;
  readonly input: unknown;
}
type Answered = { readonly id: number } & ({ readonly output: unknown } | { readonly error: string });

/** The message that brings a worker its end of the line. */
const OPENING = 'unrolled playground: questions';

/** The page's end of the line to one worker after another. */
export class QuestionLine {
  readonly #waiting = new Map<number, { resolve: (output: never) => void; reject: (error: Error) => void }>();
  #port: MessagePort | null = null;
  #ids = 0;

  /** From now on this worker is asked. What another one owed is not answered any more. */
  connect(worker: Worker): void {
    this.#port?.close();
    for (const { reject } of this.#waiting.values()) reject(new Error('the worker that was asked is gone'));
    this.#waiting.clear();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<Answered>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ('error' in data) waiting?.reject(new Error(data.error));
      else waiting?.resolve(data.output as never);
    };
    worker.postMessage({ type: OPENING, port: port2 }, [port2]);
  }

  /** Rejects with the worker's words where it cannot answer. */
  ask<N extends Name>(name: N, input: Questions[N]['input']): Promise<Questions[N]['output']> {
    return new Promise((resolve, reject) => {
      if (this.#port === null) return reject(new Error('there is no worker to ask'));
      const id = ++this.#ids;
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage({ id, name, input } satisfies Asked);
    });
  }
}

/** The worker's end. */
export function answerQuestions(answerers: Answerers): void {
  globalThis.addEventListener('message', ({ data }: MessageEvent) => {
    if (data?.type !== OPENING) return;
    const port = data.port as MessagePort;
    port.onmessage = async ({ data: { id, name, input } }: MessageEvent<Asked>) => {
      const answer = answerers[name] as (input: unknown) => Promise<unknown>;
      try {
        port.postMessage({ id, output: await answer(input) } satisfies Answered);
      } catch (error) {
        port.postMessage({ id, error: (error as Error).message } satisfies Answered);
      }
    };
  });
}
