// What the playground's worker computes, without a page: problems, updates through windows, sessions that go on exactly.
import * as u from 'unrolled';
import { beforeAll, describe, expect, it } from 'vitest';
import { History } from '../../examples/web/src/shared/history.js';
import { complaint, PRESETS, readSettings, type Settings } from '../../examples/web/src/shared/settings.js';
import type { Source } from '../../examples/web/src/shared/sources.js';
import { openArchive } from '../../examples/web/src/worker/archive.js';
import { examine } from '../../examples/web/src/worker/examine.js';
import { Net } from '../../examples/web/src/worker/net.js';
import { makeProblem } from '../../examples/web/src/worker/problems/index.js';
import { Session } from '../../examples/web/src/worker/session.js';
import { Diverged, learn } from '../../examples/web/src/worker/update.js';

beforeAll(() => u.ready());

const small = (task: Settings['task'], changed: Partial<Settings> = {}): Settings => ({
  ...PRESETS[task],
  ...{ hidden: 6, batch: 3, length: 12 },
  ...changed,
});
const texts = Array.from({ length: 60 }, (_, k) => `${'very '.repeat(k % 7)}${k % 2 ? 'good' : 'bad'} thing`);
const sources: Readonly<Record<string, Source>> = {
  reviews: { kind: 'labelled', name: 'some', labels: ['bad', 'good'], texts, classes: texts.map((_, k) => k % 2) },
  text: { kind: 'text', name: 'rhyme', text: 'the rugged rock and the ragged rascal '.repeat(20) },
  series: {
    kind: 'series',
    name: 'wave',
    unit: 'm',
    times: Array.from({ length: 200 }, (_, k) => `${k}`),
    values: Array.from({ length: 200 }, (_, k) => Math.sin(k / 3)),
  },
};
const tasks = ['copy', 'reviews', 'text', 'series', 'sine'] as const;
const sessionOf = (settings: Settings) => new Session(settings, { source: sources[settings.task] ?? null, own: true });

describe.each(tasks)('the task %s', (task) => {
  it('gives update number n the same batch every time, and another one to n + 1', () => {
    const problem = makeProblem(small(task), sources[task] ?? null);
    expect(problem.batch(7)).toEqual(problem.batch(7));
    expect(problem.batch(7).x).not.toEqual(problem.batch(8).x);
  });

  it('goes on from its file to the same bits, own data and history included', async () => {
    const settings = small(task, { layers: 2, window: 5 });
    const whole = sessionOf(settings);
    for (let k = 0; k < 9; k++) whole.round();
    const archive = openArchive(await whole.pack(), 'file');
    const again = new Session(archive.settings, { source: archive.source, own: archive.source !== null });
    await again.restore(archive);
    expect(again.standing).toEqual(whole.standing);
    for (const one of [whole, again]) for (let k = 0; k < 6; k++) one.round();
    const weights = async (one: Session) => openArchive(await one.pack(), 'file').checkpoints;
    expect(await weights(again)).toEqual(await weights(whole));
  });

  it('shows gates between 0 and 1, an answer after every step, and does not change the training', async () => {
    const [watched, alone] = [sessionOf(small(task)), sessionOf(small(task))];
    for (let k = 0; k < 4; k++) {
      watched.round();
      alone.round();
      const gates = watched.gates('a very good thing');
      watched.view({ prompt: 'the ', temperature: 1 });
      const steps = gates?.tokens.length as number;
      for (const { gates: tracks, answers } of Object.values(gates?.cells ?? {})) {
        expect(answers.texts).toHaveLength(steps);
        for (const { mean, isCandidate } of tracks) {
          expect(mean).toHaveLength(steps);
          for (const value of mean) {
            expect(value).toBeGreaterThanOrEqual(isCandidate ? -1 : 0);
            expect(value).toBeLessThanOrEqual(1);
          }
        }
      }
    }
    expect(await watched.pack()).toEqual(await alone.pack());
  });
});

