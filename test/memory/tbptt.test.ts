// Truncated BPTT over an endless stream takes the memory of its windows, however many there were.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('tbptt.mjs', import.meta.url));
const MB = 2 ** 20;

it.each(['native', 'wasm'])(
  '10,000 windows of an endless stream leave memory flat (%s)',
  { timeout: 120_000 },
  (backend) => {
    const { warm, end } = JSON.parse(
      execFileSync(process.execPath, ['--expose-gc', script, backend, '10000'], { encoding: 'utf8' }),
    );
    expect(end.held - warm.held, 'reachable memory').toBeLessThan(MB);
    expect(end.backend - warm.backend, 'backend memory').toBeLessThanOrEqual(0);
    expect(end.rss - warm.rss, 'resident memory').toBeLessThan(16 * MB);
  },
);
