// The same training in PyTorch, timed: bench/tasks/NAME.py is told sizes and lengths, and prints the seconds of an epoch.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Table from 'cli-table3';
import { cacheFolder, writeWhole } from './cache.mjs';

/**
 * Seconds of an epoch of the same work in PyTorch, as the script measures it.
 *
 * @param {string} name  of the script in bench/tasks
 * @param {object} work  what it has to do, as JSON
 * @throws Error  saying what to install, where there is no PyTorch
 */
export async function pytorchSeconds(name, work) {
  const file = path.join(cacheFolder(), `pytorch-${name}-${process.pid}.json`);
  await writeWhole(file, JSON.stringify(work));
  const script = fileURLToPath(new URL(`../../bench/tasks/${name}.py`, import.meta.url));
  try {
    const { stdout } = await promisify(execFile)('/usr/bin/python3', [script, file]);
    return JSON.parse(stdout).secondsPerEpoch;
  } catch (error) {
    throw new Error(`PyTorch could not be timed (Debian: apt-get install python3-torch): ${error.message}`);
  }
}

/** @param {{ name: string, ours: number, theirs: number }[]} rows  seconds of an epoch */
export function pytorchTable(rows) {
  const table = new Table({
    style: { head: [], border: [], compact: true },
    head: ['', 's/epoch', 'PyTorch', 'ratio'],
    colAligns: ['left', 'right', 'right', 'right'],
  });
  for (const { name, ours, theirs } of rows) {
    table.push([name, ours.toFixed(3), theirs.toFixed(3), (theirs / ours).toFixed(2)]);
  }
  return `Seconds of the fastest epoch beside PyTorch: the same net and updates, as many threads, without validation:\n${table}`;
}
