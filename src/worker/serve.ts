// `unrolled/worker/serve`: what makes a page's own worker file a worker of the library, with models, losses and jobs of its own.
//
//   // my-worker.ts
//   import { serve } from 'unrolled/worker/serve';
//   import { MyModel } from './my-model.js';
//   serve({ models: { mine: (options) => new MyModel(options) } });
//
//   // the page
//   const create = () => new Worker(new URL('./my-worker.ts', import.meta.url), { type: 'module' });
//   const worker = await openWorker({ create });
//   worker.fit({ model: { name: 'mine', options: { hidden: 32 } }, ... });
//
// It loads parts of the library when they are asked for: Vite needs `worker: { format: 'es' }` in its configuration.
import '../browser.js';
import type { ToWorker } from './protocol.js';
import { type Services, startService } from './service.js';

export { buildModel, type Chain, type ModelMakers } from './models.js';
export type { JobContext, Services } from './service.js';

/** Answers what `openWorker`'s page asks. To be called once, when the worker's script is run and not later. */
export function serve(services: Services = {}): void {
  const scope = globalThis as unknown as DedicatedWorker;
  startService(
    {
      post: (message, transfer) => scope.postMessage(message, transfer),
      listen: (receive) => scope.addEventListener('message', ({ data }) => receive(data)),
    },
    services,
  );
}

interface DedicatedWorker {
  postMessage(message: unknown, transfer: readonly Transferable[]): void;
  addEventListener(type: 'message', listener: (event: { data: ToWorker }) => void): void;
}
