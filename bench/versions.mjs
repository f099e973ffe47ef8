// versions.mjs: which version of a system is timed.
import { existsSync, readFileSync } from 'node:fs';

const file = (name) => new URL(name ? `node_modules/${name}/package.json` : '../package.json', import.meta.url);

/** Is this peer's package there? */
export const isInstalled = (name) => existsSync(file(name));

/** Version of a peer's package, or of this library without a name. */
export const versionOf = (name) => JSON.parse(readFileSync(file(name), 'utf8')).version;
