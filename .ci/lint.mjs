// lint.mjs: everything that is checked and is not a test: generated files, types, biome for TypeScript and JavaScript,
// clang-format for C++. `--write` formats instead of complaining.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const write = process.argv.includes('--write');

const cxx = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
  // abi.h is a table: one argument a line, its comment beside it.
  .filter((file) => /\.(cc|h)$/.test(file) && !file.startsWith('generated') && file !== 'abi.h')
  .map((file) => join('native', file));

const node = (script, ...args) => [process.execPath, join('node_modules', script), ...args];
const checks = {
  'generated files': [process.execPath, 'native/generate.mjs', ...(write ? [] : ['--check'])],
  biome: node('@biomejs/biome/bin/biome', 'check', ...(write ? ['--write'] : ['--error-on-warnings'])),
  'clang-format': ['clang-format', ...(write ? ['-i'] : ['--dry-run', '-Werror']), ...cxx],
  types: node('typescript/bin/tsc', '-p', 'tsconfig.json'),
};

for (const [name, [command, ...args]] of Object.entries(checks)) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  console.log(`lint: ${name}: ${status === 0 ? 'ok' : `failed${error ? ` (${error.message})` : ''}`}`);
  if (status !== 0) process.exitCode = 1;
}
