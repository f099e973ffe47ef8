import { expect, it } from 'vitest';
import { cells } from '../../src/backend/cells/index.js';
import { createReferenceBackend } from '../../src/backend/reference/index.js';
import { candidates } from '../helpers/backends.js';

function rng(seed: number) {
  let s = seed >>> 0;
  return () => {
    s = (s * 1664525 + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}
type Case = any;
function makeCase(seed: number): Case {
  const r = rng(seed * 7919 + 13);
  for (let i = 0; i < 5; i++) r();
  const int = (a: number, b: number) => a + Math.floor(r() * (b - a + 1));
  const cell = cells[int(0, cells.length - 1)] as any;
  const hasC = cell.states.includes('c');
  const H = [1, 3, 7, 8, 9, 16, 17, 33][int(0, 7)] as number,
    T = int(1, 7),
    B = int(1, 9),
    I = int(1, 19);
  let features = 0;
  const only = process.env.ONLY ? Number(process.env.ONLY) : -1;
  for (const f of [1, 2, 4, 8, 16, 32]) if (r() < 0.4) features |= f;
  if (!hasC) features &= ~1;
  if (cell.units.length === 0) features &= ~2;
  if (cell.name === 'ind_rnn') features |= 2;
  if (only >= 0) features &= only;
  const R = features & 1 ? int(1, H) : H;
  const ragged = r() < 0.5,
    reverse = r() < 0.5 ? 1 : 0,
    keep = process.env.KEEP ? Number(process.env.KEEP) : [0, 0, 1, 2, 3, T][int(0, 5)];
  const column = int(0, 3),
    width = R + column + int(0, 2);
  const masks = r() < 0.5;
  return { seed, cell, hasC, T, B, I, H, R, features, ragged, reverse, keep, column, width, masks, r, int };
}
function run(backend: any, seed: number) {
  const c = makeCase(seed);
  const { memory, kernels } = backend;
  const { cell, hasC, T, B, I, H, R, features, r, int } = c;
  const G = cell.gates.length;
  const arr = (n: number, scale = 1, off = 0) => {
    const s = memory.alloc('float', n, 'host');
    const v = memory.view(s);
    for (let k = 0; k < n; k++) v[k] = Math.fround(off + scale * (r() * 2 - 1));
    return s;
  };
  const zeros = (n: number) => memory.alloc('float', n, 'host');
  const lens = new Int32Array(B).map(() => (c.ragged ? int(0, T) : T));
  const rows = lens.reduce((a, b) => a + b, 0);
  const lengths = memory.alloc('int', B, 'host');
  memory.view(lengths).set(lens);
  const x = arr(T * B * I),
    h0 = arr(B * R),
    c0 = hasC ? arr(B * H) : null;
  const mult = cell.multiplies;
  const w_ih = arr(G * H * I, 1 / Math.sqrt(I)),
    w_hh = mult ? arr(G * H * R, 1 / Math.sqrt(R)) : null,
    b_ih = r() < 0.7 ? arr(G * H, 0.3) : (arr(G * H), null),
    b_hh = r() < 0.7 ? arr(G * H, 0.3) : (arr(G * H), null);
  const w_hr = features & 1 ? arr(R * H, 1 / Math.sqrt(H)) : null,
    w_unit = features & 2 ? arr(cell.units.length * H, 0.7) : null;
  const norm = features & 4;
  const ln_ih = norm ? arr(G * H, 0.3, 1) : null,
    ln_hh = norm && mult ? arr(G * H, 0.3, 1) : null,
    ln_c = norm && hasC ? arr(H, 0.3, 1) : null,
    ln_c_bias = norm && hasC ? arr(H, 0.3) : null;
  const mask = (n: number, p: number, v: number) => {
    const s = zeros(n);
    const m = memory.view(s);
    for (let k = 0; k < n; k++) m[k] = r() < p ? 0 : v;
    return s;
  };
  const drop = features & 8 ? mask(B * R, 0.3, 1 / 0.7) : null;
  const zone_h = features & 16 && c.masks ? mask(T * B * R, 0.3, 1) : null,
    zone_c = features & 16 && c.masks && hasC ? mask(T * B * H, 0.3, 1) : null;
  const options = memory.alloc('double', 13, 'host');
  const o = memory.view(options);
  o[12] = 1e-5;
  if (features & 16) {
    o[10] = 0.2;
    o[11] = 0.15;
  }
  if (features & 32) {
    o[0] = int(0, 11);
    o[1] = 0.3;
    o[2] = 0.4;
    o[3] = int(0, 11);
    o[4] = 0.6;
    o[5] = 0.7;
    o[6] = int(0, 11);
    o[7] = 0.5;
    o[8] = 0.6;
    o[9] = hasC && r() < 0.5 ? 0.4 : 0;
    if (o[4] <= 0) o[4] = 0.1;
  }
  if (process.env.DEBUGSEED) console.log('opts', JSON.stringify([...o]));
  const szs = memory.alloc('double', 5, 'host');
  kernels.rnn_general_sizes(szs, cell.id, features, T, B, I, H, R, rows, c.keep);
  const sz = [...memory.view(szs)] as number[];
  const y = arr(T * B * c.width),
    hn = zeros(B * R),
    cn = hasC ? zeros(B * H) : null;
  const saved = zeros(sz[1]!),
    scratch = zeros(Math.max(sz[2]!, sz[3]!, sz[4]!));
  memory.view(scratch).fill(NaN);
  let packed = null;
  if (seed % 3 === 0) {
    packed = zeros(sz[0]!);
    kernels.rnn_general_pack(packed, w_ih, w_hh, b_ih, b_hh, w_hr, cell.id, G, features, I, H, R, sz[0]);
  }
  // NaN padding
  const xv = memory.view(x);
  for (let b = 0; b < B; b++) for (let t = lens[b]!; t < T; t++) xv.fill(NaN, (t * B + b) * I, (t * B + b + 1) * I);
  const L = c.ragged ? lengths : null;
  kernels.rnn_general_forward(
    y,
    hn,
    cn,
    saved,
    scratch,
    packed,
    x,
    h0,
    c0,
    w_ih,
    w_hh,
    b_ih,
    b_hh,
    w_hr,
    w_unit,
    ln_ih,
    ln_hh,
    ln_c,
    ln_c_bias,
    drop,
    zone_h,
    zone_c,
    L,
    options,
    cell.id,
    G,
    cell.units.length,
    features,
    T,
    B,
    I,
    H,
    R,
    rows,
    c.reverse,
    c.width,
    c.column,
    c.keep,
    sz[1],
    sz[2],
    sz[0],
  );
  const y2 = arr(T * B * c.width);
  memory.view(y2).set(memory.view(y));
  const hn2 = zeros(B * R),
    cn2 = hasC ? zeros(B * H) : null;
  kernels.rnn_general_forward(
    y2,
    hn2,
    cn2,
    null,
    scratch,
    packed,
    x,
    h0,
    c0,
    w_ih,
    w_hh,
    b_ih,
    b_hh,
    w_hr,
    w_unit,
    ln_ih,
    ln_hh,
    ln_c,
    ln_c_bias,
    drop,
    zone_h,
    zone_c,
    L,
    options,
    cell.id,
    G,
    cell.units.length,
    features,
    T,
    B,
    I,
    H,
    R,
    rows,
    c.reverse,
    c.width,
    c.column,
    c.keep,
    0,
    Math.max(sz[2]!, sz[3]!),
    sz[0],
  );
  const dy = arr(T * B * c.width),
    dhn = arr(B * R),
    dcn = hasC ? arr(B * H) : null;
  const dx = arr(T * B * I),
    dh0 = zeros(B * R),
    dc0 = hasC ? zeros(B * H) : null;
  const g = (s: any) => s && arr(s.length, 0.1);
  const d: any = {
    w_ih: g(w_ih),
    w_hh: g(w_hh),
    b_ih: arr(G * H),
    b_hh: arr(G * H),
    w_hr: g(w_hr),
    w_unit: g(w_unit),
    ln_ih: g(ln_ih),
    ln_hh: g(ln_hh),
    ln_c: g(ln_c),
    ln_c_bias: g(ln_c_bias),
  };
  const nsteps = 2 + 3 * G;
  const steps = zeros(T * B * nsteps),
    contributions = memory.alloc('double', T * 3, 'host');
  kernels.rnn_general_backward(
    dx,
    dh0,
    dc0,
    d.w_ih,
    d.w_hh,
    d.b_ih,
    d.b_hh,
    d.w_hr,
    d.w_unit,
    d.ln_ih,
    d.ln_hh,
    d.ln_c,
    d.ln_c_bias,
    steps,
    contributions,
    dy,
    dhn,
    dcn,
    x,
    w_ih,
    w_hh,
    b_ih,
    b_hh,
    w_hr,
    w_unit,
    ln_ih,
    ln_hh,
    ln_c,
    ln_c_bias,
    drop,
    zone_h,
    zone_c,
    L,
    options,
    saved,
    scratch,
    cell.id,
    G,
    cell.units.length,
    features,
    T,
    B,
    I,
    H,
    R,
    rows,
    c.reverse,
    c.width,
    c.column,
    c.keep,
    nsteps,
    sz[1],
    sz[4],
  );
  const out: any = {
    y,
    hn,
    cn,
    y2,
    hn2,
    cn2,
    dx,
    dh0,
    dc0,
    ...Object.fromEntries(Object.entries(d).map(([k, v]) => [`d${k}`, v])),
    steps,
    contributions,
  };
  const res: any = {};
  for (const [k, v] of Object.entries(out)) if (v) res[k] = [...memory.view(v as any)];
  return res;
}
const N = Number(process.env.N ?? 300),
  from = Number(process.env.FROM ?? 0);
for (const { label, open } of candidates()) {
  if (label === 'reference') continue;
  it(label, async () => {
    const b = await open(),
      ref = createReferenceBackend();
    let bad = 0;
    const seen: Record<string, number> = {};
    for (let seed = from; seed < from + N; seed++) {
      const c = makeCase(seed);
      const name = `${seed} ${c.cell.name} T${c.T} B${c.B} I${c.I} H${c.H} R${c.R} f=${c.features} ${c.ragged ? 'ragged ' : ''}${c.reverse ? 'rev ' : ''}keep ${c.keep}`;
      let got: any, want: any;
      try {
        want = run(ref, seed);
        got = run(b, seed);
      } catch (e) {
        bad++;
        if (bad < 20) console.log(name, String(e).slice(0, 300));
        continue;
      }
      const msgs: string[] = [];
      for (const k of Object.keys(want)) {
        let worst = 0,
          scale = 1e-3;
        for (const v of want[k]) if (Number.isFinite(v)) scale = Math.max(scale, Math.abs(v));
        for (let i = 0; i < want[k].length; i++) {
          const a = got[k][i],
            e = want[k][i];
          const same = Number.isNaN(a) && Number.isNaN(e);
          const err = same ? 0 : Math.abs(a - e) / scale;
          if (!(err <= worst)) worst = err;
          if (Number.isNaN(err)) {
            worst = Infinity;
            break;
          }
        }
        if (!(worst < 2e-4)) msgs.push(`${k}:${worst.toExponential(1)}`);
        if (worst < 1 && worst > (seen[k] ?? 0)) seen[k] = worst;
      }
      if (msgs.length) {
        bad++;
        if (bad < 25) console.log(name, msgs.join(' '));
      }
    }
    console.log(label, 'bad', bad, 'of', N, JSON.stringify(seen));
    expect(bad).toBe(0);
  }, 600000);
}
if (process.env.DEBUGSEED)
  it('debug', async () => {
    const s = Number(process.env.DEBUGSEED);
    const ref = createReferenceBackend();
    const b = await candidates()[0]!.open();
    const c = makeCase(s);
    const w = run(ref, s),
      g = run(b, s);
    const n = 2 + 3 * c.cell.gates.length;
    w.steps.forEach((e: number, i: number) => {
      const a = g.steps[i];
      if (Math.abs(a - e) > 1e-4 * Math.max(1e-3, Math.abs(e)))
        console.log('row', Math.floor(i / n), 'col', i % n, 'want', e, 'got', a);
    });
  });
if (process.env.DEBUGSEED)
  it('debug', async () => {
    const c = makeCase(Number(process.env.DEBUGSEED));
    console.log('case', JSON.stringify({ ...c, cell: c.cell.name }));
  });
