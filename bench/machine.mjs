// machine.mjs: what the machine can do at the most: multiply-adds in registers, and reading from each cache.
import { BUILT, buildProgram } from './build.mjs';
import { startProcess } from './process.mjs';

const KIB = 1024;
/** Blocks that stand for a level of the memory: in most machines well inside it, and outside the one before. */
const LEVELS = { L1: 16 * KIB, L2: 256 * KIB, L3: 4096 * KIB, DRAM: 256 * KIB * KIB };

/**
 * Starts the program that measures bandwidth; without g++ there is none, and `bandwidth` answers null.
 * @param core  where it reads with one thread; without it wherever it is
 */
export async function openMachine(core) {
  const missing = buildProgram('machine');
  const program = missing
    ? null
    : await startProcess({
        name: 'machine',
        command: [BUILT.machine, []],
        encode: ([bytes, threads]) => `${bytes} ${threads} ${threads === 1 ? (core ?? -1) : -1}`,
      });
  const bandwidth = async (bytes, threads) => program && (await program.ask([bytes, threads])).gbs;
  return {
    bandwidth,
    pid: program?.pid,
    /** Lines for the head of a report. */
    async describe(peak) {
      const lines = [
        `one core's peak, measured: ${peak().toFixed(0)} GFLOP/s of fp32 multiply-adds; "% of peak" is of all of a\n` +
          "subject's threads, with its own instruction set, at the clock of its own turns",
      ];
      if (missing) return [...lines, `bandwidth: not measured (${missing})`];
      const speeds = [];
      for (const [level, bytes] of Object.entries(LEVELS))
        speeds.push(`${level} ${(await bandwidth(bytes, 1)).toFixed(0)}`);
      return [...lines, `one core reads, measured, GB/s: ${speeds.join(', ')}`];
    },
    close: () => program?.stop(),
  };
}
