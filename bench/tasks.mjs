// npm run bench:tasks -- [NAME ...]: the examples' training beside the same work in PyTorch (Debian's python3-torch). Runs each
// example that has a script in bench/tasks for a few epochs with --pytorch; the last table of each is the comparison.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const known = readdirSync(path.join(root, 'bench', 'tasks'))
  .filter((file) => file.endsWith('.py'))
  .map((file) => file.slice(0, -'.py'.length))
  .sort();
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no such task: ${unknown.join(', ')}; there are ${known.join(', ')}`);
  process.exit(2);
}

/** One epoch to warm up, and some to take the fastest of; a tenth of the novel is as good as all of it. */
const SHORT = { charlm: ['--part', '10', '--epochs', '2'] };

for (const name of asked.length > 0 ? asked : known) {
  console.log(`\n== ${name}`);
  const example = path.join(root, 'examples', name, `${name}.mjs`);
  const args = [example, ...(SHORT[name] ?? ['--seeds', '1', '--epochs', '4']), '--pytorch'];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
