// subjects.mjs: the list of systems that can be timed, how each is started, and which workloads it has no answer to.
//
// To add a peer: its package in package.json, what it does with a workload in work/ (or a program of its own in peers/ that
// speaks as subject.mjs says), how it is started in systems.mjs, and an entry in CANDIDATES below. Before it is timed it has to
// compute what the others compute.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BUILT, buildProgram } from './build.mjs';
import { RELAXED_FLAGS, WASM_FLAGS } from './node-flags.mjs';
import { Absent, startProcess } from './process.mjs';
import { isInstalled, versionOf } from './versions.mjs';
import { refuses as brainRefuses } from './work/brain.mjs';
import { refuses as onnxRefuses } from './work/onnxruntime.mjs';
import { refuses as tfjsRefuses } from './work/tfjs.mjs';
import { flopsOf } from './workloads.mjs';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const inNode = (system, options, flags = []) => [
  process.execPath,
  [...flags, here('subject.mjs'), system, JSON.stringify(options)],
];

/**
 * A candidate:
 *   name, peer, backend, threads    as the rows say them
 *   command, env, encode            the process, and how a command is written to it: JSON unless it says otherwise
 *   missing()                       why it is not on this machine, with the line to type; or null
 *   refuses(workload, budget)       why it does not do this one, in `budget` seconds a run; or null
 *   absent(info, best)              what its first line says that rules it out, beside the best this machine has; or null
 *   precision                       how closely it must agree with the others: compare.mjs
 *   incomparable                    true if it cannot compute the same at all: its results are not compared
 */
function own(name, backend, options = {}, { flags = [], refuses, precision = 'fp32' } = {}) {
  const threads = options.threads ?? 1;
  return {
    name,
    peer: 'unrolled',
    backend,
    threads,
    precision,
    isBase: name === `native ${threads}t`,
    command: inNode('unrolled', { backend, threads, ...options }, flags),
    refuses,
    absent(info, best) {
      if (info.threads !== threads) return `this backend answers ${info.threads} thread(s)`;
      if (backend === 'native' && options.simd === best.simd) return `the same as native ${threads}t on this CPU`;
      return null;
    },
  };
}

const quantised = (name, backend, options, flags) =>
  own(name, backend, options, {
    flags,
    precision: options.weights,
    refuses: (w) => (w.kind === 'gemm' || w.mode === 'train' ? 'quantised weights are for inference' : null),
  });

const installed = (name) => () => (isInstalled(name) ? null : 'npm run bench -- --install');

/** Setting up a workload in plain words, for a program without a JSON parser. */
function inWords({ setup: w, run, file, result }) {
  if (run) return `run ${run.samples} ${run.inner}`;
  const given = { ...w, lengths: w.lengths?.join(','), file, result };
  const keys = ['cell', 'mode', 'I', 'H', 'T', 'B', 'layers', 'directions', 'lengths', 'file', 'result'];
  return `setup ${keys
    .filter((key) => given[key] != null)
    .map((key) => `${key}=${given[key]}`)
    .join(' ')}`;
}

const peer = (name, more) => ({ name, backend: 'cpu', threads: 1, precision: 'fp32', isBase: false, ...more });

/** Imports PyTorch, and finds out whose threads its OpenBLAS uses: 3 if its own instead of PyTorch's. */
const TRY_TORCH = `import torch, numpy, sys
sys.exit(3 if 'openblas-pthread' in open('/proc/self/maps').read() else 0)`;
let torch = null;

/** @returns null if PyTorch can be timed with so many threads, else what to type. Asked once: importing it takes seconds. */
export function missingTorch(threads) {
  torch ??= spawnSync('/usr/bin/python3', ['-c', TRY_TORCH]);
  if (torch.status === 3 && threads > 1)
    return 'two pools of threads would fight over the cores: apt-get install libopenblas0-openmp';
  return torch.status === 0 || torch.status === 3 ? null : 'apt-get install python3-torch libopenblas0-openmp';
}

