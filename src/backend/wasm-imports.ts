// What an instance of our .wasm files is given, on the thread that opens a backend and in the workers of its pool.

/**
 * The memory and the clock, where the module imports them (pool-wasm.cc); and what libc may ask of its host without our
 * kernels ever using it: refused.
 */
export function wasmImports(module: WebAssembly.Module, memory: WebAssembly.Memory | null): WebAssembly.Imports {
  const NOT_SUPPORTED = 52; // ENOSYS of WASI
  const imported = (name: string, kind: WebAssembly.ImportExportKind): WebAssembly.ImportValue => {
    if (kind === 'memory' && memory) return memory;
    return name === 'u_milliseconds' ? () => performance.now() : () => NOT_SUPPORTED;
  };
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    imports[from] = { ...imports[from], [name]: imported(name, kind) };
  }
  return imports;
}

/** Whether it was built for threads: only those files import their memory. */
export const hasThreads = (module: WebAssembly.Module): boolean =>
  WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory');
