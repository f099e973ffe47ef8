// subject.mjs: a child process that runs one system. The first line it writes says what it is; then the parent writes a line
// and gets a line, one command at a time, so that systems can take turns on the same cores. peers/pytorch.py and
// peers/onednn.cc speak the same:
//   { setup: workload, file, result }   ->  { us }         reads inputs, runs once, writes what it computed to `result`
//   { run: { samples, inner } }         ->  { us, peak? }  timed samples, each the mean of `inner` runs
//   end of input                        ->  exits
// An { error } in an answer is the system's own.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { layoutOf } from './inputs.mjs';
import { systems } from './systems.mjs';
import { timed } from './work/loop.mjs';

const [name, options] = [process.argv[2], JSON.parse(process.argv[3] ?? '{}')];
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

/** Each array into memory of its own: what a system holds is measured, and a copy of the whole file would count. */
function readInputs(workload, file) {
  const parts = {};
  const from = openSync(file, 'r');
  for (const [part, length] of layoutOf(workload)) {
    parts[part] = new Float32Array(length);
    readSync(from, parts[part]);
  }
  closeSync(from);
  return parts;
}

function writeResults(file, arrays) {
  const to = openSync(file, 'w');
  for (const array of arrays) {
    const floats = array instanceof Float32Array ? array : Float32Array.from(array);
    const bytes = new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
    for (let at = 0; at < bytes.length; ) at += writeSync(to, bytes, at);
  }
  closeSync(to);
}

const system = await systems[name](options);
say(system.info);
let work;
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    if (command.setup) {
      work = await system.prepare(command.setup, readInputs(command.setup, command.file));
      const [us] = await timed(work, 1, 1);
      writeResults(command.result, work.collect());
      say({ us });
    } else {
      const peak = system.peak?.();
      say({ us: await timed(work, command.run.samples, command.run.inner), peak });
    }
  } catch (error) {
    say({ error: `${error.name}: ${error.message}` });
  }
}
