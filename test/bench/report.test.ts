// What the benchmark concludes from times: rows, ratios, verdicts, bars.
import { describe, expect, it } from 'vitest';
import { BARS, barsTable, browserBars, evaluate } from '../../bench/bars.mjs';
import { deviation } from '../../bench/compare.mjs';
import { byReason, table, toRow } from '../../bench/report.mjs';
import { median, quartiles, ratios, verdict } from '../../bench/statistics.mjs';
import { time } from '../../bench/units.mjs';
import { flopsOf, workloads } from '../../bench/workloads.mjs';

const TRAIN = 'lstm I=128 H=128 T=200 B=32 train';
const workload = workloads().find((w) => w.name === TRAIN) as NonNullable<ReturnType<typeof workloads>[number]>;

/** What measure.mjs knows of a subject after some rounds. */
function measured(name: string, us: number[], more: Record<string, unknown> = {}) {
  const peer = name.startsWith('native') ? 'unrolled' : 'other';
  const subject = {
    name,
    peer,
    backend: 'native',
    threads: 1,
    precision: 'fp32',
    isBase: name === 'native 1t',
    info: {},
  };
  return {
    workload,
    subject: { ...subject, ...more },
    us,
    samplesUs: us,
    peak: us.map(() => 100),
    readUs: [],
    memory: 2 ** 20,
    deviation: 0,
    sameBits: null,
  };
}

