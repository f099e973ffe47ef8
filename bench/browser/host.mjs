// browser/host.mjs: a page that a person opens in a browser of theirs. Subjects are workers of it; the harness asks them over the
// server, so that Node's WASM takes turns with them, and the page shows what comes of it.
import { json } from 'node:stream/consumers';
import { Absent, inTime } from '../process.mjs';
import { NOBODY_KNOWS } from './chromium.mjs';
import { openServer } from './server.mjs';

/** What a subject's name begins with, by what its browser calls itself. Edge and Opera are Chromium with another name. */
export function engineOf(userAgent) {
  if (/Firefox\//.test(userAgent)) return 'firefox';
  if (/Chrom(e|ium)\//.test(userAgent)) return 'chromium';
  return /Safari\//.test(userAgent) ? 'safari' : 'browser';
}

/**
 * @returns {Promise<{ url: string, nextRun(): Promise<{ engine: string, userAgent: string }>, show(what: object): void,
 *   start(candidate: object): Promise<any>, close(): Promise<void> }>}
 *   `nextRun` resolves when somebody presses the button; `show` tells the page; `start` is startProcess of process.mjs there
 */
export async function openHost() {
  let page = null; // the response to which events are written; the last page opened has it
  let pressed = () => {};
  let count = 0;
  const waiting = new Map(); // answers by number of the question

  const show = (event) => page?.write(`data: ${JSON.stringify(event)}\n\n`);
  const gone = () => {
    page = null;
    for (const { reject } of waiting.values()) reject(new Absent('the page was closed'));
    waiting.clear();
  };
  const server = await openServer({
    '/page/events': (request, response) => {
      page?.end();
      gone();
      page = response;
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      response.write(':\n\n');
      request.on('close', () => page === response && gone());
    },
    '/page/run': (request, response) => {
      pressed({ engine: engineOf(request.headers['user-agent'] ?? ''), userAgent: request.headers['user-agent'] });
      response.writeHead(204).end();
    },
    '/page/answer': async (request, response) => {
      const { question, answer } = await json(request);
      waiting.get(question)?.resolve(answer);
      waiting.delete(question);
      response.writeHead(204).end();
    },
  });

  async function ask(subject, command) {
    if (!page) throw new Absent('the page was closed');
    const { file, result, ...rest } = command;
    if (file) server.exchange({ file, result });
    const question = count++;
    const answer = new Promise((resolve, reject) => waiting.set(question, { resolve, reject }));
    answer.catch(() => {}); // told to who waits for it; nobody does any more when it comes too late
    show({ ask: { subject, question, command: rest } });
    const given = await inTime(answer);
    if (given.error) throw new Absent(given.error);
    return given;
  }

  return {
    url: `${server.url}/browser/page.html`,
    show,
    nextRun: () => new Promise((resolve) => (pressed = resolve)),
    async start(candidate) {
      const subject = count++;
      const stop = () => show({ stop: subject });
      try {
        const info = { version: candidate.version(), ...(await ask(subject, { open: candidate.page })) };
        return { ...candidate, info, ask: (command) => ask(subject, command), memory: NOBODY_KNOWS, stop };
      } catch (error) {
        stop();
        throw error;
      }
    },
    async close() {
      page?.end();
      await server.close();
    },
  };
}
