// cores.mjs: the one core on which all systems that take one thread are timed. Cores of a machine that others use too
// differ by a quarter for minutes: systems on different ones would be compared by their neighbours.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Peaks a core is judged by: the best of them. */
const ATTEMPTS = 3;

/** The processors this process may use, as Linux says; [] elsewhere. */
function processors() {
  try {
    const list = readFileSync('/proc/self/status', 'utf8').match(/^Cpus_allowed_list:\s*(\S+)/m)[1];
    return list.split(',').flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, k) => first + k);
    });
  } catch {
    return [];
  }
}

/** @returns whether this process' main thread is kept to the given processors from now on */
const keepTo = (list) => spawnSync('taskset', ['-pc', list.join(), String(process.pid)]).status === 0;

/**
 * The fastest core for one thread as the run begins.
 * @param peak  () => GFLOP/s of the core it is called on
 * @returns {{ core: number, peaks: [number, number][] } | null} peaks: [core, GFLOP/s]; null where a process cannot be kept to a core (no Linux, no `taskset`)
 */
export function chooseCore(peak) {
  const all = processors();
  if (all.length < 2 || !keepTo(all)) return null;
  const peaks = all.map((core) => {
    keepTo([core]);
    return [core, Math.max(...Array.from({ length: ATTEMPTS }, peak))];
  });
  keepTo(all);
  const [core] = peaks.reduce((best, one) => (one[1] > best[1] ? one : best));
  return { core, peaks };
}

/** Keeps all threads of a process to a core, those that it will start too. */
export function keepOnCore(pid, core) {
  return new Promise((resolve) => {
    const taskset = spawn('taskset', ['-a', '-pc', String(core), String(pid)], { stdio: 'ignore' });
    taskset.on('error', resolve);
    taskset.on('exit', resolve);
  });
}
