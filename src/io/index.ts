// Files: `u.io`.
export {
  type CheckpointParts,
  type CheckpointPlace,
  type CheckpointStore,
  type LoadedCheckpoint,
  loadCheckpoint,
  saveCheckpoint,
} from './checkpoint.js';
export type { Json } from './exact-json.js';
export {
  loadSafetensors,
  readSafetensorsMetadata,
  type SafetensorsSource,
  type SaveOptions,
  saveSafetensors,
  serializeSafetensors,
} from './safetensors.js';
export { SafetensorsError, type SafetensorsRule } from './safetensors-format.js';
