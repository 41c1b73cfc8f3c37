import { largestDot } from './kernel/largest-dot.js'

/** The earlier row most like a row, by the cosine of their vectors. */
export type MostAlike = { readonly row: number; readonly of: number; readonly score: number }

export type SemanticDuplicates = {
  /** Takes rows in, in order, with their unit vectors; tells of some of them, and later of the others. */
  push(row: number, vector: Float32Array): readonly MostAlike[]
  /** Tells of the rows that it has not told of yet. */
  finish(): readonly MostAlike[]
}

/** Rows compared with those before them at a time. */
const tileRows = 64

/** From this cosine on two vectors are one: what is like the second is as like the first, which is held already. */
const sameVector = 0.9999

/**
 * For every row of a cluster but the first, the earlier one it is most like (SemDeDup, arXiv 2303.09540, section 3: a row
 * leaves when that likeness is above a threshold, whether or not the earlier one stays). A text that comes a million
 * times is held once.
 */
export function createSemanticDuplicates(dimensions: number): SemanticDuplicates {
  const held = largestDot(dimensions)
  const heldRows: number[] = []
  const tile = new Float32Array(tileRows * dimensions)
  let rows: number[] = []
  const vectorAt = (at: number) => tile.subarray(at * dimensions, (at + 1) * dimensions)
  const compare = (): MostAlike[] => {
    const { labels, dots } = held.find(tile, rows.length)
    const found = rows.map((row, at) => {
      let [of, score] = [heldRows[labels[at]!] ?? -1, dots[at]!]
      for (let other = 0; other < at; other++) {
        const cosine = dot(vectorAt(at), vectorAt(other))
        if (cosine > score) [of, score] = [rows[other]!, cosine]
      }
      if (score < sameVector) {
        held.add(vectorAt(at))
        heldRows.push(row)
      }
      return { row, of, score: Math.min(1, score) }
    })
    rows = []
    return found.filter(({ of }) => of >= 0)
  }
  return {
    push(row, vector) {
      tile.set(vector, rows.length * dimensions)
      rows.push(row)
      return rows.length === tileRows ? compare() : []
    },
    finish: () => (rows.length > 0 ? compare() : []),
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!
  return Math.fround(sum)
}
