// Memory stays flat though nobody disposes anything: thousands of training steps, and synchronous loops in which the event
// loop never turns. Each in a process of its own, on the built library.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('steps.mjs', import.meta.url));

interface Memory {
  rss: number;
  maxRSS: number;
  reserved: number;
}

function run(backend: string, work: string, steps: number): { warm: Memory; end: Memory } {
  const args = ['--expose-gc', script, backend, work, String(steps)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

// A leak of one small tensor a step, 200 bytes and its object, would show as more than 5 MB over 20,000 steps.
const MB = 1024;
const work = [
  { name: '10,000 training steps', work: 'train', steps: 10_000, allowed: 3 * MB },
  { name: '100,000 predictions without recording', work: 'predictNoGrad', steps: 100_000, allowed: 8 * MB },
  { name: '100,000 streaming steps', work: 'stream', steps: 100_000, allowed: 8 * MB },
  // A graph that is never walked is held until relieve() moves it out: some tens of MB, then no more.
  { name: '20,000 predictions that forgot noGrad', work: 'predict', steps: 20_000, allowed: 16 * MB },
];

describe.each(['native', 'wasm'])('memory on %s', (backend) => {
  for (const { name, work: kind, steps, allowed } of work) {
    it(`${name} leave it flat`, { timeout: 120_000 }, () => {
      const { warm, end } = run(backend, kind, steps);
      expect(end.reserved - warm.reserved, 'kB of backend memory').toBeLessThanOrEqual(0);
      expect(end.rss - warm.rss, 'kB of resident memory').toBeLessThan(allowed);
      expect(end.maxRSS - warm.maxRSS, 'kB of peak resident memory').toBeLessThan(allowed + 8 * MB);
    });
  }
});
