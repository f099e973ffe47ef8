// page.mjs: `npm run bench -- --page`: serves the page, and runs the workloads as often as somebody presses its button.
import { barsTable, browserBars, evaluate } from './bars.mjs';
import { launchChromium } from './browser/chromium.mjs';
import { openHost } from './browser/host.mjs';
import { measure } from './run.mjs';
import { browserCandidates } from './subjects.mjs';

/**
 * @param list    workloads
 * @param chosen  (candidate) => whether it takes part
 * @param hear    as `measure` of run.mjs wants it: what the terminal hears beside the page
 * @param alone   opens the page in a headless Chromium, presses the button, and ends with the bars; otherwise goes on until the
 *   program is interrupted
 */
export async function servePage({ list, chosen, limits, folder, hear, alone }) {
  const host = await openHost();
  const browser = alone ? await launchChromium() : null;
  try {
    const first = host.nextRun();
    if (browser) await pressButton(browser, host.url);
    else console.log(`open ${host.url} in a browser of this machine, and press Run; Ctrl-C ends this program`);
    for (let run = first; ; run = host.nextRun()) {
      const bars = await runOnce(host, await run, { list, chosen, limits, folder, hear });
      if (browser) return bars;
    }
  } finally {
    await browser?.close();
    await host.close();
  }
}

async function pressButton(browser, url) {
  const page = await browser.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: 'Run' }).click();
}

/** @returns the table of bars for the terminal */
async function runOnce(host, { engine, userAgent }, { list, chosen, limits, folder, hear }) {
  host.show({ begin: true });
  const bars = browserBars(engine);
  try {
    const { rows } = await measure({
      list,
      wanted: browserCandidates(engine).filter(chosen),
      start: host.start,
      about: [`in ${userAgent}, each subject in a worker of one page`],
      limits,
      folder,
      hear: {
        notes(lines) {
          hear.notes(lines);
          host.show({ notes: lines });
        },
        progress(index, count) {
          const say = hear.progress(index, count);
          return (what) => {
            say(what);
            if (what !== null) host.show({ progress: `${index + 1} of ${count}: ${what}` });
          };
        },
        workload(workload, rows, absent, disturbance) {
          hear.workload(workload, rows, absent, disturbance);
          host.show({ rows });
        },
      },
    });
    host.show({ bars: evaluate(rows, bars), end: 'Done.' });
    return barsTable(rows, bars);
  } catch (error) {
    host.show({ end: `The run failed: ${error.message}` });
    throw error;
  }
}
