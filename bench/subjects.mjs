// subjects.mjs: the list of systems that can be timed here, and the processes they run in.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
// These force a slow kernel on OpenBLAS where they are set for another program's sake: PyTorch is timed without them.
const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _l2, ...cleanEnv } = process.env;

const own = (name, backend, threads, flags = [], extra = []) => ({
  name,
  peer: 'unrolled',
  backend,
  threads,
  isNative: backend === 'native' && extra.length === 0,
  command: [
    process.execPath,
    [...flags, here('subject.mjs'), '--backend', backend, '--threads', String(threads), ...extra],
  ],
});
const pytorch = (threads) => ({
  name: `pytorch ${threads}t`,
  peer: 'pytorch',
  backend: 'cpu',
  threads,
  isNative: false,
  command: ['/usr/bin/python3', [here('peers/pytorch.py'), String(threads)]],
  missing: () =>
    spawnSync('/usr/bin/python3', ['-c', 'import torch, numpy']).status === 0 ? null : 'apt-get install python3-torch',
});

const CANDIDATES = [
  own('native 1t', 'native', 1),
  own('native 2t', 'native', 2),
  own('native avx2 1t', 'native', 1, [], ['--simd', 'avx2']),
  own('wasm simd128', 'wasm', 1, ['--no-liftoff'], ['--simd', 'wasm-simd']),
  own('wasm relaxed', 'wasm', 1, ['--no-liftoff', '--experimental-wasm-relaxed-simd'], ['--simd', 'wasm-relaxed-simd']),
  pytorch(1),
  pytorch(2),
];

/** A process that answers one line of JSON for each line it is given. */
function start(candidate) {
  const [program, args] = candidate.command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: cleanEnv });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const died = new Promise((_, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`${candidate.name} ended with code ${code}`)));
  });
  died.catch(() => {}); // reported by whoever is asking at that moment
  return {
    ...candidate,
    info: null,
    async ask(command) {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      const { value, done } = await Promise.race([lines.next(), died]);
      if (done) throw new Error(`${candidate.name} closed its output`);
      const answer = JSON.parse(value);
      if (answer.info) this.info = answer.info;
      return answer;
    },
    stop() {
      child.removeAllListeners('exit');
      child.kill();
    },
  };
}

/** Starts the candidates whose name contains one of `words` (all without words); names those that are not installed. */
export async function startSubjects(words) {
  const wanted = CANDIDATES.filter((c) => words.length === 0 || words.some((word) => c.name.includes(word)));
  const absent = [];
  const subjects = [];
  for (const candidate of wanted) {
    const reason = candidate.missing?.() ?? null;
    if (reason) absent.push({ name: candidate.name, reason });
    else subjects.push(start(candidate));
  }
  return { subjects, absent };
}
