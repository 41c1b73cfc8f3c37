import { createHash } from 'node:crypto'
import type { Embedder } from '../types.js'
import { encodeWhitening } from './artifact.js'
import { checkShape, type Whiten, type Whitening } from './fit.js'
import { plainWhiten } from './plain.js'
import { simdAvailable, simdWhiten } from './simd.js'

export type WhitenOptions = {
  /** WebAssembly or TypeScript, the same to the bit; default: 'simd' where this machine has it. */
  kind?: 'simd' | 'plain'
}

/**
 * Whitens rows, many arrays one after another: each row is brought back to length 1. A row of zeros stays one; so does one
 * that differs from the mean only along axes the fit has not seen.
 */
export function openWhitening(
  whitening: Whitening,
  { kind = simdAvailable() ? 'simd' : 'plain' }: WhitenOptions = {},
): Whiten {
  const whiten = { simd: simdWhiten, plain: plainWhiten }[kind](whitening)
  return (vectors) => {
    checkShape(vectors, whitening.dimensions)
    return whiten(vectors)
  }
}

/** Whitens the rows of one array into a new one, as {@link openWhitening} does. */
export function applyWhitening(whitening: Whitening, vectors: Float32Array, options?: WhitenOptions): Float32Array {
  return openWhitening(whitening, options)(vectors)
}

/** The same embedder with every vector whitened; its id holds a hash of the whitening. */
export function whitened(embedder: Embedder, whitening: Whitening): Embedder {
  if (whitening.dimensions !== embedder.dimensions) {
    throw new TypeError(
      `Expected a whitening of ${embedder.dimensions} dimensions for ${embedder.id}, got ${whitening.dimensions}`,
    )
  }
  const digest = createHash('sha256').update(encodeWhitening(whitening)).digest('hex')
  const whiten = openWhitening(whitening)
  return {
    id: `${embedder.id}+whitened@${digest.slice(0, 16)}`,
    dimensions: embedder.dimensions,
    async embed(texts, options) {
      return whiten(await embedder.embed(texts, options))
    },
  }
}
