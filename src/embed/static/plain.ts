import { columnTexts } from '../../text/column.js'
import type { StaticKernel } from './static-kernel.js'
import { floatRows, type StaticTable } from './table.js'
import { type TokenizerOptions, unigramTokenizer } from './tokenize.js'

/** Pieces summed in float32 before they go into the float64 total, so that texts of any length lose nothing. */
const blockPieces = 512

/** The static embedder in TypeScript: what the WebAssembly one repeats, and what is used where it cannot be. */
export function plainKernel(
  table: StaticTable,
  { maxPieces, ...tokenizerOptions }: { maxPieces: number } & TokenizerOptions,
): StaticKernel {
  const { dimensions } = table
  const tokenize = unigramTokenizer(table.pieces, table.logProbabilities, tokenizerOptions)
  const rows = floatRows(table)
  const block = new Float32Array(dimensions)
  const total = new Float64Array(dimensions)
  return {
    kind: 'plain',
    embed(given, out) {
      const texts = 'offsets' in given ? columnTexts(given) : given
      for (let row = 0; row < texts.length; row++) {
        const { ids, count } = tokenize(texts[row]!, maxPieces)
        total.fill(0)
        for (let from = 0; from < count; from += blockPieces) {
          sumRows(rows, ids, from, Math.min(from + blockPieces, count), block)
          for (let k = 0; k < dimensions; k++) total[k]! += block[k]!
        }
        writeUnit(total, out, row * dimensions)
      }
    },
  }
}

/** Sums the rows of `ids[from..to)` in float32, four at a time: that order is part of the result. */
function sumRows(rows: Float32Array, ids: Uint16Array, from: number, to: number, sum: Float32Array): void {
  const { fround } = Math
  const dimensions = sum.length
  sum.fill(0)
  let i = from
  for (; i + 4 <= to; i += 4) {
    const a = ids[i]! * dimensions
    const b = ids[i + 1]! * dimensions
    const c = ids[i + 2]! * dimensions
    const d = ids[i + 3]! * dimensions
    for (let k = 0; k < dimensions; k++) {
      sum[k]! += fround(fround(rows[a + k]! + rows[b + k]!) + fround(rows[c + k]! + rows[d + k]!))
    }
  }
  for (; i < to; i++) {
    const a = ids[i]! * dimensions
    for (let k = 0; k < dimensions; k++) sum[k]! += rows[a + k]!
  }
}

/** The total at length 1; its squares are summed by even and odd places, as two lanes do. */
function writeUnit(total: Float64Array, out: Float32Array, at: number): void {
  let even = 0
  let odd = 0
  for (let k = 0; k < total.length; k += 2) {
    even += total[k]! * total[k]!
    odd += total[k + 1]! * total[k + 1]!
  }
  if (even + odd === 0) return
  const scale = 1 / Math.sqrt(even + odd)
  for (let k = 0; k < total.length; k++) out[at + k] = total[k]! * scale
}
