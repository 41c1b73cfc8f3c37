/** A compiled kernel, or null where this machine's WebAssembly knows no SIMD; compiled when first asked for. */
export function simdModule(wasmBase64: string): () => WebAssembly.Module | null {
  let compiled: WebAssembly.Module | undefined | null
  return () => {
    if (compiled === undefined) {
      const bytes = Buffer.from(wasmBase64, 'base64')
      compiled = WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null
    }
    return compiled
  }
}
