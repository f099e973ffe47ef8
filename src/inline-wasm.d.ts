// What .ci/dist.mjs writes beside the built inline.ts.

/** The module without threads, for plain SIMD: gzipped, then base64. */
export const wasm: string;
