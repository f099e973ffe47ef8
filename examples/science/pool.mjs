// Trains many nets at once, each on a thread of its own: a small net's step is too short to share among cores.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { train } from './training.mjs';

/** @typedef {import('./training.mjs').Job} Job @typedef {import('./training.mjs').Outcome} Outcome */

/**
 * @param {number} threads  0: trains here, one after the other
 * @param {string} backend
 */
export function makePool(threads, backend) {
  const workers = Array.from(
    { length: threads },
    () => new Worker(fileURLToPath(new URL('./worker.mjs', import.meta.url)), { workerData: { backend } }),
  );
  // What goes wrong in a worker goes wrong in whoever waits for its answer.
  const send = async (worker, job) => {
    worker.postMessage(job);
    const [answer] = await once(worker, 'message');
    if (answer.error) throw answer.error;
    return answer.outcome;
  };

  /**
   * @param {Job[]} jobs
   * @param {(job: Job, outcome: Outcome, done: number) => void} [onDone]
   * @returns {Promise<Outcome[]>} in the order of the jobs
   */
  async function trainAll(jobs, onDone = () => {}) {
    const outcomes = new Array(jobs.length);
    let next = 0;
    let done = 0;
    const work = async (run) => {
      while (next < jobs.length) {
        const index = next++;
        outcomes[index] = await run(jobs[index]);
        onDone(jobs[index], outcomes[index], ++done);
      }
    };
    if (threads === 0) await work(async (job) => train(job).outcome);
    else await Promise.all(workers.map((worker) => work((job) => send(worker, job))));
    return outcomes;
  }

  return { trainAll, close: () => Promise.all(workers.map((worker) => worker.terminate())) };
}
