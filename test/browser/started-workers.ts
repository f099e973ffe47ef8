// The scripts from which workers are started from now on, until globals are unstubbed.
import { vi } from 'vitest';

export function startedWorkers(): readonly string[] {
  const started: string[] = [];
  vi.stubGlobal(
    'Worker',
    class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        started.push(String(url));
      }
    },
  );
  return started;
}