describe('statistics', () => {
  it('median, quartiles and ratios of turns', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quartiles([1, 2, 3, 4, 5])).toEqual([2, 4]);
    expect(quartiles([7])).toEqual([7, 7]);
    expect(ratios([2, 4, 6], [1, 2])).toEqual([2, 2]);
  });

  it('a verdict needs samples that tell', () => {
    const base = [10, 11, 10, 11, 10, 11, 10];
    expect(
      verdict(
        base.map((t) => t * 1.5),
        base,
      ),
    ).toBe('slower');
    expect(
      verdict(
        base.map((t) => t / 1.5),
        base,
      ),
    ).toBe('faster');
    expect(verdict([11, 10, 11, 10, 11, 10, 11], base)).toBe('same');
    expect(verdict([20, 21, 22], [10, 11, 12])).toBeNull();
  });

  it('deviation is relative to the largest value, and no number is never near', () => {
    expect(deviation([1, 2], [1, 4])).toBe(0.5);
    expect(deviation([0, 0], [0, 0])).toBe(0);
    expect(deviation([Number.NaN], [1])).toBe(Number.POSITIVE_INFINITY);
    expect(deviation([1], [Number.NaN])).toBe(Number.POSITIVE_INFINITY);
    expect(deviation([1, 5], [1, Number.NaN])).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('rows', () => {
  const native = measured('native 1t', [100_000, 200_000, 100_000]);
  const peer = measured('peer', [150_000, 300_000, 150_000]);
  const row = toRow(peer, [native, peer]);

  it('have the fields that others read', () => {
    for (const field of 'peer version backend simd threads workload cell mode us_median us_min gflops ratio'.split(' '))
      expect(row, field).toHaveProperty(field);
    expect(JSON.parse(JSON.stringify(row))).toEqual(row);
  });

  it('the ratio is taken round by round, so that a round at half the clock does not count', () => {
    expect(row.ratio).toBe(1.5);
    expect([row.ratio_min, row.ratio_max]).toEqual([1.5, 1.5]);
    expect(row.us_median).toBe(150_000);
    expect(row.gflops).toBeCloseTo(flopsOf(workload) / 150_000 / 1e3, 10);
    expect(row.peak_share).toBeCloseTo(row.gflops / 100, 10);
  });

  it('without native at the same thread count there is no ratio', () => {
    expect(toRow(measured('peer 2t', [1, 1], { threads: 2 }), [native]).ratio).toBeNull();
  });

  it('a peer on WASM is measured by the peak of WASM', () => {
    const ours = { ...measured('wasm simd128', [1]), peak: [50] };
    ours.subject = { ...ours.subject, peer: 'unrolled', backend: 'wasm', info: { simd: 'wasm-simd' } };
    const theirs = measured('other wasm', [1], { backend: 'wasm', info: { simd: 'wasm-simd' } });
    expect(toRow(theirs, [ours, theirs]).peak_gflops).toBe(50);
  });

  it('the table names everybody, also those who were left out, and why', () => {
    const text = table(
      workload,
      [row],
      [
        ['a', 'does not train'],
        ['b', 'does not train'],
      ],
    );
    expect(text).toContain(TRAIN);
    expect(text).toContain('peer');
    expect(text).toContain('left out: a, b: does not train');
    expect(table(workload, [{ ...row, deviation: null }], [])).toContain(
      'not comparable in result, in time only: peer',
    );
    expect(text).not.toContain('not comparable');
    expect(byReason([['a', 'x']])).toEqual([['x', ['a']]]);
  });

  it('times are written with three figures', () => {
    expect([2.5, 123.4, 12_345, 2_500_000].map(time)).toEqual(['2.50 us', '0.123 ms', '12.3 ms', '2.50 s']);
  });
});

describe('bars', () => {
  const rowOf = (subject: string, name: string, rounds: number[], more: Record<string, unknown> = {}) => ({
    subject,
    workload: name,
    cell: 'lstm',
    mode: name.includes('train') ? 'train' : name.includes('step') ? 'step' : 'infer',
    threads: 1,
    rounds,
    us_min: Math.min(...rounds),
    same_bits: null,
    read_share: null,
    peak_share: 0.8,
    gflops: 30,
    memory: 1,
    ...more,
  });
  const found = (rows: object[], name: RegExp) => {
    const bar = evaluate(rows).find((b) => name.test(b.name));
    if (!bar) throw new Error(`no bar ${name}`);
    return bar.found.map(({ measured: value, reached }) => [value, reached]);
  };

  it('a peer that takes longer is a bar reached, one that takes less is missed', () => {
    const rows = [
      rowOf('native 1t', TRAIN, [10, 20]),
      rowOf('onednn 1t', TRAIN, [11, 22]),
      rowOf('pytorch 1t', TRAIN, [12, 24]),
    ];
    expect(found(rows, /^training, 1t: time of oneDNN/)).toEqual([[1.1, true]]);
    expect(found(rows, /^training, 1t: time of PyTorch/)).toEqual([[1.2, false]]);
    expect(found(rows, /^training, 2t/)).toEqual([]);
  });

  it('inference is held against the faster of two peers', () => {
    const name = 'lstm I=512 H=512 T=50 B=64 infer';
    const rows = [
      rowOf('native 1t', name, [10]),
      rowOf('onednn 1t', name, [12]),
      rowOf('onnxruntime-node 1t', name, [9]),
    ];
    expect(found(rows, /^inference, 1t/)).toEqual([[0.9, false]]);
    expect(found(rows, /^H=512: share/)).toEqual([[0.8, false]]);
    expect(found(rows, /^H=256: share/)).toEqual([]);
  });

  const PAGE = 'lstm I=128 H=128 T=100 B=32 train';

  it('a browser is held against Node on the same file, two threads against one, all in the same rounds', () => {
    const rows = [
      rowOf('chromium wasm simd128', PAGE, [11, 22]),
      rowOf('chromium wasm relaxed', PAGE, [9, 18]),
      rowOf('chromium wasm threads 2t', PAGE, [5, 10]),
      rowOf('wasm simd128', PAGE, [10, 20]),
      rowOf('wasm relaxed', PAGE, [6, 12]),
    ];
    expect(found(rows, /^WASM in Chromium, training: time over that of Node/)).toEqual([
      [1.1, true],
      [1.5, false],
    ]);
    expect(found(rows, /^WASM in Chromium, training: time of one thread/)).toEqual([[2.2, true]]);
    expect(evaluate(rows, browserBars('firefox')).flatMap((bar) => bar.found)).toEqual([]);
  });

  it('the better of two backends of tfjs counts, and relaxed SIMD where the browser has it', () => {
    const name = /^WASM in Firefox, training: time of the better/;
    const inFirefox = (rows: object[]) =>
      evaluate(rows, browserBars('firefox'))
        .find((bar) => name.test(bar.name))
        ?.found.map(({ measured: value, reached }) => [value, reached]);
    const rows = [
      rowOf('firefox wasm simd128', PAGE, [10]),
      rowOf('firefox tfjs wasm', PAGE, [190]),
      rowOf('firefox tfjs cpu', PAGE, [900]),
    ];
    expect(inFirefox(rows)).toEqual([[19, false]]);
    expect(inFirefox([...rows, rowOf('firefox wasm relaxed', PAGE, [9.5])])).toEqual([[20, true]]);
  });

  it('a ragged batch is held against the full one', () => {
    const rows = [rowOf('native 1t', TRAIN, [10, 20]), rowOf('native 1t', `${TRAIN} ragged`, [5.5, 11])];
    expect(found(rows, /^ragged/)).toEqual([[0.55, true]]);
  });

  it('time and memory are held against T', () => {
    const rows = [
      [200, 16, 10],
      [800, 64, 34],
      [3200, 272, 130],
    ].map(([T, us, memory]) => rowOf('native 1t', `lstm I=128 H=128 T=${T} B=8 train`, [us as number], { memory }));
    expect(found(rows, /^time a step/)).toEqual([[17 / 16, true]]);
    expect(found(rows, /^memory a step/)).toEqual([[1, true]]);
  });

  it('a step is held against a step inside a sequence', () => {
    const rows = [
      rowOf('native 1t', 'lstm I=16 H=32 T=1 B=1 step', [3.5]),
      rowOf('native 1t', 'lstm I=16 H=32 T=1000 B=1 infer', [2000]),
    ];
    expect(found(rows, /^streaming step/)).toEqual([[1.5, false]]);
  });

  it('a thread count that changes a bit is named', () => {
    const rows = [
      rowOf('native 2t', TRAIN, [1], { same_bits: false }),
      rowOf('native 2t', 'other train', [1], { same_bits: true }),
    ];
    expect(found(rows, /same bits/)).toEqual([[1, false]]);
    expect(found(rows.slice(1), /same bits/)).toEqual([[0, true]]);
  });

  it('what was not measured is said, not left out', () => {
    const text = barsTable([]);
    expect(text.match(/not measured/g)).toHaveLength(BARS.length);
    expect(text).toContain('0 of 0');
  });
});
