import fc from 'fast-check'
import { uniform } from '../../src/text/hash.js'

/** `count` numbers between −1 and 1. */
export function randomNumbers(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => uniform(seed, String(at), 'test') * 2 - 1)
}

/** Ids as the readers make them; the order of the strings is not the order of the rows. */
export function rowIds(count: number): string[] {
  return Array.from({ length: count }, (_, row) => `shard-${row % 3}#${row}`)
}

/** `perBlob` rows around each of `blobs` centres that stand at least 2 apart. */
export function planted(blobs: number, perBlob: number, dimensions: number, spread: number) {
  const centres = randomNumbers(blobs * dimensions, 11).map((value) => Math.round(value * 20))
  const noise = randomNumbers(blobs * perBlob * dimensions, 12)
  const vectors = noise.map((value, at) => {
    const blob = Math.floor(at / dimensions) % blobs
    return centres[blob * dimensions + (at % dimensions)]! + spread * value
  })
  return { centres, vectors, ids: rowIds(blobs * perBlob) }
}

/** Row `row` of row-major vectors. */
export function vectorOf(vectors: Float32Array, row: number, dimensions: number): Float32Array {
  return vectors.subarray(row * dimensions, (row + 1) * dimensions)
}

/** The rows of `order`, with their ids. */
export function take(ids: readonly string[], vectors: Float32Array, dimensions: number, order: readonly number[]) {
  const taken = new Float32Array(order.length * dimensions)
  order.forEach((row, at) => {
    taken.set(vectorOf(vectors, row, dimensions), at * dimensions)
  })
  return { ids: order.map((row) => ids[row]!), vectors: taken }
}

/** Rows 0 … count − 1 in any order, cut into batches, the batches dealt to shards. */
export function arrivals(count: number) {
  const order = fc.shuffledSubarray(
    Array.from({ length: count }, (_, row) => row),
    { minLength: count, maxLength: count },
  )
  return fc
    .tuple(order, fc.array(fc.nat(4), { minLength: count, maxLength: count }), fc.integer({ min: 1, max: 9 }))
    .map(([rows, shards, size]) => {
      const dealt: number[][][] = Array.from({ length: 5 }, () => [])
      for (let at = 0; at < count; at += size) dealt[shards[at]!]!.push(rows.slice(at, at + size))
      return dealt
    })
}

/** Merges summaries two by two in a random tree, each into another, and gives the one that is left. */
export function mergeAll<S extends { merge(other: S): void }>(summaries: S[], picks: readonly number[]): S {
  const left = [...summaries]
  for (let turn = 0; left.length > 1; turn++) {
    const [taken] = left.splice((picks[turn % picks.length] ?? 0) % left.length, 1)
    left[(picks[(turn + 1) % picks.length] ?? 0) % left.length]!.merge(taken!)
  }
  return left[0]!
}
