// The examples of README.md run as they stand there, and its commands exist.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const block = (pattern: RegExp): string =>
  readme.match(pattern)?.[1] ?? expect.fail(`no block like ${pattern} in README.md`);

// Inside the repository, where `import 'unrolled'` means this package.
mkdirSync(join(root, '.cache'), { recursive: true });
const folder = mkdtempSync(join(root, '.cache', 'readme-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(source: string): string {
  writeFileSync(join(folder, 'example.mjs'), source);
  return execFileSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
}

describe('README.md', () => {
  it('the Node example learns the wave and writes its file', () => {
    const out = run(`${block(/```js\n([\s\S]*?)```/)}\nconsole.log(model.forward(x).sub(y).abs().mean().item());`);
    expect(Number(out)).toBeLessThan(0.05);
    expect(statSync(join(folder, 'next-value.safetensors')).size).toBeGreaterThan(4 * 4 * 32 * 33);
  });

  it('its model can be looked into', () => {
    const blocks = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code as string);
    const [example] = blocks;
    const look = blocks.find((code) => code.includes('u.diagnose'));
    const untrained = (example as string).split('\n').filter((line) => !/fit\(|saveSafetensors/.test(line));
    const out = run(`${untrained.join('\n')}\n${look}`);
    expect(out).toMatch(/^rnn: dh_T\/d\(h_t, c_t\) shrinks to 0\.\d+ of itself a step/m);
    expect(out).toMatch(/forgetBias: 4/);
  });

  it('the task example learns from a file, answers, and loads again', () => {
    const words = [
      ['wonderful', 'praise'],
      ['awful', 'complaint'],
    ];
    const rows = Array.from({ length: 120 }, (_, k) => `a ${words[k % 2]?.[0]} film number ${k},${words[k % 2]?.[1]}`);
    writeFileSync(
      join(folder, 'reviews.csv'),
      `review,opinion_label\n${rows.join('\n')}\n`.replace('opinion_label', 'label'),
    );
    const example = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].find(([, code]) => code?.includes('unrolled/tasks'));
    const out = run(`${example?.[1]}\nconsole.log((await again.predict(['a wonderful film']))[0].label);`);
    expect(out).toMatch(/accuracy: 1/);
    expect(out.trimEnd().split('\n').at(-1)).toBe('praise');
  });

  it('the browser example answers each reading with the state carried on', () => {
    const script = block(/<script type="module">\n([\s\S]*?)<\/script>/);
    const page = `
      const handlers = [];
      globalThis.addEventListener = (_, handler) => handlers.push(handler);
      globalThis.document = { body: {} };`;
    const readings = `
      const shown = [1, 1].map((x) => (handlers[0]({ acceleration: { x, y: 0, z: 0 } }), document.body.textContent));
      console.log(JSON.stringify(shown));`;
    const [first, second] = JSON.parse(run(`${page}\n${script}\n${readings}`)) as [string, string];
    expect(first.split(' ')).toHaveLength(16);
    expect(second).not.toBe(first);
  });

  it('every npm script it names exists', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...readme.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] as string);
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
