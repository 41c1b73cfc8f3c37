import { CorruptInputError } from '../../stream/errors.js'

/** How many vectors of `dimensions` numbers an array holds; `what` names it in the error when they do not come out even. */
export function rowCount(vectors: Float32Array, dimensions: number, what: string): number {
  requireDimensions(dimensions)
  if (vectors.length % dimensions !== 0) {
    throw new TypeError(`Expected \`${what}\` to be rows of ${dimensions} numbers, got ${vectors.length} numbers`)
  }
  return vectors.length / dimensions
}

/** Throws a TypeError unless `dimensions` is an integer from 1 up. */
export function requireDimensions(dimensions: number): void {
  if (!Number.isInteger(dimensions) || dimensions < 1) {
    throw new TypeError(`Expected \`dimensions\` to be an integer from 1 up, got \`${dimensions}\``)
  }
}

/** Throws a CorruptInputError for the first vector that is not finite or too long to compare, by the name it is given. */
export function requireFinite(vectors: Float32Array, dimensions: number, nameOf: (row: number) => string): void {
  for (let at = 0; at < vectors.length; at += dimensions) {
    let norm = 0
    for (let d = at; d < at + dimensions; d++) norm += vectors[d]! * vectors[d]!
    if (!isComparable(norm)) throw faultyVector(nameOf(at / dimensions))
  }
}

/** Whether a squared norm is below 2^124: a squared distance of two such vectors is finite in single precision. */
export function isComparable(squaredNorm: number): boolean {
  return squaredNorm < 2 ** 124
}

export function faultyVector(name: string): CorruptInputError {
  return new CorruptInputError(`Expected finite vectors of moderate length, got one that is not: ${name}`, {
    fix: 'Look at what the embedder gave for this row: a NaN, an Infinity, or numbers too large to compare.',
  })
}
