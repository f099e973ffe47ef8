// Entry point in Node.
import './ops/methods.js';
import { nodePlatform } from './platform/node.js';
import { setPlatform } from './platform/types.js';

setPlatform(nodePlatform);

export * from './index.js';
