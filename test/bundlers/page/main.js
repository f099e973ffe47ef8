// The page: trains on two threads where it is allowed to, then learns a task, here and in a worker. `?simd=wasm-simd` chooses the instruction set.
import * as u from 'unrolled';
import { train } from './train.js';

const simd = new URLSearchParams(location.search).get('simd') ?? undefined;
const out = document.querySelector('output');
try {
  const trained = await train(u, { threads: 2, simd });
  const { learn } = await import('./learn.js');
  const { learnInWorker } = await import('./elsewhere.js');
  globalThis.result = { trained, learnt: await learn(), inWorker: await learnInWorker({ threads: 2, simd }) };
  out.textContent = `loss ${trained.losses.at(-1).toFixed(3)} on ${trained.name}, threads: ${trained.threads}`;
} catch (error) {
  globalThis.result = { error: String(error) };
  out.textContent = String(error);
}
