// `unrolled/worker/serve` in Node; see serve.ts.
import { parentPort } from 'node:worker_threads';
import '../node.js';
import { OptionError } from '../errors.js';
import { type Services, startService } from './service.js';

export { buildModel, type Chain, type ModelMakers } from './models.js';
export type { JobContext, Services } from './service.js';

/** @throws OptionError  outside a thread of worker_threads */
export function serve(services: Services = {}): void {
  const port = parentPort;
  if (port === null) throw new OptionError('serve: must be called in a worker, not in the main thread');
  startService(
    {
      post: (message, transfer) => port.postMessage(message, transfer as never),
      listen: (receive) => port.on('message', receive),
    },
    services,
  );
}
