import type { Texts } from '../types.js'

/** The arithmetic of the static embedder, once in WebAssembly and once in TypeScript; both give the same bits. */
export type StaticKernel = {
  readonly kind: 'simd' | 'plain'
  /** Fills row i of `out`, zeros before, with the vector of text i. */
  embed(texts: Texts, out: Float32Array): void
}
