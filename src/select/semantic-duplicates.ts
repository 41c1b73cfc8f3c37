import { largestDot } from './kernel/largest-dot.js'

/** The earlier row most like a row, by the cosine of their vectors. */
export type MostAlike = { readonly row: number; readonly of: number; readonly score: number }

export type SemanticDuplicates = {
  /** Takes rows in, in order, with their unit vectors; tells of some of them, and later of the others. */
  push(row: number, vector: Float32Array): readonly MostAlike[]
  /** Only compares a row with those taken in before. */
  compare(row: number, vector: Float32Array): readonly MostAlike[]
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
  let areTaken = true
  const vectorAt = (at: number) => tile.subarray(at * dimensions, (at + 1) * dimensions)
  const judge = (row: number, at: number, { of, score }: Omit<MostAlike, 'row'>): MostAlike => {
    const found = { row, of, score }
    if (!areTaken) return found
    for (let other = 0; other < at; other++) {
      const cosine = dot(vectorAt(at), vectorAt(other))
      if (cosine > found.score) Object.assign(found, { of: rows[other]!, score: cosine })
    }
    if (found.score < sameVector) {
      held.add(vectorAt(at))
      heldRows.push(row)
    }
    return found
  }
  const tell = (): MostAlike[] => {
    const { labels, dots } = held.find(tile, rows.length)
    const found = rows.map((row, at) => judge(row, at, { of: heldRows[labels[at]!] ?? -1, score: dots[at]! }))
    rows = []
    return found.filter(({ of }) => of >= 0).map((each) => ({ ...each, score: Math.min(1, each.score) }))
  }
  const put = (row: number, vector: Float32Array, isTaken: boolean): MostAlike[] => {
    const told = rows.length > 0 && areTaken !== isTaken ? tell() : []
    areTaken = isTaken
    tile.set(vector, rows.length * dimensions)
    rows.push(row)
    return rows.length === tileRows ? tell() : told
  }
  return {
    push: (row, vector) => put(row, vector, true),
    compare: (row, vector) => put(row, vector, false),
    finish: () => (rows.length > 0 ? tell() : []),
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!
  return Math.fround(sum)
}
