// index.mjs: `npm run bench`. Looks whether there is something to time, then harness.mjs does all the work.
import { existsSync } from 'node:fs';

if (existsSync(new URL('../dist/node.js', import.meta.url))) await import('./harness.mjs');
else {
  console.error(
    'bench: the library is not built; type "npm run build", or "npm test" on a fresh machine, then try again',
  );
  process.exitCode = 2;
}
