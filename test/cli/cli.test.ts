// The command line as a user has it: what it prints where, and what it exits with.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TASKS } from '../../src/tasks/list.js';

const cli = fileURLToPath(new URL('../../dist/cli/index.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'unrolled-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    input,
  });
  return { status, stdout, stderr };
}

const rows = Array.from({ length: 200 }, (_, k) => {
  const word = (k % 2 ? ['good', 'fine', 'great'] : ['bad', 'poor', 'dull'])[k % 3];
  return `"the film, number ${k}, was ${word}",${k % 2 ? 'pos' : 'neg'}`;
});
const sizes = [
  '--hidden',
  '6',
  '--embedding',
  '6',
  '--lr',
  '0.03',
  '--word-dropout',
  '0',
  '--dropout',
  '0',
  '--threads',
  '1',
];
beforeAll(() => {
  writeFileSync(path.join(folder, 'reviews.csv'), `review,label\n${rows.join('\n')}\n`);
  writeFileSync(path.join(folder, 'foreign.txt'), 'der 1 2\ndas 3 4\n');
  writeFileSync(path.join(folder, 'vectors.txt'), 'good 1 2 3\nbad -1 -2 -3\n');
  writeFileSync(path.join(folder, 'book.txt'), 'the cat sat on the mat and the dog sat on the cat. '.repeat(60));
});

/** A file system of 300 kB, where one may be mounted. */
function smallDisk(): string | null {
  const place = path.join(folder, 'disk');
  mkdirSync(place);
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', place]).status === 0 ? place : null;
}

