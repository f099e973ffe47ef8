// The page of charts: what a bar shows, and that it is drawn.
import { describe, expect, it } from 'vitest';
import { page, panel } from '../../bench/chart.mjs';
import { isInstalled } from '../../bench/versions.mjs';

const row = (subject: string, more: Record<string, unknown> = {}) => ({
  subject,
  peer: 'unrolled',
  backend: 'native',
  workload: 'lstm I=32 H=64 T=50 B=16 train',
  mode: 'train',
  us_median: 1000,
  gflops: 80,
  peak_gflops: 100,
  peak_share: 0.8,
  read_us: null,
  ratio: 1,
  ratio_low: 0.9,
  ratio_high: 1.1,
  ...more,
});
const step = { workload: 'lstm I=16 H=32 T=1 B=1 step', mode: 'step' };

describe('a panel', () => {
  it('shows GFLOP/s up to the measured peak', () => {
    const { data, layer } = panel([row('native 1t')]);
    expect(data.values).toMatchObject([
      { subject: 'native 1t', family: 'unrolled, native', value: 80, limit: 100, label: '80' },
    ]);
    expect(layer[0]?.encoding.x.axis.title).toBe('GFLOP/s');
  });

  it('shows the time of a step, and cuts the bar of one that takes 12 times as long as the fastest, not its label', () => {
    const rows = [
      row('native 1t', { ...step, us_median: 2 }),
      row('tfjs cpu', { ...step, peer: 'tfjs', us_median: 500 }),
    ];
    const { data, layer } = panel(rows);
    expect(data.values.map((v: { value: number }) => v.value)).toEqual([2, 24]);
    expect(data.values[1]).toMatchObject({ family: 'TensorFlow.js', label: '0.500 ms, bar cut' });
    expect(layer[0]?.encoding.x.axis.title).toContain('less is better');
  });

  it('keeps a label off the mark of the limit', () => {
    const { data } = panel([row('near', { gflops: 95 }), row('far', { gflops: 20 })]);
    expect(data.values.map((v: { end: number }) => v.end)).toEqual([100, 20]);
  });
});

// Vega comes with the peers: npm run bench -- --install
describe.runIf(isInstalled('vega'))('the page', () => {
  it('holds a drawing for each workload, in the colours of the reader', async () => {
    const html = await page([row('native 1t'), row('native 1t', step)], ['not here: a <b>'], 'the bars');
    expect(html.match(/<svg/g)).toHaveLength(2);
    expect(html).toContain('currentColor');
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).toContain('not here: a &lt;b&gt;');
    expect(html).toContain('the bars');
    expect(html).not.toMatch(/NaN|undefined/);
  });
});
