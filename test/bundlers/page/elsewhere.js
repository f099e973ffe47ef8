// The same task in a Web Worker: the one that unrolled/worker brings along.
import { openWorker } from 'unrolled/worker';
import { OPTIONS, ROWS, TEXTS } from './learn.js';

export async function learnInWorker(options) {
  const worker = await openWorker(options);
  const task = await worker.train('classify', ROWS, OPTIONS).result;
  const predictions = await task.predict(TEXTS);
  const { name, threads } = worker.info;
  worker.terminate();
  return { predictions, name, threads };
}
