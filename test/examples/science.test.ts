// The lecture's claims that need little or no training, in small; and what the experiments are made of.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as u from 'unrolled';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generator } from '../../examples/lib/random.mjs';
import * as order from '../../examples/science/claims/1-order.mjs';
import * as oneHot from '../../examples/science/claims/2-one-hot.mjs';
import * as bptt from '../../examples/science/claims/3-bptt.mjs';
import { carry } from '../../examples/science/claims/6-lstm.mjs';
import { claims } from '../../examples/science/claims/index.mjs';
import { makeContext } from '../../examples/science/context.mjs';
import { jacobians, largestStretch, scaledTo } from '../../examples/science/jacobian.mjs';
import { orthogonal } from '../../examples/science/nets.mjs';
import { page } from '../../examples/science/page.mjs';
import { makePool } from '../../examples/science/pool.mjs';
import { verdictOf } from '../../examples/science/report.mjs';
import { tasks } from '../../examples/science/tasks.mjs';

interface Row {
  what: string;
  measured: string;
  expected: string;
  holds?: boolean;
}

const context = makeContext({ backend: 'auto', jobs: 0, say: () => {} });
const script = path.join(import.meta.dirname, '../../examples/science/science.mjs');
let folder: string;

beforeAll(async () => {
  await u.ready();
  folder = await mkdtemp(path.join(tmpdir(), 'unrolled-science-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What did not hold, with its figures: a failing test then says what was measured. */
const failures = (rows: Row[]): Row[] => rows.filter(({ holds }) => holds === false);
const judged = (rows: Row[]): number => rows.filter(({ holds }) => holds !== undefined).length;

describe('the claims', () => {
  it('1: order is lost on a bag of words, seen through a window by a CNN, and seen whole by recurrent nets', async () => {
    const sizes = { seeds: 1, updates: 1200, testRows: 3000, shuffles: 200 };
    const { rows } = await order.run({ ...context, sizes, seed: 1 });
    expect(failures(rows)).toEqual([]);
    expect(judged(rows)).toBe(10);
  });

  it('2: a one-hot word picks a row of W, and neither length nor padding changes a sentence', async () => {
    const { rows } = await oneHot.run({ sizes: { words: 200, longest: 20, sentences: 12 }, seed: 3 });
    expect(failures(rows)).toEqual([]);
    expect(judged(rows)).toBe(9);
  });

  it('3: the derivatives of the notes are those of the library, to 1e-10 in double', async () => {
    const { rows, tables } = await bptt.run({ ...context, sizes: { nets: 40 }, seed: 2 });
    expect(failures(rows)).toEqual([]);
    expect(judged(rows)).toBe(8);
    expect(tables[0]?.rows).toHaveLength(5);
    expect(u.backendInfo().name).not.toBe('reference');
  });

  it('6: a forget gate at 1 and an input gate at 0 carry the cell and its gradient unchanged over 1,000 steps', () => {
    const { rows } = carry({ steps: 1000 }, 5);
    expect(failures(rows)).toEqual([]);
    expect(judged(rows)).toBe(4);
  });

  it('have a title, a claim in words, sizes for quick and whole, and a run', () => {
    expect(claims).toHaveLength(8);
    for (const { title, claim, sizes, run } of claims) {
      expect(title.length).toBeGreaterThan(3);
      expect(claim.length).toBeGreaterThan(50);
      expect(Object.keys(sizes)).toEqual(['whole', 'quick']);
      expect(run).toBeTypeOf('function');
    }
  });
});

describe('the tasks', () => {
  it('adding: the answer is the sum of the numbers at the two marks, one in each half', () => {
    const { x, y } = tasks.adding({ steps: 20 }).draw(generator(1), 50);
    const [numbers, answers] = [x.toArray(), y.toArray()];
    for (let row = 0; row < 50; row++) {
      const steps = Array.from({ length: 20 }, (_, t) => numbers.slice((t * 50 + row) * 2, (t * 50 + row) * 2 + 2));
      const marked = steps.flatMap(([value, mark], t) => (mark === 1 ? [{ t, value: value as number }] : []));
      expect(marked).toHaveLength(2);
      expect(marked.map(({ t }) => t >= 10)).toEqual([false, true]);
      expect(marked.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(answers[row] as number, 6);
    }
  });

  it('whichCameFirst: A and B stand at the stated distance, both a margin away from the ends', () => {
    const options = { steps: 30, farthest: 10, margin: 5 };
    const { x, y, distances } = tasks.whichCameFirst(options).draw(generator(2), 200);
    const words = u.argmax(x, 2).toArray();
    for (let row = 0; row < 200; row++) {
      const sentence = Array.from({ length: 30 }, (_, t) => words[t * 200 + row]);
      const [a, b] = [sentence.indexOf(0), sentence.indexOf(1)];
      expect(Math.abs(a - b)).toBe(distances?.[row]);
      expect(Math.min(a, b)).toBeGreaterThanOrEqual(5);
      expect(Math.max(a, b)).toBeLessThan(25);
      expect(y.toArray()[row]).toBe(a < b ? 0 : 1);
    }
  });

  it('latest and firstAndLast: the answer is in the words they name', () => {
    const latest = tasks.latest({ steps: 15, share: 0.2 }).draw(generator(3), 40);
    const pairs = tasks.firstAndLast({ steps: 6 }).draw(generator(4), 40);
    const [stream, sentences] = [u.argmax(latest.x, 2).toArray(), u.argmax(pairs.x, 2).toArray()];
    for (let row = 0; row < 40; row++) {
      const seen = Array.from({ length: 15 }, (_, t) => stream[t * 40 + row] as number).filter((word) => word < 2);
      expect(latest.y.toArray()[row]).toBe(seen.at(-1));
      expect(pairs.y.toArray()[row]).toBe(2 * (sentences[row] as number) + (sentences[5 * 40 + row] as number));
    }
  });
});

describe('the measures', () => {
  it('scaledTo and orthogonal give the singular values they name', () => {
    u.seed(1);
    expect(largestStretch(orthogonal(6, 1.7), 6)).toBeCloseTo(1.7, 5);
    expect(largestStretch(scaledTo(0.4, u.randn([5, 5]).toArray(), 5), 5)).toBeCloseTo(0.4, 10);
  });

  it.each([
    ['RNN', u.RNN],
    ['GRU', u.GRU],
    ['LSTM', u.LSTM],
  ])('the Jacobians of %s are the slopes of h_T', async (_, Layer) => {
    await context.inDouble(() => {
      u.seed(7);
      const layer = new Layer({ inputSize: 2, hiddenSize: 3 });
      const x = u.randn([4, 1, 2]);
      const found = jacobians(layer, x);
      const last = (change: number): number[] => {
        const moved = x.toArray();
        moved[3] = (moved[3] as number) + change; // x_2, second feature
        return layer.forward(u.tensor(moved, [4, 1, 2])).state.h.toArray();
      };
      const [up, down] = [last(1e-5), last(-1e-5)];
      for (let unit = 0; unit < 3; unit++) {
        const slope = ((up[unit] as number) - (down[unit] as number)) / 2e-5;
        expect(found.inputs[1]?.[2 * unit + 1]).toBeCloseTo(slope, 8);
      }
    });
  });
});

describe('the pool', () => {
  const job = {
    task: { kind: 'firstAndLast', steps: 8 },
    net: { kind: 'GRU', hiddenSize: 8 },
    updates: 100,
    seed: 4,
  };

  it('trains the same net on a thread as here, bit for bit', async () => {
    const pool = makePool(2, 'auto');
    try {
      const there = await pool.trainAll([job, { ...job, seed: 5 }]);
      const here = await makePool(0, 'auto').trainAll([job, { ...job, seed: 5 }]);
      expect(there.map(({ history }) => history)).toEqual(here.map(({ history }) => history));
    } finally {
      await pool.close();
    }
  });

  it('hands on what goes wrong on a thread', async () => {
    const pool = makePool(1, 'auto');
    try {
      await expect(pool.trainAll([{ ...job, net: { kind: 'transformer', hiddenSize: 8 } }])).rejects.toThrow(
        /no net is called "transformer"/,
      );
    } finally {
      await pool.close();
    }
  });
});

describe('the report', () => {
  it('says how many parts do not hold, and does not count what is for information', () => {
    const row = (holds?: boolean): Row => ({
      what: '',
      measured: '',
      expected: '',
      ...(holds !== undefined && { holds }),
    });
    expect(verdictOf([row(true), row(), row(true)])).toEqual({ holds: true, text: 'holds' });
    expect(verdictOf([row(true), row(false), row()]).text).toBe('1 of 2 parts do not hold');
  });

  it('is one page that loads nothing, shows what does not hold, and lets no text become markup', async () => {
    const { rows, plots, tables } = await bptt.run({ ...context, sizes: { nets: 2 }, seed: 1 });
    const failed = { what: 'a < b', measured: '2', expected: '1', holds: false };
    const result = {
      number: 3,
      title: bptt.title,
      claim: bptt.claim,
      seconds: 1,
      rows: [...rows, failed],
      plots,
      tables,
    };
    const html = await page([result], ['a note']);
    expect(html).toContain('<svg');
    expect(html).not.toMatch(/(?:src|href)="(?!#)/);
    expect(html).toContain('a &lt; b');
    expect(html.match(/class="fails">does not hold/g)).toHaveLength(1);
  });

  it('the command writes page and JSON, and refuses a claim that there is not', async () => {
    const [html, json] = [path.join(folder, 'science.html'), path.join(folder, 'science.json')];
    const said = execFileSync(process.execPath, [script, '--only', '3', '--quick', '--html', html, '--json', json], {
      encoding: 'utf8',
    });
    expect(said).toContain('do_T/do_t');
    expect(await readFile(html, 'utf8')).toContain('id="claim-3"');
    const { results } = JSON.parse(await readFile(json, 'utf8')) as { results: { number: number; rows: Row[] }[] };
    expect(results.map(({ number }) => number)).toEqual([3]);
    const refused = spawnSync(process.execPath, [script, '--only', '3,9'], { encoding: 'utf8' });
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/--only must be numbers from 1 to 8/);
  });
});
