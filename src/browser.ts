// Entry point in browsers.
import { browserPlatform } from './platform/browser.js';
import { setPlatform } from './platform/types.js';

setPlatform(browserPlatform);

export * from './index.js';