describe('an update', () => {
  const learner = (settings: Settings, problem = makeProblem(settings, sources[settings.task] ?? null)) => {
    u.seed(1);
    const net = new Net('gru', problem.shape, settings);
    return { problem, net, optimizer: new u.Adam(net.parameters(), { lr: 0.01 }) };
  };

  it('through a window as long as the sequence is that through all of it', () => {
    for (const task of ['text', 'reviews'] as const) {
      const [whole, windowed] = [small(task), small(task, { window: 12 })].map((settings) => {
        const { problem, ...own } = learner(settings);
        const { loss, flow } = learn(problem, own, problem.batch(1), settings, true);
        return { loss, flow, weights: own.net.parameters().flatMap((parameter) => parameter.toArray()) };
      });
      expect(windowed).toEqual(whole);
    }
  });

  it('through a shorter window reads the same sequence, and sees gradients only inside', () => {
    const settings = small('reviews', { window: 2 });
    const { problem, ...own } = learner(settings);
    const batch = problem.batch(3);
    const { loss, flow } = learn(problem, own, batch, settings, true);
    expect(flow?.norms.map((norm) => norm !== null)).toEqual(
      Array.from({ length: batch.T }, (_, t) => t >= batch.T - 2),
    );
    // The first loss is that of the whole sequence: what is cut is the gradient.
    const { problem: same, ...other } = learner(small('reviews'));
    expect(loss).toBeCloseTo(learn(same, other, batch, small('reviews'), false).loss, 6);
  });

  it('through windows carries the state from one to the next', () => {
    const losses = [0, 4].map((window) => {
      const settings = small('text', { window });
      const { problem, net } = learner(settings);
      const optimizer = new u.Adam(net.parameters(), { lr: 0 }); // the weights stay: only what is read differs
      return learn(problem, { net, optimizer }, problem.batch(1), settings, false).loss;
    });
    expect(losses[1]).toBeCloseTo(losses[0] as number, 5);
  });

  it('that comes to no finite number leaves the weights alone', () => {
    const settings = small('sine');
    const { problem, ...own } = learner(settings);
    const before = own.net.parameters().map((parameter) => parameter.toArray());
    const { x, ...batch } = problem.batch(1);
    const broken = { ...batch, x: x.map(() => Number.NaN) as Float32Array };
    expect(() => learn(problem, own, broken, settings, false)).toThrow(Diverged);
    expect(own.net.parameters().map((parameter) => parameter.toArray())).toEqual(before);
  });
});

describe('a history', () => {
  it('stays small, spans the whole training, and keeps what was measured', () => {
    const history = new History();
    for (let step = 1; step <= 20_000; step++) {
      if (step % history.pointEvery === 0) {
        const measured = (step / history.pointEvery) % 4 === 0;
        history.addPoint({
          step,
          train: { rnn: { loss: 1, metric: step } },
          validation: measured ? { rnn: { loss: 2, metric: 0 } } : {},
        });
      }
      if (step % history.rowEvery === 0) history.addRow({ step, flows: { rnn: { norms: [0, -1], rate: 1 } } });
    }
    expect(history.points.length).toBeLessThanOrEqual(200);
    expect(history.rows.length).toBeLessThanOrEqual(120);
    expect(history.points[0]?.step).toBeLessThan(400);
    expect(history.points.at(-1)?.step).toBeGreaterThan(19_000);
    expect(history.rows.at(-1)?.step).toBeGreaterThan(19_000);
    expect(history.points.filter(({ validation }) => validation.rnn).length).toBeGreaterThan(20);
    expect(History.from(JSON.parse(JSON.stringify(history)))).toEqual(history);
  });
});

describe('settings', () => {
  it('are read out of a file only if they are whole and allowed', () => {
    expect(readSettings(PRESETS.copy)).toEqual(PRESETS.copy);
    for (const wrong of [
      null,
      [],
      {},
      { ...PRESETS.copy, task: 'chess' },
      { ...PRESETS.copy, cells: [] },
      { ...PRESETS.copy, cells: ['mgu'] },
      { ...PRESETS.copy, hidden: 1e9 },
      { ...PRESETS.copy, lr: '0.1' },
    ]) {
      expect(readSettings(wrong)).toBeNull();
    }
    expect(complaint('clip', 0)).toBeNull();
    expect(complaint('batch', 2.5)).toBe('must be a whole number from 1 to 256');
  });
});

describe('a table of the visitor', () => {
  const read = (name: string, text: string) => {
    const examined = examine(name, new TextEncoder().encode(text));
    if (examined.kind !== 'source') throw new Error('expected data');
    return examined;
  };

  it.each([
    ['semicolons', 'a.csv', 'day;value\nx;1\ny;2\n', { kind: 'series', values: [1, 2], times: ['x', 'y'] }],
    ['tabs', 'a.tsv', 'value\n3\n4\n', { kind: 'series', values: [3, 4], times: ['1', '2'] }],
    [
      'labels that are numbers',
      'a.csv',
      'text,label\na fine long text,1\nanother long text,0\na third long text,1\none more long text,0\n',
      { kind: 'labelled', labels: ['0', '1'] },
    ],
    ['a column of numbers before the value', 'a.csv', 'id,value\n7,1\n8,2\n', { kind: 'series', values: [1, 2] }],
  ])('with %s is understood', (_, name, text, expected) => {
    expect(read(name, text).source).toMatchObject(expected);
  });

  it('sorted by label is mixed: the first rows are those that are only measured on', () => {
    const rows = Array.from({ length: 200 }, (_, k) => `some longer text ${k},${k < 100 ? 'a' : 'b'}`);
    const { source } = read('sorted.csv', ['text,label', ...rows].join('\n'));
    const first = source.kind === 'labelled' ? source.classes.slice(0, 40).filter((label) => label === 0).length : 0;
    expect(first).toBeGreaterThan(10);
    expect(first).toBeLessThan(30);
  });
});
