// Entry point in browsers.
import './ops/methods.js';
import { browserPlatform } from './platform/browser.js';
import { setPlatform } from './platform/types.js';

setPlatform(browserPlatform);

export * from './index.js';
