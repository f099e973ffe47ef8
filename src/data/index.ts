// unrolled/data: what turns files into tensors: text, series, audio, images, tables.
export * from './series/index.js';
