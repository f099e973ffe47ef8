// Files: `u.io`.
export {
  loadSafetensors,
  readSafetensorsMetadata,
  type SafetensorsSource,
  type SaveOptions,
  saveSafetensors,
  serializeSafetensors,
} from './safetensors.js';
export { SafetensorsError, type SafetensorsRule } from './safetensors-format.js';
