// What every claim is given to work with: see Context in claims/index.mjs.
import * as u from 'unrolled';
import { makePool } from './pool.mjs';
import { describeJob, describeOutcome } from './report.mjs';

/**
 * @param {object} options
 * @param {string} options.backend
 * @param {number} options.jobs   nets trained at the same time; 0: here, one after the other
 * @param {(text: string) => void} options.say
 */
export function makeContext({ backend, jobs, say }) {
  const pool = makePool(jobs, backend);
  const useBackend = () => u.ready({ backend, threads: 1 });

  return {
    say,
    useBackend,
    close: pool.close,

    trainAll: (list) =>
      pool.trainAll(list, (job, outcome, done) =>
        say(`${done}/${list.length} ${describeJob(job)}: ${describeOutcome(job, outcome)}`),
      ),

    /** Runs `body` on the reference backend, which computes in double precision, and goes back to the one in use. */
    async inDouble(body) {
      await u.ready({ backend: 'reference' });
      try {
        return await body();
      } finally {
        await useBackend();
      }
    },
  };
}
