import type { Embedder } from './types.js'

/** The numbers of a vector: as they are, or whole ones with a scale a row. */
export type Precision = 'float32' | 'int16' | 'int8'

/** Vectors as whole numbers: component k of row i is `values[i × dimensions + k] × scales[i]`. */
export type Quantized = { readonly scales: Float32Array; readonly values: Int8Array | Int16Array }

/**
 * Rows of length 1 as int8 or int16, the largest component of a row being 127 or 32,767, and the scale that gives the row
 * length 1 again. A row of zeros has scale 0. The same rows give the same numbers everywhere, and so do rows that were
 * quantized before.
 */
export function quantize(vectors: Float32Array, dimensions: number, precision: 'int8' | 'int16'): Quantized {
  const scales = new Float32Array(vectors.length / dimensions)
  const values = precision === 'int8' ? new Int8Array(vectors.length) : new Int16Array(vectors.length)
  for (let row = 0; row < scales.length; row++) {
    const start = row * dimensions
    scales[row] = quantizeRow(vectors, { start, dimensions, into: values, to: start })
  }
  return { scales, values }
}

export type RowToQuantize = {
  /** Where the row begins. */
  start: number
  dimensions: number
  into: Int8Array | Int16Array
  /** Where its whole numbers begin. */
  to: number
}

/** Puts the whole numbers of one row of {@link quantize} in their place, and gives the row's scale, a single-precision number. */
export function quantizeRow(vectors: Float32Array, { start, dimensions, into, to }: RowToQuantize): number {
  const largest = into instanceof Int8Array ? 127 : 32_767
  let most = 0
  for (let k = 0; k < dimensions; k++) most = Math.max(most, Math.abs(vectors[start + k]!))
  if (most === 0) {
    into.fill(0, to, to + dimensions)
    return 0
  }
  let squares = 0
  for (let k = 0; k < dimensions; k++) {
    // As Math.round, in a third of its time.
    const whole = Math.floor((vectors[start + k]! / most) * largest + 0.5)
    into[to + k] = whole
    squares += whole * whole
  }
  return Math.fround(1 / Math.sqrt(squares))
}

/** The rows that {@link quantize} made whole numbers of, as float32. */
export function expand({ scales, values }: Quantized, dimensions: number): Float32Array {
  const vectors = new Float32Array(values.length)
  for (let row = 0; row < scales.length; row++) {
    const scale = scales[row]!
    for (let k = row * dimensions; k < (row + 1) * dimensions; k++) vectors[k] = values[k]! * scale
  }
  return vectors
}

/** Rows of length 1 as they are once they have been kept in so many bits. */
export function rounded(vectors: Float32Array, dimensions: number, precision: Precision): Float32Array {
  return precision === 'float32' ? vectors : expand(quantize(vectors, dimensions, precision), dimensions)
}

/** The same embedder, whose vectors are {@link rounded}. */
export function roundedEmbedder(embedder: Embedder, precision: Precision): Embedder {
  const { id, dimensions, close } = embedder
  if (precision === 'float32') return embedder
  return {
    id: `${id}:${precision}`,
    dimensions,
    embed: async (texts, options) => rounded(await embedder.embed(texts, options), dimensions, precision),
    ...(close && { close }),
  }
}
