// The package declares types for its two functions only, not for the compiled module that they drive.
declare module '@foxglove/wasm-zstd/dist/wasm-zstd.js' {
  const load: () => Promise<{
    /** The module's memory; another object whenever it has grown. */
    readonly HEAPU8: Uint8Array
    _malloc(size: number): number
    _free(pointer: number): void
    _compressBound(size: number): number
    /** Both answer how many bytes they made, or -1. */
    _compress(to: number, room: number, from: number, size: number, level: number): number
    _decompress(to: number, room: number, from: number, size: number): number
  }>
  export = load
}
