// The benchmark from end to end: its command line, one small workload on all backends, and a subject that computes something
// else, which must be found out before anything is timed.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { launchChromium, missingBrowser } from '../../bench/browser/chromium.mjs';
import { engineOf, openHost } from '../../bench/browser/host.mjs';
import { measureGroup } from '../../bench/measure.mjs';
import { Absent } from '../../bench/process.mjs';
import { browserCandidates } from '../../bench/subjects.mjs';
import { workloads } from '../../bench/workloads.mjs';

const harness = fileURLToPath(new URL('../../bench/index.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'unrolled-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the command line', () => {
  it.each([
    [['--fast'], "Unknown option '--fast'"],
    [['--rounds', '0'], '--rounds must be a whole number of at least 1, got "0"'],
    [['--seconds', 'two'], '--seconds must be a whole number of at least 1, got "two"'],
    [['--filter', 'transformer'], 'no workload\'s name contains "transformer"'],
    [['--subject', 'abacus'], 'no subject\'s name contains "abacus"'],
  ])('%j is refused with code 2, a reason and the options', (args, reason) => {
    const { status, stderr } = spawnSync(process.execPath, [harness, ...args], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain(`bench: ${reason}`);
    expect(stderr).toContain('--filter WORD');
  });

  it('--list names workloads and subjects and runs nothing', () => {
    const text = execFileSync(process.execPath, [harness, '--list', '--filter', 'gru', '--filter', ' step '], {
      encoding: 'utf8',
    });
    expect(text).toContain('gru I=16 H=32 T=1 B=1 step');
    expect(text).not.toContain('lstm');
    expect(text).toContain('onednn 1t');
  });
});

/** Of axe-core, in a page. */
interface Axe {
  run(): Promise<{ violations: { id: string; help: string }[] }>;
}

/** What the harness wrote with --json. */
const rowsOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a run', () => {
  it('times native, WASM and reference on the same work and writes a line of JSON for each', {
    timeout: 120_000,
  }, () => {
    const json = join(folder, 'rows.json');
    const args = [
      '--filter',
      'I=8 H=16',
      '--subject',
      'native 1t',
      '--subject',
      'wasm simd128',
      '--subject',
      'reference',
    ];
    const text = execFileSync(process.execPath, [harness, ...args, '--rounds', '3', '--json', json, '--bars'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const rows = rowsOf(json);
    expect(rows.map((row) => row.subject)).toEqual(['native 1t', 'wasm simd128', 'reference']);
    for (const row of rows) {
      expect(row).toMatchObject({ peer: 'unrolled', threads: 1, cell: 'lstm', mode: 'train', base: 'native 1t' });
      expect(row.workload).toBe('lstm I=8 H=16 T=20 B=4 train');
      expect(row.us_min).toBeGreaterThan(0);
      expect(row.us_median).toBeGreaterThanOrEqual(row.us_min);
      expect(row.ratio_low).toBeLessThanOrEqual(row.ratio);
      expect(row.rounds).toHaveLength(3);
      expect(row.deviation).toBeLessThan(2e-5);
      expect(row.peak_share).toBeLessThan(1.05);
    }
    expect(rows[0].ratio).toBe(1);
    expect(rows[2].ratio).toBeGreaterThan(2); // double precision, unit by unit
    expect(rows[2].deviation).toBeGreaterThan(0);
    expect(text).toContain('time / native');
    expect(text).toContain('not measured');
  });
});

describe.skipIf(missingBrowser())('a run in Chromium', () => {
  it('times our WASM in pages of their own, against simd128', { timeout: 120_000 }, () => {
    const json = join(folder, 'browser.json');
    const args = [
      '--browser',
      '--filter',
      'I=8 H=16',
      '--subject',
      'chromium wasm simd128',
      '--subject',
      'chromium wasm relaxed',
    ];
    execFileSync(process.execPath, [harness, ...args, '--rounds', '2', '--json', json], { stdio: 'pipe' });
    const rows = rowsOf(json);
    expect(rows.map((row) => [row.subject, row.simd])).toEqual([
      ['chromium wasm simd128', 'wasm-simd'],
      ['chromium wasm relaxed', 'wasm-relaxed-simd'],
    ]);
    for (const row of rows) {
      expect(row).toMatchObject({ peer: 'unrolled', backend: 'wasm', threads: 1, base: 'chromium wasm simd128' });
      expect(row.us_min).toBeGreaterThan(0);
      expect(row.peak_share).toBeLessThan(1.05);
    }
    expect(rows[1].deviation).toBeGreaterThan(0); // fused multiply-adds round otherwise: results did come back
  });
});

describe.skipIf(missingBrowser())('the page', () => {
  it('is used as a person would: Run, progress, tables, the same rows to download, Node beside the browser', {
    timeout: 120_000,
  }, async () => {
    const json = join(folder, 'page.json');
    const args = [
      '--page',
      '--filter',
      'I=8 H=16',
      '--subject',
      'wasm simd128',
      '--subject',
      'threads',
      '--rounds',
      '4',
    ];
    const server = spawn(process.execPath, [harness, ...args, '--json', json], { stdio: ['ignore', 'pipe', 'ignore'] });
    const browser = await launchChromium();
    try {
      const url = await new Promise<string>((resolve) => {
        server.stdout.on('data', (text) => {
          const [found] = String(text).match(/http:\S+/) ?? [];
          if (found) resolve(found);
        });
      });
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
      page.on('pageerror', (error) => problems.push(String(error)));
      await page.goto(url);
      await page.getByRole('button', { name: 'Run' }).click();
      await page.getByRole('status').getByText('lstm I=8 H=16 T=20 B=4 train').waitFor();
      expect(await page.getByRole('button', { name: 'Run' }).isDisabled()).toBe(true);
      await page.getByText('Done.').waitFor({ timeout: 60_000 });

      const measured = page.getByRole('region', { name: 'What was measured' });
      const names = ['chromium wasm simd128', 'chromium wasm threads 2t', 'wasm simd128'];
      expect(await measured.locator('tbody td:first-child').allTextContents()).toEqual(names);
      // A bar speaks of sizes that are worth it.
      const promised = page.getByRole('region', { name: 'What is promised' });
      expect(await promised.getByText('not measured').count()).toBe(4);

      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Download the rows' }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('unrolled-bench.jsonl');
      const rows = rowsOf(await download.path());
      expect(rows).toEqual(rowsOf(json));
      expect(rows.map((row) => [row.subject, row.base, row.same_bits])).toEqual([
        ['chromium wasm simd128', 'chromium wasm simd128', null],
        ['chromium wasm threads 2t', null, true],
        ['wasm simd128', 'chromium wasm simd128', true],
      ]);
      await page.addScriptTag({
        path: fileURLToPath(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url)),
      });
      const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: Axe }).axe.run());
      expect(violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);
      expect(problems).toEqual([]);

      // Ended while nobody asks: the page says so, and the program with it.
      server.kill('SIGINT');
      await page.getByText('The harness has ended').waitFor();
    } finally {
      await browser.close();
      server.kill('SIGKILL');
    }
  });

  it('closed in the middle of a run costs the browser its rows, and nobody else', { timeout: 60_000 }, async () => {
    const host = await openHost();
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.goto(host.url);
      const run = host.nextRun();
      await page.getByRole('button', { name: 'Run' }).click();
      expect(await run).toMatchObject({ engine: 'chromium' });
      const [candidate] = browserCandidates('chromium');
      const subject = await host.start(candidate);
      expect(subject.info).toMatchObject({ simd: 'wasm-simd', threads: 1 });
      const answer = subject.ask({ run: { samples: 1, inner: 1 } }); // before it was set up
      await expect(answer).rejects.toThrow(/TypeError/);
      await page.close();
      await expect.poll(() => subject.ask({ run: {} }).catch((error: Error) => error)).toBeInstanceOf(Absent);
      await expect(host.start(candidate)).rejects.toThrow('the page was closed');
    } finally {
      await browser.close();
      await host.close();
    }
  });

  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0', 'firefox'],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
      'chromium',
    ],
    ['Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15', 'safari'],
    ['', 'browser'],
  ])('%s is called %s', (userAgent, engine) => expect(engineOf(userAgent)).toBe(engine));
});

