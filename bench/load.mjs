// load.mjs: who else uses the processors while something is timed. Linux only; null elsewhere.
import { readFileSync } from 'node:fs';

/** Clock ticks: of all processors since the machine was started, and those in which they were busy. */
function allTicks() {
  // cpu user nice system idle iowait irq softirq steal: stolen ticks are somebody else's too.
  const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].trim().split(/\s+/);
  const numbers = ticks.slice(0, 8).map(Number);
  const total = numbers.reduce((sum, n) => sum + n, 0);
  return { total, busy: total - numbers[3] - numbers[4] };
}

/** Ticks of one process, all its threads; the name in brackets may hold spaces, so the fields count from behind it. */
function ticksOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/**
 * Starts to watch.
 * @param pids  the processes that are meant to be busy
 * @returns () => the share of all processors' time that others have used since then; null where it cannot be told
 */
export function watchOthers(pids) {
  const now = () => ({ ...allTicks(), ours: pids.reduce((sum, pid) => sum + ticksOf(pid), 0) });
  try {
    const then = now();
    return () => {
      const { total, busy, ours } = now();
      return Math.max(0, busy - then.busy - (ours - then.ours)) / (total - then.total);
    };
  } catch {
    return () => null;
  }
}
