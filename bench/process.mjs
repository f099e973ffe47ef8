// process.mjs: a child process that answers one line for each line it is given, and the memory it takes.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { keepOnCore } from './cores.mjs';

/** What a system did not answer in this time it will not be asked again in this workload. */
export const PATIENCE_MS = 30_000;

/** A system that cannot take part, and says so itself or by its silence. The others go on without it. */
export class Absent extends Error {}

/** @returns what `answer` resolves to, or throws Absent if that takes too long */
export async function inTime(answer) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Absent(`no answer within ${PATIENCE_MS / 1e3} s`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Starts a candidate of subjects.mjs, and keeps it on its `core` if it has one. @returns the subject, with `info` as its first line says. */
export async function startProcess(candidate) {
  const { encode = JSON.stringify, command } = candidate;
  const [program, args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...candidate.env } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // What it complained of is shown only if it fails: warnings of sixteen systems would bury the tables.
  let complaints = '';
  child.stderr.on('data', (text) => {
    complaints = (complaints + text).slice(-2000);
  });
  child.stdin.on('error', () => {}); // it ended: said by 'exit'
  const ended = new Promise((_, reject) => {
    child.on('error', (error) => reject(new Absent(error.message)));
    child.on('exit', (code, signal) =>
      reject(new Absent(`ended with ${signal ?? `code ${code}`}: ${complaints.trim()}`)),
    );
  });
  ended.catch(() => {}); // reported by whoever is asking at that moment

  async function answer() {
    const { value, done } = await inTime(Promise.race([lines.next(), ended]));
    if (done) return inTime(ended);
    const parsed = JSON.parse(value);
    if (parsed.error) throw new Absent(parsed.error);
    return parsed;
  }

  const stop = () => {
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
  };
  try {
    const info = await answer();
    if (candidate.core !== undefined) await keepOnCore(child.pid, candidate.core);
    return {
      ...candidate,
      info,
      ask(command) {
        child.stdin.write(`${encode(command)}\n`);
        return answer();
      },
      pid: child.pid,
      memory: memoryOf(child.pid),
      stop,
    };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Resident bytes of a process, as Linux counts them; null figures elsewhere. */
function memoryOf(pid) {
  const read = (field) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return 1024 * Number(status.match(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm'))[1]);
    } catch {
      return null;
    }
  };
  return {
    now: () => read('VmRSS'),
    peak: () => read('VmHWM'),
    /** Lets the peak start again from what is resident now. */
    forgetPeak() {
      try {
        writeFileSync(`/proc/${pid}/clear_refs`, '5');
      } catch {
        // Without it the peak counts from the start of the process: reading the inputs is in it too.
      }
    },
  };
}