describe('unrolled', () => {
  const disk = smallDisk();
  afterAll(() => {
    if (disk) spawnSync('umount', [disk]);
  });

  // Only root may mount.
  it.skipIf(disk === null)('a full disk ends the run with what to do, and leaves no part of a file', () => {
    const out = path.join(disk as string, 'model');
    const large = ['--hidden', '300', '--embedding', '300', '--epochs', '1', '--threads', '1'];
    const { status, stderr } = run(['train', 'classify', 'reviews.csv', '--out', out, ...large]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/unrolled: cannot write .*ENOSPC.*; free some space, or choose another place\n$/);
    expect(readdirSync(out)).toEqual(['run.json']);
  });

  it('train ends with one line of JSON on stdout and says the rest on stderr', () => {
    const { status, stdout, stderr } = run([
      'train',
      'classify',
      'reviews.csv',
      '--epochs',
      '4',
      '--out',
      'model',
      '--json',
      ...sizes,
    ]);
    expect(stderr).toContain('columns guessed: text = "review", label = "label"');
    expect(stderr).toMatch(/epoch 4: loss .* \| validation loss/);
    expect(status).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const report = JSON.parse(stdout);
    expect(Object.keys(report)).toEqual(['task', 'cell', 'parameters', 'epochs', 'secondsPerEpoch', 'backend', 'test']);
    expect(report).toMatchObject({
      task: 'classify',
      cell: 'lstm',
      epochs: 4,
      backend: 'native',
      test: { accuracy: 1, macroF1: 1, auc: 1 },
    });
  });

  it('predict answers lines of stdin and rows of a file, evaluate measures, inspect shows', () => {
    const lines = run(['predict', 'model', '-'], 'a great film\nso dull\n');
    expect(
      lines.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).label),
    ).toEqual(['pos', 'neg']);
    const table = run(['predict', 'model', 'reviews.csv', '--column', 'review']);
    expect(table.stdout.trim().split('\n')).toHaveLength(200);
    const figures = run(['evaluate', 'model', 'reviews.csv', '--json']);
    expect(JSON.parse(figures.stdout)).toMatchObject({ task: 'classify', test: { accuracy: 1 } });
    const inspected = run(['inspect', 'model']);
    expect(inspected.stdout).toMatch(/layer\.weight_ih_l0.*24 x 6/);
    expect(inspected.stdout).toContain('gradient flow');
  });

  it('train takes word vectors, whose size is that of the embedding', () => {
    const own = [
      '--vectors',
      'vectors.txt',
      '--hidden',
      '6',
      '--epochs',
      '1',
      '--threads',
      '1',
      '--out',
      'with-vectors',
    ];
    const { status, stderr } = run(['train', 'classify', 'reviews.csv', ...own]);
    expect(stderr).toMatch(/vectors\.txt: vectors of 3 numbers for 2 of \d+ words/);
    expect(status).toBe(0);
    expect(JSON.parse(run(['inspect', 'with-vectors', '--json']).stdout).settings.embedding).toBe(3);
    const wrong = run(['train', 'classify', 'reviews.csv', '--vectors', 'vectors.txt', '--embedding', '6']);
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining('say --embedding 3') });
  });

  it('charlm writes, the same for the same seed', () => {
    const trained = run([
      'train',
      'charlm',
      'book.txt',
      '--epochs',
      '3',
      '--out',
      'writer',
      '--hidden',
      '16',
      '--batch',
      '4',
      '--threads',
      '1',
    ]);
    expect(trained.stdout).toMatch(/bitsPerChar/);
    expect(trained.stderr).toMatch(/charlm: [\d,]+ characters to learn from/);
    const write = (seed: string) =>
      run(['generate', 'writer', '--prompt', 'the ', '--length', '40', '--seed', seed]).stdout;
    expect(write('3')).toMatch(/^the .{40}\n$/s);
    expect(write('3')).toBe(write('3'));
    expect(run(['generate', 'model', '--prompt', 'x'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('writes no text'),
    });
  });

  it('doctor says which backend runs, and help lists every task and option', () => {
    expect(run(['doctor']).stdout).toMatch(/native.*works[\s\S]*in use: native/);
    expect(JSON.parse(run(['doctor', '--json', '--backend', 'wasm']).stdout)).toMatchObject({
      chosen: { backend: 'wasm' },
    });
    expect(run(['--help']).stdout).toContain('unrolled train TASK FILE');
    const help = run(['train', '--help']).stdout;
    for (const { name } of TASKS) expect(help).toContain(`  ${name}`);
    expect(run(['train', 'classify', '--help']).stdout).toMatch(
      /--word-dropout N[\s\S]*--vectors FILE[\s\S]*--deltas N[\s\S]*--sample-rate N[\s\S]*--skip-unreadable/,
    );
    expect(run(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('bench times training, inference and streaming on the backends that work', () => {
    const small = ['--hidden', '8', '--input', '4', '--steps', '5', '--batch', '3', '--threads', '1'];
    const { status, stdout } = run(['bench', '--json', '--cell', 'gru', ...small]);
    expect(status).toBe(0);
    const { results, absent, ...about } = JSON.parse(stdout);
    expect(about).toMatchObject({ cell: 'gru', input: 4, hidden: 8, steps: 5, batch: 3 });
    expect(absent).toEqual([]);
    expect(results.map((r: { backend: string; work: string }) => `${r.backend} ${r.work}`)).toEqual(
      ['native', 'wasm', 'reference'].flatMap((name) =>
        ['training', 'inference', 'streaming'].map((work) => `${name} ${work}`),
      ),
    );
    for (const { work, us, usPerStep, gflops, tokensPerSecond, middle } of results) {
      const [rows, steps] = work === 'streaming' ? [1, 1] : [3, 5];
      expect(usPerStep).toBeCloseTo(us / steps, 9);
      expect(tokensPerSecond / ((rows * steps) / (us / 1e6))).toBeCloseTo(1, 9);
      expect(gflops / (((work === 'training' ? 3 : 1) * 2 * rows * steps * 3 * 8 * 12) / us / 1e3)).toBeCloseTo(1, 9);
      expect(middle[0]).toBeLessThanOrEqual(us);
      expect(us).toBeLessThanOrEqual(middle[1]);
    }
    const table = run(['bench', '--backend', 'reference', ...small]);
    expect(table.stdout).toMatch(/LSTM, 4 numbers a step[\s\S]*reference.*scalar.*streaming/);
    expect(table.stdout).not.toContain('native');
  }, 60_000);

  it('train says on stderr why a faster backend is not used, and what to do', () => {
    // An addon that is there and cannot be loaded: as one of another version of the library, or of another system.
    const release = path.join(folder, 'old', 'build', 'Release');
    mkdirSync(release, { recursive: true });
    writeFileSync(path.join(release, 'unrolled.node'), 'no addon');
    const command = ['train', 'classify', 'reviews.csv', '--epochs', '1', '--json', ...sizes];
    const { status, stderr, stdout } = run(command, '', { UNROLLED_PREBUILD: path.join(folder, 'old') });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ backend: 'wasm' });
    expect(stderr).toMatch(
      /^unrolled: the native backend is faster, but cannot be used: the addon cannot be loaded: .*; build it/m,
    );
    // Who asks for WASM by name knows.
    expect(run([...command, '--backend', 'wasm']).stderr).not.toContain('is faster');
  });

  it.each([
    [['bench', '--hidden', '0'], 2, /--hidden must be a whole number from 1 to 65536, got 0/],
    [['bench', '--cell', 'mgu'], 2, /--cell must be one of rnn, gru, lstm/],
    [['bench', 'lstm'], 2, /too much: "lstm"; usage: unrolled bench/],
    [['train', 'classify', 'reviews.csv', '--vectors', 'nowhere.txt'], 1, /cannot read nowhere\.txt/],
    [['train', 'classify', 'reviews.csv', '--vectors', 'foreign.txt'], 1, /foreign\.txt has a vector for none of/],
    [['trian', 'classify', 'x'], 2, /unknown command "trian"; did you mean "train"/],
    [['train', 'clasify', 'reviews.csv'], 2, /unknown task "clasify"; did you mean "classify"/],
    [['train', 'classify'], 2, /something is missing; usage: unrolled train TASK FILE/],
    [['train', 'classify', 'reviews.csv', '--hiden', '3'], 2, /unknown option --hiden; did you mean --hidden/],
    [['train', 'classify', 'reviews.csv', '--hidden', 'many'], 2, /--hidden must be a number, got "many"/],
    [['train', 'classify', 'reviews.csv', '--hidden', '-3'], 2, /hidden/],
    [['train', 'classify', 'reviews.csv', '--test', '2'], 2, /--test must be a file or a share/],
    [
      ['train', 'classify', 'reviews.csv', '--backend', 'gpu'],
      2,
      /--backend must be one of auto, native, wasm, reference/,
    ],
    [['train', 'classify', 'reviews.csv', '--out', 'model', '--epochs', '1'], 2, /holds a trained task already/],
    [['train', 'classify', 'nowhere.csv'], 1, /cannot read nowhere\.csv/],
    [
      ['train', 'classify', 'reviews.csv', '--label', 'stars'],
      1,
      /no column "stars".*its columns are "review", "label"/,
    ],
    [['predict', 'nowhere'], 1, /holds no trained task/],
    [['evaluate', 'model'], 2, /something is missing/],
  ] as const)('%j exits with %i and says why, without a stack', (args, code, message) => {
    const { status, stderr, stdout } = run([...args]);
    expect(stderr).toMatch(message);
    expect(status).toBe(code);
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('Ctrl-C keeps the best model; the same command goes on', async () => {
    const command = [
      'train',
      'classify',
      'reviews.csv',
      '--epochs',
      '400',
      '--patience',
      '400',
      '--out',
      'stopped',
      ...sizes,
    ];
    const child = spawn(process.execPath, [cli, ...command], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
      if (said.includes('epoch 3:') && !child.killed) child.kill('SIGINT');
    });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect(code).toBe(130);
    expect(said).toMatch(/the best so far, is kept/);
    expect(readdirSync(path.join(folder, 'stopped')).sort()).toEqual([
      'checkpoint.safetensors',
      'config.json',
      'model.safetensors',
      'run.json',
    ]);
    expect(run(['predict', 'stopped', '-'], 'a great film\n').status).toBe(0);
    const again = spawn(process.execPath, [cli, ...command], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let first = '';
    again.stderr.on('data', (chunk) => {
      first += chunk;
      if (/epoch \d+:/.test(first) && !again.killed) again.kill('SIGINT');
    });
    await new Promise((resolve) => again.on('exit', resolve));
    expect(Number(/epoch (\d+):/.exec(first)?.[1])).toBeGreaterThan(2);
    expect(existsSync(path.join(folder, 'stopped', 'config.json'))).toBe(true);
  });
});
