// A thread of the pool: gets jobs, trains, answers with outcomes.
import { parentPort, workerData } from 'node:worker_threads';
import * as u from 'unrolled';
import { train } from './training.mjs';

const ready = u.ready({ backend: workerData.backend, threads: 1 });

parentPort.on('message', async (job) => {
  try {
    await ready;
    parentPort.postMessage({ outcome: train(job).outcome });
  } catch (error) {
    parentPort.postMessage({ error });
  }
});
