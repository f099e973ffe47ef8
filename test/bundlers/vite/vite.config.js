// For the development server, which would move the package's JavaScript away from its .wasm files. `vite build` needs nothing.
export default { optimizeDeps: { exclude: ['unrolled'] } };
