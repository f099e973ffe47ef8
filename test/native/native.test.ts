// The C++ checks of native/test, compiled and run: parts that no kernel shows by itself, on every instruction set.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tests = join(root, 'native', 'test');
const runtime = readdirSync(join(root, 'native', 'runtime')).filter((file) => file.endsWith('.cc'));
const folder = mkdtempSync(join(tmpdir(), 'unrolled-check-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string, args: string[]): string {
  try {
    return execFileSync(command, args, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
  }
}

describe('native checks', () => {
  for (const file of readdirSync(tests).filter((name) => name.endsWith('check.cc'))) {
    it(`${file} compiles without a warning, and every one of its checks holds`, { timeout: 180_000 }, () => {
      const program = join(folder, file.replace('.cc', ''));
      const sources = [join(tests, file), ...runtime.map((name) => join(root, 'native', 'runtime', name))];
      const flags = ['-std=gnu++17', '-O2', '-ffp-contract=fast', '-pthread', '-Wall', '-Wextra', '-Werror'];
      run(process.env.CXX ?? 'g++', [...flags, ...sources, '-o', program]);
      const output = run(program, []);
      expect(output).not.toMatch(/^FAIL/m);
      expect(output).toMatch(/^ok/m);
    });
  }

  // The clang of the relaxed WASM build, which set-up leaves out where Debian does not have it.
  const clang = '/usr/lib/llvm-22/bin/clang++';
  it.runIf(existsSync(clang))('the NEON kernels compile without a warning', { timeout: 180_000 }, () => {
    const object = join(folder, 'neon.o');
    const target = ['--target=aarch64-linux-gnu', '-ffreestanding', '-fno-exceptions', '-fno-rtti'];
    const flags = ['-std=gnu++17', '-O1', '-Wall', '-Wextra', '-Werror', '-Inative'];
    run(clang, [...target, ...flags, '-c', 'native/targets/neon.cc', '-o', object]);
    // On another architecture the file compiles to nothing: here it must not.
    expect(statSync(object).size).toBeGreaterThan(50_000);
  });
});
