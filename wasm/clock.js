// clock.js: tells emscripten's linker that the builds with threads import a clock (native/runtime/pool-wasm.cc). What they
// get is in src/backend/wasm-imports.ts: there is no glue that this could be part of.
mergeInto(LibraryManager.library, { u_milliseconds: () => performance.now() });
