// `unrolled/worker` in a page: training and inference in a Web Worker by one call, so that the page never waits.
//
//   import { openWorker } from 'unrolled/worker';
//   const worker = await openWorker();
//   const task = await worker.train('classify', file, { epochs: 5 }, { onProgress: ({ loss }) => draw(loss) }).result;
//   console.log(task.report.test, await task.predict(['what a film']));
import { whyNoWorker } from '../script-url.js';
import { type OwnScript, openWith, type UnrolledWorker } from './open.js';
import type { WorkerOptions } from './specs.js';

export type { Run, RunStatus } from './client.js';
export type { RemoteTaskOptions, UnrolledWorker } from './open.js';
export type { RemoteTask } from './remote-task.js';
export type {
  BatchSpec,
  DataSpec,
  DiagnoseSpec,
  FitSpec,
  Fitted,
  LayerSpec,
  ModelSpec,
  OptimizerSpec,
  PredictSpec,
  RunEvents,
  TensorData,
  TensorSpec,
  WorkerOptions,
} from './specs.js';

const OWN: OwnScript = {
  file: 'entry.js',
  start: (url) =>
    url === undefined
      ? // Written out, for this is the form that bundlers look for. Webpack calls a file by the name: not that of the pool's threads.
        new Worker(new URL('./entry.js', import.meta.url), { type: 'module', name: 'unrolled-worker' })
      : new Worker(url, { type: 'module', name: 'unrolled-worker' }),
  check: whyNoWorker,
};

/**
 * Starts a worker and a backend in it.
 *
 * @returns when it is ready
 * @throws BackendError  if no backend could be started there
 * @throws UnrolledError  with code ERR_WORKER if the worker itself could not, saying what is wrong with `workerUrl`
 */
export function openWorker(options: WorkerOptions = {}): Promise<UnrolledWorker> {
  return openWith(OWN, options, options.create);
}
