// install.mjs: `npm run bench -- --install`: the peers of bench/package.json, exactly as locked, and the C++ programs.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BUILT, buildProgram } from './build.mjs';
import { missingTorch } from './subjects.mjs';

/** @returns the exit code */
export function install() {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  // Without their install scripts: onnxruntime-node's would download what only a GPU needs.
  const { status, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd,
    stdio: 'inherit',
  });
  if (status !== 0) console.error(`bench: npm ci in bench/ failed${error ? ` (${error.message})` : ''}`);
  let failed = status !== 0;
  for (const name of Object.keys(BUILT)) {
    const missing = buildProgram(name);
    console.log(`${name}: ${missing ?? 'built'}`);
    failed ||= missing !== null;
  }
  console.log(`pytorch: ${missingTorch(2) ?? 'installed'}`);
  return failed ? 1 : 0;
}
