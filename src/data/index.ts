// `unrolled/data`: what stands between files and tensors. Nothing here knows a model.
export {
  appendDeltas,
  type DecodeWavOptions,
  type DeltasOptions,
  decodeWav,
  type LogMelOptions,
  logMel,
  type ResampleOptions,
  resample,
  type Sound,
} from './audio.js';
export { type DecodePngOptions, decodePng, type Image, imageRows, imageTensor, resize } from './images.js';
export * from './series/index.js';
export { lines, type ReadRowsOptions, readRows, type StreamOptions, type StreamSource } from './stream.js';
export { type BatchStream, type StreamBatchesOptions, streamBatches } from './stream-batches.js';
export { type ParsedTable, type ParseTableOptions, parseTable, type TableFormat, type TableRow } from './tables.js';
export { type DecodeOptions, decodeText, type TextEncoding } from './text/encoding.js';
export { joinPieces, splitPieces } from './text/pieces.js';
export { detokenise, type TokeniseOptions, tokenise } from './text/tokenise.js';
export { type PickVectorsOptions, WordVectors } from './text/vectors.js';
export { Vocabulary, type VocabularyJson, type VocabularyOptions } from './text/vocabulary.js';
