// browser/chromium.mjs: a headless Chromium whose pages run one subject each.
import { CHROMIUM, CHROMIUM_ARGUMENTS, hasChromium } from '../../.ci/chromium.mjs';
import { Absent, inTime } from '../process.mjs';
import { openServer } from './server.mjs';

/** As in Node: what is timed is optimised code, not the way to it. */
const ARGUMENTS = [...CHROMIUM_ARGUMENTS, '--js-flags=--no-liftoff'];

/** @returns null if a browser can be started here, else what to type */
export const missingBrowser = () => (hasChromium() ? null : 'apt-get install chromium, or set CHROMIUM');

export async function launchChromium() {
  const { chromium } = await import('playwright');
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

/** Starts server and browser. @returns { start(candidate), version, close() }; `start` is startProcess of process.mjs in a page */
export async function openBrowser() {
  const server = await openServer();
  const browser = await launchChromium();

  /** A context of its own: contexts share no renderer process. */
  async function start(candidate) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const ask = async (command) => {
      const { file, result, ...rest } = command;
      if (file) server.exchange({ file, result });
      try {
        const answer = await inTime(page.evaluate((c) => window.ask(c), rest));
        if (answer.error) throw new Absent(answer.error);
        return answer;
      } catch (error) {
        throw error instanceof Absent ? error : new Absent(error.message.split('\n')[0]);
      }
    };
    const stop = () => context.close();
    try {
      await page.goto(`${server.url}/browser/subject.html`);
      await page.waitForFunction(() => window.ready);
      const info = { version: candidate.version(), ...(await ask({ open: candidate.page })) };
      return { ...candidate, info, ask, memory: NOBODY_KNOWS, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  }

  return {
    start,
    version: browser.version(),
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** A page does not tell what memory it takes. */
export const NOBODY_KNOWS = { now: () => null, peak: () => null, forgetPeak() {} };
