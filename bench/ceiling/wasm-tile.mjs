// wasm-tile.mjs FILE ROUNDS: tile.cc's main for WASM: GFLOP/s of a tile and of registers, the best of so many rounds.
import { readFileSync } from 'node:fs';

const [file, rounds] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(file));
for (const name of ['tiles', 'registers']) {
  const measure = instance.exports[name];
  let best = 0;
  for (let round = 0; round < Number(rounds); round++) {
    const begun = performance.now();
    best = Math.max(best, measure(4000) / (performance.now() - begun));
  }
  console.log((best / 1e6).toFixed(2));
}
