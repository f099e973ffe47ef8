// run.mjs: a whole run: who is here, then group after group of workloads.
import { availableParallelism, loadavg } from 'node:os';
import * as u from '../dist/node.js';
import { chooseCore } from './cores.mjs';
import { openMachine } from './machine.mjs';
import { measureGroup } from './measure.mjs';
import { measurePeak } from './peak.mjs';
import { startProcess } from './process.mjs';
import { byReason, toRow } from './report.mjs';
import { findHere, startAll } from './subjects.mjs';
import { groupsOf } from './workloads.mjs';

/**
 * Measures every workload.
 * @param list    workloads
 * @param wanted  candidates; those with a `page` are started by `start`, the others are processes
 * @param limits  { rounds, seconds, patience } of the command line
 * @param hear    { notes(lines), progress(index, count), workload(workload, rows, absent, disturbance) }
 * @returns JSON rows, and lines about the machine
 */
export async function measure({ list, wanted, start = startProcess, about = [], limits, folder, hear }) {
  const { name, simd } = await u.ready({ threads: 1 });
  const chosen = chooseCore(measurePeak);
  const machine = await openMachine(chosen?.core);
  const startThere = (candidate) => {
    if (candidate.page) return start(candidate);
    return startProcess(chosen && candidate.threads === 1 ? { ...candidate, core: chosen.core } : candidate);
  };
  try {
    const { candidates, absent } = await findHere(wanted, { name, simd }, startThere);
    const notes = [...(await machine.describe(measurePeak)), ...about];
    notes.push(coreNote(chosen));
    notes.push(
      `load of the machine as the run began: ${loadavg()[0].toFixed(1)} on ${availableParallelism()} processors`,
    );
    notes.push(...byReason(absent).map(([reason, names]) => `not here: ${names.join(', ')} (${reason})`));
    hear.notes(notes);
    const all = [];
    const groups = groupsOf(list);
    for (const [k, group] of groups.entries()) {
      const progress = hear.progress(k, groups.length);
      const done = await measureGroup(group, {
        subjects: (w) => startAll(candidates, w, limits.patience, startThere),
        peak: measurePeak,
        bandwidth: machine.bandwidth,
        limits,
        pids: [process.pid, machine.pid].filter(Boolean),
        folder,
        progress,
      });
      progress(null);
      for (const { workload, measured, absent, disturbance } of done) {
        const rows = measured.map((m) => toRow(m, measured));
        all.push(...rows);
        hear.workload(workload, rows, absent, disturbance);
      }
    }
    return { rows: all, notes };
  } finally {
    machine.close();
  }
}

function coreNote(chosen) {
  if (!chosen)
    return 'systems of one thread run where the operating system puts them (elsewhere than on Linux, or no taskset)';
  const peaks = chosen.peaks.map(([core, peak]) => `core ${core} ${peak.toFixed(0)}`).join(', ');
  return `all systems of one thread run on core ${chosen.core}; GFLOP/s as the run began: ${peaks}`;
}
