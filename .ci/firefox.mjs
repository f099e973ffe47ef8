// firefox.mjs: the other browser of tests: where it is. Debian's ESR, unless FIREFOX says otherwise.
import { existsSync } from 'node:fs';

export const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
export const hasFirefox = () => existsSync(FIREFOX);
