import { largestDot } from './kernel/largest-dot.js'

/** What became of a row: whether it was accepted, and its cosine with the most similar row accepted before it. */
export type Verdict = { readonly isAccepted: boolean; readonly cosine: number }

/** Rows compared with those accepted before them at a time. */
const tileRows = 64

/**
 * Accepts a row where its cosine with every row accepted before it is at most `maxCosine`: the filter of DEITA (Liu et al.
 * 2024, arXiv 2312.15685, section 2.3) for rows in order of score. `consider` takes unit vectors, row-major, and judges them
 * one after another; cosines are in single precision, and −Infinity before the first accepted row. Holds the accepted
 * vectors alone.
 */
export function createGreedyCosine(
  dimensions: number,
  maxCosine: number,
): { consider(vectors: Float32Array): Verdict[] } {
  const accepted = largestDot(dimensions)

  const judgeTile = (tile: Float32Array): Verdict[] => {
    const rows = tile.length / dimensions
    const { dots } = accepted.find(tile, rows)
    // Those accepted of this very tile, which the kernel has not seen.
    const fresh: Float32Array[] = []
    const verdicts = Array.from({ length: rows }, (_, row) => {
      const vector = tile.subarray(row * dimensions, (row + 1) * dimensions)
      const cosine = fresh.reduce((most, other) => Math.max(most, dot(vector, other)), dots[row]!)
      const isAccepted = cosine <= maxCosine
      if (isAccepted) fresh.push(vector)
      return { isAccepted, cosine }
    })
    for (const vector of fresh) accepted.add(vector)
    return verdicts
  }

  return {
    consider(vectors) {
      const verdicts: Verdict[] = []
      for (let at = 0; at < vectors.length; at += tileRows * dimensions) {
        verdicts.push(...judgeTile(vectors.subarray(at, at + tileRows * dimensions)))
      }
      return verdicts
    },
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!
  return Math.fround(sum)
}