const pytorch = (threads) =>
  peer(`pytorch ${threads}t`, {
    peer: 'pytorch',
    threads,
    command: ['/usr/bin/python3', [here('peers/pytorch.py'), String(threads)]],
    env: { ...openmp(threads), ...UNFORCED_OPENBLAS },
    missing: () => missingTorch(threads),
  });

const onednn = (threads) =>
  peer(`onednn ${threads}t`, {
    peer: 'onednn',
    threads,
    command: [BUILT.onednn, [String(threads)]],
    env: openmp(threads),
    encode: inWords,
    missing: () => buildProgram('onednn'),
    refuses: (w) => (w.kind === 'gemm' ? 'recurrent layers only' : null),
  });

const onnxruntimeNode = (threads) =>
  peer(`onnxruntime-node ${threads}t`, {
    peer: 'onnxruntime-node',
    threads,
    command: inNode('onnxruntime-node', { threads }),
    missing: installed('onnxruntime-node'),
    refuses: onnxRefuses,
  });

/** @param rate  GFLOP/s it reaches, about: what would take longer than the budget is not begun */
const tfjs = (backend, rate, flags = []) =>
  peer(`tfjs ${backend}`, {
    peer: 'tfjs',
    backend,
    command: inNode('tfjs', { backend }, flags),
    missing: installed('@tensorflow/tfjs'),
    refuses: (w, budget) =>
      tfjsRefuses(w) ??
      (flopsOf(w) / rate / 1e9 > budget ? `one run would take more than ${budget} s at its ${rate} GFLOP/s` : null),
  });

/** These force a slow kernel on OpenBLAS where they are set for another program's sake. */
const UNFORCED_OPENBLAS = { OPENBLAS_CORETYPE: undefined, OPENBLAS_L2_SIZE: undefined };
/** Two threads stay on two cores; one may go where the system finds room. */
const openmp = (threads) => ({
  OMP_NUM_THREADS: String(threads),
  ...(threads > 1 && { OMP_PROC_BIND: 'true', OMP_PLACES: 'cores' }),
});

const isLarge = (w) => (w.kind === 'gemm' ? w.M * w.N * w.K > 1e7 : w.T * w.B * w.gates * w.H * (w.I + w.H) > 3e8);

const tfjsCpu = tfjs('cpu', 0.4);
const tfjsWasm = tfjs('wasm', 1.3, WASM_FLAGS);

export const CANDIDATES = [
  own('native 1t', 'native'),
  own('native 2t', 'native', { threads: 2 }),
  own('native avx2 1t', 'native', { simd: 'avx2' }),
  own('native sse 1t', 'native', { simd: 'sse' }),
  quantised('native bf16 1t', 'native', { weights: 'bf16' }),
  quantised('native int8 1t', 'native', { weights: 'int8' }),
  own('wasm simd128', 'wasm', { simd: 'wasm-simd' }, { flags: WASM_FLAGS }),
  own(
    'wasm relaxed',
    'wasm',
    { simd: 'wasm-relaxed-simd' },
    {
      flags: [...WASM_FLAGS, ...RELAXED_FLAGS],
    },
  ),
  own('wasm threads 2t', 'wasm', { threads: 2, simd: 'wasm-simd' }, { flags: WASM_FLAGS }),
  quantised('wasm bf16', 'wasm', { simd: 'wasm-simd', weights: 'bf16' }, WASM_FLAGS),
  quantised('wasm int8', 'wasm', { simd: 'wasm-simd', weights: 'int8' }, WASM_FLAGS),
  own(
    'reference',
    'reference',
    {},
    {
      precision: 'double',
      refuses: (w) => (isLarge(w) ? 'double-precision TypeScript: small shapes only' : null),
    },
  ),
  onednn(1),
  onednn(2),
  pytorch(1),
  pytorch(2),
  onnxruntimeNode(1),
  onnxruntimeNode(2),
  peer('onnxruntime-web', {
    peer: 'onnxruntime-web',
    backend: 'wasm',
    command: inNode('onnxruntime-web', {}, WASM_FLAGS),
    missing: installed('onnxruntime-web'),
    refuses: onnxRefuses,
  }),
  tfjsCpu,
  tfjsWasm,
  peer('brain.js', {
    peer: 'brain.js',
    command: inNode('brain.js', {}),
    missing: installed('brain.js'),
    refuses: brainRefuses,
    incomparable: true,
  }),
];

