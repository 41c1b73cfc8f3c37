import { largestDot } from './kernel/largest-dot.js'

/** The earlier row most like a row, by the cosine of their vectors. */
export type MostAlike<Row> = { readonly row: Row; readonly of: Row; readonly score: number }

export type SemanticDuplicates<Row> = {
  /** Vectors held, which no two rows have in common; rows that it has not told of yet do not count. */
  readonly size: number
  /** Takes rows in, in order, with their unit vectors; tells of some of them, and later of the others. */
  push(row: Row, vector: Float32Array): readonly MostAlike<Row>[]
  /** Only compares a row with those taken in before. */
  compare(row: Row, vector: Float32Array): readonly MostAlike<Row>[]
  /** Tells of the rows that it has not told of yet. */
  finish(): readonly MostAlike<Row>[]
}

/** Rows compared with those before them at a time. */
const tileRows = 64

/** From this cosine on two vectors are one: what is like the second is as like the first, which is held already. */
export const sameVector = 0.9999

/**
 * For every row of a cluster but the first, the earlier one it is most like (SemDeDup, arXiv 2303.09540, section 3: a row
 * leaves when that likeness is above a threshold, whether or not the earlier one stays). A text that comes a million
 * times is held once.
 */
export function createSemanticDuplicates<Row>(dimensions: number): SemanticDuplicates<Row> {
  const held = largestDot(dimensions)
  const heldRows: Row[] = []
  const tile = new Float32Array(tileRows * dimensions)
  let rows: { readonly row: Row; readonly isTaken: boolean }[] = []
  const vectorAt = (at: number) => tile.subarray(at * dimensions, (at + 1) * dimensions)
  const judge = (at: number, most: { of: Row | undefined; score: number }): MostAlike<Row>[] => {
    const { row, isTaken } = rows[at]!
    let { of, score } = most
    for (let other = 0; other < at; other++) {
      if (!rows[other]!.isTaken) continue
      const cosine = dot(vectorAt(at), vectorAt(other))
      if (cosine > score) [of, score] = [rows[other]!.row, cosine]
    }
    if (isTaken && score < sameVector) {
      held.add(vectorAt(at))
      heldRows.push(row)
    }
    return of === undefined ? [] : [{ row, of, score: Math.min(1, score) }]
  }
  const tell = (): MostAlike<Row>[] => {
    const { labels, dots } = held.find(tile, rows.length)
    const found = rows.flatMap((_, at) => judge(at, { of: heldRows[labels[at]!], score: dots[at]! }))
    rows = []
    return found
  }
  const put = (row: Row, vector: Float32Array, isTaken: boolean): MostAlike<Row>[] => {
    tile.set(vector, rows.length * dimensions)
    rows.push({ row, isTaken })
    return rows.length === tileRows ? tell() : []
  }
  return {
    get size() {
      return heldRows.length
    },
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
