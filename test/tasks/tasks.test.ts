// What all tasks share: reading, guessing columns, splitting, training, resuming, saving, loading; over small made-up data that a net
// learns in a moment. Each task's own behaviour is in its own file.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { charlm, classify, loadTask, type TaskOptions } from '../../src/tasks/index.js';
import { TASKS } from '../../src/tasks/list.js';

const folder = mkdtempSync(path.join(tmpdir(), 'unrolled-tasks-'));
const at = (name: string): string => path.join(folder, name);
const write = (name: string, text: string | Uint8Array): string => {
  writeFileSync(at(name), text);
  return at(name);
};
beforeAll(async () => {
  await u.ready({ backend: 'native', threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GOOD = ['good', 'fine', 'great', 'lovely'];
const BAD = ['bad', 'poor', 'awful', 'dull'];
const FILLERS = ['film', 'story', 'the', 'a', 'was', 'it'];
/** Rows whose label is the kind of the one word that is no filler. */
const rows = Array.from({ length: 240 }, (_, k) => {
  const list = k % 2 ? GOOD : BAD;
  const words = [FILLERS[k % 6], list[(k >> 1) % 4], FILLERS[(k * 5) % 6], FILLERS[(k * 7) % 6], `${k}`];
  return { text: words.join(' '), label: k % 2 ? 'pos' : 'neg' };
});
const quick: TaskOptions = { epochs: 6, hidden: 8, embedding: 8, lr: 0.02, wordDropout: 0, dropout: 0 };
const csv = (list: readonly { text: string; label: string }[], head = 'review,sentiment'): string =>
  `${head}\n${list.map(({ text, label }) => `"${text.replaceAll('"', '""')}",${label}`).join('\n')}\n`;

describe('a task', () => {
  it('learns from records, and says how it did', async () => {
    const said: string[] = [];
    const task = await classify(rows, { ...quick, say: (line) => said.push(line) });
    expect(task.report).toMatchObject({ task: 'classify', cell: 'lstm', backend: 'native', epochs: 6 });
    expect(task.report.test).toEqual({ accuracy: 1, macroF1: 1, auc: 1 });
    expect(task.report.parameters).toBe(task.model.parameters().reduce((sum, p) => sum + p.size, 0));
    const [good, bad] = await task.predict(['a lovely story', 'it was awful']);
    expect(good).toMatchObject({ label: 'pos' });
    expect(bad?.probabilities.neg).toBeGreaterThan(0.6);
    expect(said.join('\n')).toContain('192 examples to learn from, 24 for early stopping, 24 to test on');
  });

  it('the same seed gives the same model, another seed another', async () => {
    const weights = async (seed: number) => {
      const { model } = await classify(rows, { ...quick, epochs: 2, seed });
      return model.parameters().flatMap((p) => p.toArray());
    };
    const first = await weights(3);
    expect(await weights(3)).toEqual(first);
    expect(await weights(4)).not.toEqual(first);
  });

  it.each([
    ['reviews.csv', csv(rows)],
    ['semicolons.csv', csv(rows).replace('review,', 'review;').replaceAll('",', '";')],
    ['reviews.tsv', `review\tsentiment\n${rows.map(({ text, label }) => `${text}\t${label}`).join('\n')}`],
    ['reviews.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')],
    ['crlf.csv', csv(rows).replaceAll('\n', '\r\n')],
    ['bom.csv', `\ufeff${csv(rows)}`],
    ['utf16.csv', new Uint8Array(Buffer.from(`\ufeff${csv(rows)}`, 'utf16le'))],
  ])('reads %s and guesses its columns aloud', async (name, content) => {
    const said: string[] = [];
    const { report } = await classify(write(name, content), { ...quick, epochs: 4, say: (line) => said.push(line) });
    expect(report.test?.accuracy).toBeGreaterThan(0.9);
    expect(said[0]).toMatch(/columns guessed: text = "(review|text)", label = "(sentiment|label)"/);
  });

  it('takes columns by name, and files for the parts', async () => {
    const file = write('odd.csv', csv(rows, 'zzz,qqq'));
    const rest = write('rest.csv', csv(rows.slice(0, 30), 'zzz,qqq'));
    const { report } = await classify(file, {
      ...quick,
      epochs: 3,
      text: 'zzz',
      label: 'qqq',
      test: rest,
      valid: rest,
    });
    expect(report.test).toHaveProperty('accuracy');
  });

  it('where two columns could be read, it asks for one, and does as it is told', async () => {
    const both = rows.map(({ text, label }, k) => ({ text, path: `${k}.png`, label }));
    await expect(classify(both, quick)).rejects.toThrow(/several columns to read \(text, path\): name one/);
    const { report } = await classify(both, { ...quick, epochs: 4, text: 'text' });
    expect(report.test?.accuracy).toBeGreaterThan(0.9);
  });

  it('examples that are the same never lie on both sides of a split', async () => {
    // Six texts, twenty times each: if one of them were on both sides, it would be known by heart.
    const repeated = Array.from({ length: 120 }, (_, k) => ({ text: `word${k % 6}`, label: k % 6 < 3 ? 'a' : 'b' }));
    const said: string[] = [];
    const { prep } = await classify(repeated, {
      ...quick,
      epochs: 1,
      minCount: 1,
      test: 0.3,
      valid: 0,
      say: (line) => said.push(line),
    });
    const known = (prep as { input: { vocabulary: string[] } }).input.vocabulary;
    expect(said.join()).toMatch(/80 examples to learn from, 0 for early stopping, 40 to test on/);
    expect(known).toHaveLength(4);
  });

  it('saved and loaded, by path, by URL and as files, it gives the same answers', async () => {
    const out = at('saved');
    const task = await classify(rows, { ...quick, out });
    expect(readdirSync(out).sort()).toEqual(['config.json', 'model.safetensors']);
    const inputs = rows.slice(0, 9).map(({ text }) => text);
    const want = await task.predict(inputs);
    for (const from of [out, pathToFileURL(`${out}/`), task.files()]) {
      const again = await loadTask(from);
      expect(await again.predict(inputs)).toEqual(want);
      expect(again.report).toEqual(task.report);
      expect(again.gradients).toBe(task.gradients);
    }
    expect(task.gradients).toContain('gradient flow');
  });

  it('diagnoses any data: of its validation part it says what was kept with the model', async () => {
    const [valid, text] = [rows.slice(0, 30), 'so it goes and comes and goes again. '.repeat(40)];
    const task = await classify(rows.slice(30), { ...quick, epochs: 1, valid });
    expect(String(await task.diagnose(valid, { jacobian: { probes: 16 } }))).toBe(task.gradients);
    const file = write('diagnosed.csv', csv(valid));
    expect(await task.diagnose(file)).toEqual(await task.diagnose(valid));
    expect((await task.diagnose(rows, { jacobian: false })).loss).not.toBe((await task.diagnose(valid)).loss);
    // In training mode words are left out at random; nothing of it is left.
    const before = u.generator.state();
    await task.diagnose(valid, { training: true });
    expect(u.generator.state()).toEqual(before);
    expect(task.model.training).toBe(false);

    const writer = await charlm({ text }, { epochs: 1, hidden: 8, window: 20, valid: { text: text.slice(40) } });
    const flow = await writer.diagnose({ text: text.slice(40) }, { jacobian: { probes: 16 } });
    expect(String(flow)).toBe(writer.gradients);
    expect(flow.layers[0]?.dh).toHaveLength(20);
  });

  it('diagnose says which option is wrong, and what is wrong with data', async () => {
    const task = await classify(rows, { ...quick, epochs: 1 });
    await expect(task.diagnose(rows, { loss: 'mse' } as never)).rejects.toThrow(
      /classify: diagnose: unknown option "loss"/,
    );
    await expect(task.diagnose(rows, { jacobian: 3 as never })).rejects.toThrow(
      /option "jacobian" must be true, false or \{ row, probes \}, got 3/,
    );
    await expect(task.diagnose([])).rejects.toMatchObject({ code: 'ERR_DATA' });
    await expect(task.diagnose(write('no-label.csv', 'text\n"a film"\n'))).rejects.toThrow(/label/);
  });

  it('evaluates files, predicts rows and lines', async () => {
    const task = await classify(rows, quick);
    expect(await task.evaluate(write('more.csv', csv(rows.slice(0, 20))))).toEqual({ accuracy: 1, macroF1: 1, auc: 1 });
    const unlabelled = write('unlabelled.csv', 'text\n"a great film"\n"so dull"\n');
    expect((await task.predictRows(unlabelled)).map((answer) => (answer as { label: string }).label)).toEqual([
      'pos',
      'neg',
    ]);
    expect(await task.predictLines(['a great film'])).toHaveLength(1);
  });
});

describe('a run that is stopped', () => {
  const stopAfter = (epoch: number) => {
    const controller = new AbortController();
    return {
      signal: controller.signal,
      onEpoch: (record: u.EpochRecord) => record.epoch === epoch && controller.abort(),
    };
  };

  it('keeps the best model, and goes on when it is started again, to the same bits', async () => {
    const whole = await classify(rows, { ...quick, out: at('whole') });
    const out = at('stopped');
    const first = await classify(rows, { ...quick, out, ...stopAfter(3) });
    expect(first.report.epochs).toBeLessThan(6);
    expect(readdirSync(out).sort()).toEqual(['checkpoint.safetensors', 'config.json', 'model.safetensors', 'run.json']);
    await loadTask(out);
    const second = await classify(rows, { ...quick, out });
    expect(second.report.epochs).toBe(6);
    const weights = (task: typeof whole) => task.model.parameters().flatMap((p) => p.toArray());
    expect(weights(second)).toEqual(weights(whole));
    expect(readdirSync(out).sort()).toEqual(['config.json', 'model.safetensors']);
  });

  it('is not taken up with other settings or data, and says what differs', async () => {
    const out = at('other');
    await classify(rows, { ...quick, out, ...stopAfter(2) });
    await expect(classify(rows, { ...quick, hidden: 9, out })).rejects.toThrow(/hidden 8, now 9.*overwrite/);
    await expect(classify(rows.slice(2), { ...quick, out })).rejects.toThrow(/other data/);
    await classify(rows, { ...quick, hidden: 9, epochs: 1, out, overwrite: true });
  });

  it('an output folder that holds something else is left alone', async () => {
    const out = at('taken');
    await classify(rows, { ...quick, epochs: 1, out });
    const before = readFileSync(path.join(out, 'model.safetensors'));
    await expect(classify(rows, { ...quick, epochs: 1, out })).rejects.toThrow(
      /holds a trained task already.*--overwrite/,
    );
    await expect(classify(rows, { ...quick, epochs: 1, out: folder })).rejects.toThrow(
      /holds other files.*choose a folder/,
    );
    expect(readFileSync(path.join(out, 'model.safetensors')).equals(before)).toBe(true);
  });
});

describe('bad input', () => {
  const refused: [string, string, string, RegExp][] = [
    ['an empty file', 'empty.csv', '', /empty\.csv is empty/],
    ['a header alone', 'header.csv', 'text,label\n', /no rows below its header/],
    [
      'one class',
      'one.csv',
      csv(rows.map(({ text }) => ({ text, label: 'x' }))),
      /all \d+ rows to learn from have the label "x"/,
    ],
    [
      'a missing column',
      'missing.csv',
      'a,b,c\n1,2,3\n',
      /no column to read|has no column "label".*its columns are "a", "b", "c"/,
    ],
    ['a ragged row', 'ragged.csv', 'text,label\na,b\nc\n', /line 3: a row must have 2 cells/],
    ['an open quote', 'quote.csv', 'text,label\n"a,b\nc,d\n', /line 2: .*quote/i],
    ['the same column twice', 'twice.csv', 'text,text\na,b\n', /column names must differ.*"text" twice/],
    ['no JSON', 'broken.jsonl', '{"text":"a","label":"b"}\n{"text":\n', /broken\.jsonl, line 2: must be JSON/],
    ['a list in place of an object', 'list.jsonl', '{"text":"a","label":"b"}\n[1]\n', /line 2: must be a JSON object/],
    ['an empty label', 'nolabel.csv', 'text,label\na,\n', /line 2: the label must be/],
    ['too few rows', 'few.csv', 'text,label\na,x\nb,y\n', /too few to keep .* for --(valid|test)/],
  ];
  it.each(refused)('%s', async (_what, name, content, message) => {
    const error = await classify(write(name, content), quick).catch((reason) => reason);
    expect(error).toBeInstanceOf(u.DataError);
    expect(error.message).toMatch(message);
  });

  it('bytes of another encoding are named by their place, and read when their encoding is', async () => {
    const file = write('latin1.csv', new Uint8Array(Buffer.from(csv(rows).replace('film', 'caf\u00e9'), 'latin1')));
    await expect(classify(file, quick)).rejects.toThrow(/byte \d+ \(0xe9\) is not utf-8.*--encoding latin1/);
    await expect(classify(file, { ...quick, epochs: 1, encoding: 'latin1' })).resolves.toBeDefined();
    await expect(classify(file, { ...quick, encoding: 'klingon' })).rejects.toThrow(u.OptionError);
    await expect(classify(write('binary.csv', new Uint8Array([65, 0, 66, 10])), quick)).rejects.toThrow(/no text/);
  });

  it('a single line of a megabyte is a text like any other', async () => {
    const long = [...rows, { text: 'good '.repeat(200_000), label: 'pos' }];
    await expect(
      classify(write('long.csv', csv(long)), { ...quick, epochs: 1, hidden: 2, embedding: 2, layers: 1 }),
    ).resolves.toBeDefined();
  });

  it('a label that only the test part has counts as wrong', async () => {
    const test = [...rows.slice(0, 9), { text: 'a great film', label: 'unheard of' }];
    const { report } = await classify(rows, { ...quick, test });
    expect(report.test?.accuracy).toBe(0.9);
    // Of the class of its own, nothing is right: two classes of F1 1 and 10/11 or 8/9, and one of 0.
    expect(report.test?.macroF1).toBeGreaterThan((8 / 9 + 1) / 3 - 1e-9);
    expect(report.test?.macroF1).toBeLessThan(2 / 3);
  });

  it('a missing file, an unknown option, a wrong value', async () => {
    await expect(classify(at('nowhere.csv'), quick)).rejects.toThrow(/nowhere\.csv.*check the path/);
    await expect(classify(rows, { ...quick, hiden: 3 })).rejects.toThrow(
      /unknown option "hiden"; did you mean "hidden"/,
    );
    await expect(classify(rows, { ...quick, cell: 'transformer' as 'gru' })).rejects.toThrow(
      /"cell" must be one of "rnn", "lstm", "gru"/,
    );
    await expect(classify(rows, { ...quick, test: 1.5 })).rejects.toThrow(/"test" must be a share/);
    await expect(classify(7 as never, quick)).rejects.toThrow(/data must be a path/);
  });

  it('a damaged folder is named for what is wrong with it', async () => {
    const out = at('damaged');
    await classify(rows, { ...quick, epochs: 1, out });
    const config = path.join(out, 'config.json');
    const text = readFileSync(config, 'utf8');
    const weights = readFileSync(path.join(out, 'model.safetensors'));
    const attempt = async (change: () => void, message: RegExp) => {
      change();
      await expect(loadTask(out)).rejects.toThrow(message);
      writeFileSync(config, text);
      writeFileSync(path.join(out, 'model.safetensors'), weights);
    };
    await attempt(() => writeFileSync(config, text.slice(0, 90)), /config\.json is not JSON/);
    await attempt(() => writeFileSync(config, text.replace('unrolled task', 'something')), /must have "format"/);
    await attempt(() => writeFileSync(config, text.replace('"version":1', '"version":99')), /version 99.*install/);
    await attempt(
      () => writeFileSync(config, text.replace('"task":"classify"', '"task":"clasify"')),
      /did you mean "classify"/,
    );
    await attempt(
      () => writeFileSync(path.join(out, 'model.safetensors'), weights.subarray(0, 100)),
      /must have \d+ bytes/,
    );
    await attempt(() => {
      const other = Buffer.from(weights);
      other[other.length - 1] = (other[other.length - 1] as number) ^ 1;
      writeFileSync(path.join(out, 'model.safetensors'), other);
    }, /checksum/);
    await attempt(() => rmSync(config), /holds no trained task/);
    await loadTask(out);
  });
});

describe('features', () => {
  const waves = Array.from({ length: 160 }, (_, k) => ({
    features: Array.from({ length: 8 + (k % 5) }, (_, t) => [Math.sin(t * (k % 2 ? 1.5 : 0.3) + k), 100 + k / 10]),
    label: k % 2 ? 'fast' : 'slow',
  }));

  it('sequences of numbers are standardised and classified', async () => {
    const task = await classify(waves, { ...quick, epochs: 12 });
    expect(task.report.test?.accuracy).toBeGreaterThan(0.9);
    const [answer] = await task.predict([(waves[0] as (typeof waves)[0]).features]);
    expect(answer?.label).toBe('slow');
  });

  it.each([
    [[{ features: [[1, 2], [3]], label: 'a' }], /step 1 must be a list of 2 numbers/],
    [[{ features: [[1, Number.NaN]], label: 'a' }], /number 1 must be a finite number, got NaN/],
    [[{ features: [], label: 'a' }], /with at least one/],
  ])('%o is refused', async (data, message) => {
    await expect(classify(data, quick)).rejects.toThrow(message);
  });
});

describe('the list of tasks', () => {
  it.each(TASKS.map((task) => [task.name, task] as const))('%s has what the command line needs', (_name, task) => {
    expect(task.summary.length).toBeGreaterThan(10);
    for (const [name, option] of Object.entries(task.options)) {
      expect(option.help, name).not.toBe('');
      if (option.default !== undefined) expect(option.rule.accepts(option.default), name).toBe(true);
    }
    const names = [...Object.keys(task.options), ...task.columns.map(({ option }) => option)];
    expect(new Set(names).size).toBe(names.length);
  });
});