/** Node's WASM, timed beside a browser's on the same files. */
const SAME_IN_NODE = ['wasm simd128', 'wasm relaxed'];
/** Of a system of browser/systems.mjs; this library's own has none here. */
const PACKAGE_OF = { 'onnxruntime-web': 'onnxruntime-web', tfjs: '@tensorflow/tfjs' };

/**
 * The same library and peers in a browser. No native there: all are compared with our simd128. `page` is what browser/systems.mjs
 * starts.
 * @param engine  what their names begin with
 */
export function browserCandidates(engine) {
  const inPage = (candidate, system, options, isBase = false) => ({
    ...candidate,
    isBase,
    page: { name: system, options },
    version: () => versionOf(PACKAGE_OF[system]),
  });
  const ours = (name, options, isBase) =>
    inPage(own(`${engine} ${name}`, 'wasm', options), 'unrolled', { backend: 'wasm', ...options }, isBase);
  const theirs = (name, system, refuses, options = {}) =>
    inPage(
      peer(`${engine} ${name}`, { peer: system, backend: 'wasm', missing: installed(PACKAGE_OF[system]), refuses }),
      system,
      options,
    );
  return [
    ours('wasm simd128', { simd: 'wasm-simd' }, true),
    ours('wasm relaxed', { simd: 'wasm-relaxed-simd' }),
    ours('wasm threads 2t', { threads: 2, simd: 'wasm-simd' }),
    ...CANDIDATES.filter(({ name }) => SAME_IN_NODE.includes(name)),
    theirs('onnxruntime-web', 'onnxruntime-web', onnxRefuses),
    theirs('tfjs wasm', 'tfjs', tfjsWasm.refuses, { backend: 'wasm' }),
    { ...theirs('tfjs cpu', 'tfjs', tfjsCpu.refuses, { backend: 'cpu' }), backend: 'cpu' },
  ];
}

/**
 * Which of `wanted` can be timed on this machine: each is started once and says what it is.
 * @param best  { name, simd } of the fastest backend here
 * @returns candidates, and absent: [name, reason] of the others
 */
export async function findHere(wanted, best, start = startProcess) {
  const candidates = [];
  const absent = [];
  for (const candidate of wanted) {
    const reason = candidate.missing?.() ?? (await whyAbsent(candidate, best, start));
    if (reason) absent.push([candidate.name, reason]);
    else candidates.push(candidate);
  }
  return { candidates, absent };
}

async function whyAbsent(candidate, best, start) {
  try {
    const subject = await start(candidate);
    await subject.stop();
    return candidate.absent?.(subject.info, best) ?? null;
  } catch (error) {
    if (error instanceof Absent) return error.message;
    throw error;
  }
}

/** Starts those that do this workload. A process for each workload: what one leaves behind must not slow the next. */
export async function startAll(candidates, workload, budget, start = startProcess) {
  const absent = [];
  const entries = [];
  const starting = candidates.map(async (candidate) => {
    const reason = elsewhere(workload, candidate) ?? candidate.refuses?.(workload, budget);
    if (reason) throw new Absent(reason);
    return start(candidate);
  });
  for (const [k, result] of (await Promise.allSettled(starting)).entries()) {
    if (result.status === 'fulfilled') entries.push(result.value);
    else if (result.reason instanceof Absent) absent.push([candidates[k].name, result.reason.message]);
    else throw result.reason;
  }
  return { entries, absent };
}

/** Subjects of the rows that show how time and memory grow with T: four sizes at a time are enough work for a few. */
const FEW = ['native 1t', 'wasm simd128', 'onednn 1t', 'pytorch 1t', 'onnxruntime-web'];

function elsewhere(workload, { name, peer }) {
  if (workload.only && peer !== workload.only) return 'a row to compare our own step with';
  if (workload.fewSubjects && !FEW.some((few) => name.endsWith(few)))
    return 'a row about growth with T, for a few subjects';
  return null;
}
