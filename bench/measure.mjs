// measure.mjs: one group of workloads: every subject gets the same numbers, must agree on the results, and then they take
// turns, so that a drift of the machine's speed meets all of them alike. Before each turn the machine's peak is measured.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkAgreement, sameBits } from './compare.mjs';
import { makeInputs } from './inputs.mjs';
import { watchOthers } from './load.mjs';
import { Absent } from './process.mjs';
import { least, quartiles } from './statistics.mjs';
import { recurrentBytes } from './workloads.mjs';

/** A turn lasts about this long, whatever the size of the workload. */
const TURN_US = 60e3;
/** So much of a turn is not counted: a core that has idled comes back to its clock, caches full of another's data are filled. */
const TURN_START_US = 10e3;
/**
 * Who takes less than this for a run is timed in runs that follow each other, as in a training: several samples a turn, and the run
 * before them, which finds the caches full of another's data and its own threads asleep, is not counted.
 */
const IN_A_ROW_US = 250e3;
const LEAST_SAMPLES = 3;
/** A sample is at least this long: it holds as many runs as that takes. */
const SAMPLE_US = 200;
/** Code that an engine still compiles is not what is timed: this long, and at least two runs, come before the first turn. */
const WARM_UP_US = 150e3;
const LEAST_ROUNDS = 3;
/** The first run may have been mostly the engine compiling: who took less than this for it is given a second one. */
const FIRST_US = 5e6;
/** Who takes longer than this for one run is not warmed up further, and takes part in as many rounds as SLOW_TURNS_US hold. */
const SLOW_US = 1.5e6;
const SLOW_TURNS_US = 5e6;
/** Threads of the subject before may still spin for work; they give up in less than this. */
const BREATH_MS = 2;

/**
 * @param group     workloads to be timed in the same rounds
 * @param subjects  (workload) => { entries, absent }: started subjects, and [name, reason] of those that are not
 * @param peak      () => GFLOP/s of one core, now
 * @param bandwidth (bytes, threads) => GB/s at which so many bytes can be read again and again, now; or null
 * @param limits    { rounds, seconds }: turns each subject gets, and what a group may take
 * @param pids      processes that work for the harness itself
 * @returns [{ workload, measured, absent, disturbance }] for each workload; `measured`: see `record`; `disturbance`: the share
 *   of all processors' time that went to others meanwhile
 */
export async function measureGroup(
  group,
  { subjects, peak, bandwidth, limits, folder, progress, pids = [process.pid] },
) {
  const done = [];
  const started = [];
  try {
    for (const workload of group) {
      const { entries, absent } = await subjects(workload);
      started.push(...entries);
      progress(`${workload.name}: checking ${entries.length} subjects against each other`);
      const measured = await setUp(workload, entries, absent, folder);
      done.push({ workload, measured, absent });
    }
    const all = () => done.flatMap(({ measured }) => measured);
    /** Does something with a subject; one that fails then goes to the absent, whatever was measured of it before. */
    const attempt = async (m, action) => {
      try {
        return await action();
      } catch (error) {
        if (!(error instanceof Absent)) throw error;
        const of = done.find(({ workload }) => workload === m.workload);
        of.measured.splice(of.measured.indexOf(m), 1);
        of.absent.push([m.subject.name, error.message]);
        await m.subject.stop();
        return 0;
      }
    };
    let roundUs = 0;
    for (const m of all()) roundUs += await attempt(m, () => calibrate(m));
    const affordable = Math.floor((limits.seconds * 1e6) / roundUs);
    const rounds = Math.max(LEAST_ROUNDS, Math.min(limits.rounds, affordable));
    const others = watchOthers([...pids, ...all().map((m) => m.subject.pid)]);
    for (let round = 0; round < rounds; round++) {
      progress(`${group.map((w) => w.name).join(', ')}: round ${round + 1} of ${rounds}`);
      // There and back again: who is always the last is always the warmest.
      for (const m of round % 2 ? all().reverse() : all())
        if (round < m.rounds) await attempt(m, () => takeTurn(m, round, { peak, bandwidth }));
    }
    const disturbance = others();
    for (const m of all()) m.memory = peakMemory(m);
    for (const one of done) one.disturbance = disturbance;
    return done;
  } finally {
    await Promise.all(started.map((s) => s.stop()));
  }
}

