// A run that is killed with SIGKILL again and again comes to the same bits as one that never was.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type Random, seeded } from '../helpers/random.js';

const script = fileURLToPath(new URL('train.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'unrolled-kill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface End {
  readonly result: string | null;
  readonly errors: string;
  readonly firstStep: number;
}

/** One process; killed so many milliseconds after its first update, if it lives that long. */
function run(backend: string, path: string, every: string, killAfter: number | null): Promise<End> {
  const child = spawn(process.execPath, [script, backend, path, every]);
  let output = '';
  let errors = '';
  let timer: NodeJS.Timeout | undefined;
  child.stderr.on('data', (text) => {
    errors += text;
  });
  child.stdout.on('data', (text) => {
    output += text;
    if (killAfter !== null) timer ??= setTimeout(() => child.kill('SIGKILL'), killAfter);
  });
  return new Promise((resolve) => {
    child.on('close', () => {
      clearTimeout(timer);
      const result = /^result (.*)$/m.exec(output)?.[1] ?? null;
      resolve({ result, errors, firstStep: Number(/^step (\d+)/.exec(output)?.[1] ?? 0) });
    });
  });
}

async function killedAgainAndAgain(backend: string, path: string, every: string, random: Random, longest: number) {
  let kills = 0;
  let resumed = 0;
  for (;;) {
    // At last it may finish, so that a slow machine does not go on for ever.
    const end = await run(backend, path, every, kills < 12 ? random() * longest : null);
    expect(end.errors).toBe('');
    if (end.firstStep > 1) resumed++;
    if (end.result !== null) return { result: end.result, kills, resumed };
    kills++;
  }
}

const cases = [
  { backend: 'reference', every: '1', longest: 200 },
  { backend: 'native', every: '1', longest: 200 },
  { backend: 'native', every: '5', longest: 300 },
  { backend: 'native', every: 'epoch', longest: 500 },
  { backend: 'wasm', every: '3', longest: 300 },
];

// At the same time: most of it is waiting.
describe.concurrent('a run that is killed at any moment', () => {
  for (const { backend, every, longest } of cases) {
    it(`comes to the same bits: ${backend}, a checkpoint every ${every}`, { timeout: 180_000 }, async () => {
      const seed = Number(process.env.UNROLLED_TEST_SEED ?? Date.now() % 1_000_000);
      console.log(`kill.test.ts: UNROLLED_TEST_SEED=${seed} (${backend}, every ${every})`);
      const own = join(folder, `${backend}-${every}`);
      mkdirSync(own);
      const whole = await run(backend, join(own, 'whole'), every, null);
      expect(whole.errors).toBe('');
      expect(JSON.parse(whole.result ?? '{}')).toMatchObject({ stopped: 'earlyStopping', best: { monitor: 'score' } });

      const killed = await killedAgainAndAgain(backend, join(own, 'killed'), every, seeded(seed), longest);
      console.log(`kill.test.ts: ${killed.kills} kills, ${killed.resumed} times gone on from a checkpoint`);
      expect(killed.resumed).toBeGreaterThan(0);
      expect(JSON.parse(killed.result)).toEqual(JSON.parse(whole.result as string));

      // Called once more, it has nothing left to do; and the killed ones left no part of a file behind.
      const again = await run(backend, join(own, 'killed'), every, null);
      expect(JSON.parse(again.result ?? '')).toEqual(JSON.parse(killed.result));
      expect(readdirSync(own).sort()).toEqual(['killed', 'killed.1', 'whole', 'whole.1']);
    });
  }
});
