// What an instance of our .wasm files is given, on the thread that opens a backend and in the workers of its pool.

/** The memory, where the module imports it; and what libc may ask of its host without our kernels ever using it: refused. */
export function wasmImports(module: WebAssembly.Module, memory: WebAssembly.Memory | null): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  const NOT_SUPPORTED = 52; // ENOSYS of WASI
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    const value = kind === 'memory' && memory ? memory : () => NOT_SUPPORTED;
    imports[from] = { ...imports[from], [name]: value };
  }
  return imports;
}

/** Whether it was built for threads: only those files import their memory. */
export const hasThreads = (module: WebAssembly.Module): boolean =>
  WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory');