/** Gives every subject the workload and compares what they compute. Those that cannot go to `absent`. */
async function setUp(workload, entries, absent, folder) {
  const [file, result] = ['inputs.f32', 'results.f32'].map((name) => join(folder, name));
  writeFileSync(file, makeInputs(workload));
  const measured = [];
  let first = null;
  const base = new Map(); // results of this library's one-thread subjects, by instruction set
  for (const subject of entries) {
    const resident = subject.memory.now();
    let firstUs;
    try {
      ({ us: firstUs } = await subject.ask({ setup: workload, file, result }));
    } catch (error) {
      if (!(error instanceof Absent)) throw error;
      absent.push([subject.name, error.message]);
      subject.stop();
      continue;
    }
    const m = record(workload, subject, resident);
    m.firstUs = firstUs;
    if (subject.incomparable) m.deviation = null;
    else {
      const bytes = readFileSync(result);
      const results = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
      const answer = { name: subject.name, precision: subject.precision, results };
      first ??= answer;
      m.deviation = checkAgreement(workload, answer, first);
      if (subject.peer === 'unrolled' && subject.precision === 'fp32') {
        const { simd } = subject.info;
        if (subject.threads === 1 && !base.has(simd)) base.set(simd, results);
        else if (base.has(simd)) m.sameBits = sameBits(results, base.get(simd));
      }
    }
    measured.push(m);
  }
  return measured;
}

/** What is known of one subject on one workload; lists have one entry a round. */
const record = (workload, subject, resident) => ({
  workload,
  subject,
  us: [],
  samplesUs: [],
  peak: [],
  readUs: [],
  resident,
  deviation: 0,
  sameBits: null,
  firstUs: 0,
});

/** Warms one up and finds out how many runs make a turn of it. @returns microseconds it adds to a round */
async function calibrate(m) {
  m.subject.memory.forgetPeak();
  let us = m.firstUs;
  let spent = us;
  const isDue = (samples) => (samples === 1 ? us < FIRST_US : us < SLOW_US && spent < WARM_UP_US);
  for (let samples = 1; isDue(samples); samples *= 2) {
    const answer = await m.subject.ask({ run: { samples, inner: 1 } });
    us = Math.min(us, least(answer.us));
    spent += answer.us.reduce((sum, t) => sum + t, 0);
  }
  const slow = us >= SLOW_US;
  m.rounds = slow ? Math.max(1, Math.min(LEAST_ROUNDS, Math.floor(SLOW_TURNS_US / us))) : Number.POSITIVE_INFINITY;
  m.inner = Math.max(1, Math.ceil(SAMPLE_US / us));
  const inARow = us < IN_A_ROW_US;
  m.samples = Math.max(inARow ? LEAST_SAMPLES : 1, Math.min(300, Math.round(TURN_US / (us * m.inner))));
  m.uncounted = inARow ? Math.ceil(TURN_START_US / (us * m.inner)) : 0;
  return slow ? 0 : (m.samples + m.uncounted) * m.inner * us + BREATH_MS * 1e3;
}

async function takeTurn(m, round, { peak, bandwidth }) {
  const { subject, workload } = m;
  await sleep(BREATH_MS);
  const machine = peak();
  const answer = await subject.ask({ run: { samples: m.samples + m.uncounted, inner: m.inner } });
  const us = answer.us.slice(m.uncounted);
  // Of a turn the quarter that was disturbed least: on a shared machine a median turn can be one that half belonged to another.
  m.us[round] = quartiles(us)[0];
  m.samplesUs.push(...us);
  m.peak[round] = (answer.peak ?? machine) * subject.threads;
  if (!workload.bandwidth) return;
  const bytes = recurrentBytes(workload, subject.precision);
  const gbs = await bandwidth(bytes, subject.threads);
  if (gbs) m.readUs[round] = (bytes / gbs / 1e3) * workload.T;
}

/** Bytes a subject took for this workload beyond what it takes when it has only started. */
function peakMemory({ subject, resident }) {
  const highest = subject.memory.peak();
  return highest === null || resident === null ? null : Math.max(0, highest - resident);
}