describe('cold start', () => {
  it('times fresh processes and weighs what is installed', { timeout: 120_000 }, () => {
    const json = join(folder, 'cold.json');
    const text = execFileSync(process.execPath, [harness, '--cold', '--rounds', '1', '--json', json], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const rows = rowsOf(json);
    expect(rows.slice(0, 2).map((row) => row.subject)).toEqual(['unrolled native', 'unrolled wasm']);
    for (const row of rows) {
      expect(row.ms_median).toBeGreaterThan(1);
      if (row.subject !== 'an empty module there') expect(row.bytes).toBeGreaterThan(1e5);
    }
    const inPage = (name: string) => rows.find((row) => row.subject === name)?.ms_median as number;
    expect(inPage('unrolled in Chromium')).toBeGreaterThan(inPage('an empty module there'));
    for (const name of ['unrolled native', 'onnxruntime-node', 'tfjs wasm', 'brain.js']) expect(text).toContain(name);
  });
});

/** A subject inside this process: answers `values` to whatever it is set up with. */
function actor(name: string, values: (w: { B: number; H: number }) => number[], more: Record<string, unknown> = {}) {
  let stopped = false;
  return {
    name,
    peer: 'actor',
    backend: 'cpu',
    threads: 1,
    precision: 'fp32',
    info: {},
    memory: { now: () => null, peak: () => null, forgetPeak() {} },
    async ask(command: {
      setup?: { B: number; H: number };
      result?: string;
      run?: { samples: number; inner: number };
    }) {
      if (command.setup) {
        writeFileSync(command.result as string, Float32Array.from(values(command.setup)));
        return { us: 1e6 };
      }
      return { us: Array.from({ length: command.run?.samples as number }, () => 1e5) };
    },
    stop() {
      stopped = true;
    },
    wasStopped: () => stopped,
    ...more,
  };
}

describe('subjects that do not agree', () => {
  const workload = workloads().find((w) => w.name === 'rnn I=16 H=32 T=1 B=1 step');
  const ones = (w: { H: number }) => Array.from({ length: w.H }, () => 1);
  const almost = (off: number) => (w: { H: number }) => ones(w).map((v, k) => (k === 7 ? v + off : v));
  const run = (entries: object[], absent: string[][] = []) =>
    measureGroup([workload], {
      subjects: async () => ({ entries, absent }),
      peak: () => 1,
      bandwidth: async () => null,
      limits: { rounds: 1, seconds: 1 },
      folder,
      progress() {},
    });

  it('one number of a wrong result ends the run, with who, what and how far', async () => {
    const subjects = [actor('right', ones), actor('wrong', almost(1e-3))];
    await expect(run(subjects)).rejects.toThrow(
      /rnn I=16 H=32 T=1 B=1 step: wrong and right do not compute the same: "h" differs by 1\.0e-3 .* allowed are 1\.0e-5/,
    );
    expect(subjects.every((s) => s.wasStopped())).toBe(true);
  });

  it('what is no number is not near anything', async () => {
    await expect(run([actor('right', ones), actor('wrong', almost(Number.NaN))])).rejects.toThrow(
      'differs by Infinity',
    );
  });

  it('rounding is no disagreement, and quantised weights may be further away', async () => {
    const int8 = actor('int8', almost(1e-2), { precision: 'int8' });
    const [done] = await run([actor('right', ones), actor('rounded', almost(5e-6)), int8]);
    expect(done?.measured.map((m: { deviation: number }) => m.deviation)).toEqual([
      0,
      expect.closeTo(5e-6, 6),
      expect.closeTo(1e-2, 4),
    ]);
  });

  it('a result of another size is refused', async () => {
    await expect(run([actor('right', ones), actor('short', () => [1])])).rejects.toThrow('a file of 1 numbers');
  });

  it('one that fails is named and the others go on', async () => {
    const absent: string[][] = [];
    const broken = actor('broken', ones, { ask: () => Promise.reject(new Absent('out of memory')) });
    const [done] = await run([actor('right', ones), broken], absent);
    expect(absent).toEqual([['broken', 'out of memory']]);
    expect(done?.measured).toHaveLength(1);
    expect(broken.wasStopped()).toBe(true);
  });
});
