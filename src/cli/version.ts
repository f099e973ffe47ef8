// The package's version, from its package.json, two folders above dist/cli and src/cli alike.
import { readFileSync } from 'node:fs';

export function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
