// Memory stays flat though nobody disposes anything: thousands of training steps, and synchronous loops in which the event
// loop never turns. Each in a process of its own, on the built library.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('steps.mjs', import.meta.url));

/** Bytes. */
interface Memory {
  /** JavaScript objects and ArrayBuffers that are reachable. */
  held: number;
  /** What the backend took from the system. */
  backend: number;
  /** Resident memory of the process, now and at its largest. */
  rss: number;
  peak: number;
}

function run(backend: string, work: string, steps: number): { warm: Memory; end: Memory } {
  const args = ['--expose-gc', script, backend, work, String(steps)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

const MB = 2 ** 20;
const work = [
  { name: '10,000 training steps', work: 'train', steps: 10_000 },
  { name: '100,000 predictions without recording', work: 'predictNoGrad', steps: 100_000 },
  { name: '100,000 streaming steps', work: 'stream', steps: 100_000 },
  { name: '100,000 steps of two larger layers, the first output kept,', work: 'streamStacked', steps: 100_000 },
];

describe.each(['native', 'wasm'])('memory on %s', (backend) => {
  for (const { name, work: kind, steps } of work) {
    it(`${name} leave it flat`, { timeout: 120_000 }, () => {
      const { warm, end } = run(backend, kind, steps);
      // One small tensor kept a step takes 200 bytes with its object; what engines hold for themselves varies by some 100 kB.
      expect(end.held - warm.held, 'reachable memory').toBeLessThan(Math.max(MB, 40 * steps));
      expect(end.backend - warm.backend, 'backend memory').toBeLessThanOrEqual(0);
      // The optimising compiler and the collector's spare pages come and go: some MB, however many the steps.
      expect(end.rss - warm.rss, 'resident memory').toBeLessThan(12 * MB);
      expect(end.peak - warm.peak, 'peak resident memory').toBeLessThan(16 * MB);
    });
  }

  it('20,000 predictions that forgot noGrad hold no more than a bounded part of their graphs', {
    timeout: 120_000,
  }, () => {
    const { warm, end } = run(backend, 'predict', 20_000);
    // Recorded and never walked backward, their graphs come to 400 MB. They stay until they fill 64 MB, then are moved out to
    // where the collector takes them, when it pleases.
    expect(end.backend - warm.backend, 'backend memory').toBeLessThanOrEqual(0);
    expect(end.held, 'reachable memory').toBeLessThan(200 * MB);
    expect(end.peak - warm.peak, 'peak resident memory').toBeLessThan(150 * MB);
  });
});
