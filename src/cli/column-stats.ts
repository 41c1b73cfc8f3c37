import type { Columns } from '../formats/index.js'

/** What all rows together tell of a column. */
export type ColumnStats = {
  /** Rows where it is null or absent. */
  nulls: number
  /** Of texts in UTF-16 units, of lists and vectors in items, of bytes in bytes; absent where it has none of these. */
  lengths?: Lengths
}

export type Lengths = {
  min: number
  max: number
  mean: number
  /** How many values are `from` to `to` long, each step twice as wide as the one before. */
  histogram: { from: number; to: number; count: number }[]
}

type Tally = { present: number; counts: number[]; values: number; sum: number; min: number; max: number }

/** Counts nulls and lengths over rows, in memory that grows with the columns alone. */
export function columnTally(): { add(rows: readonly Columns[]): void; stats(): Record<string, ColumnStats> } {
  const tallies = new Map<string, Tally>()
  let rowCount = 0
  const add = (rows: readonly Columns[]) => {
    rowCount += rows.length
    for (const row of rows) {
      for (const name in row) {
        const value = row[name]
        let tally = tallies.get(name)
        if (tally === undefined) {
          tally = { present: 0, counts: [], values: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: 0 }
          tallies.set(name, tally)
        }
        if (value === null || value === undefined) continue
        tally.present++
        const length = lengthOf(value)
        if (length !== undefined) count(tally, length)
      }
    }
  }
  const stats = () => {
    const entries = [...tallies].map(([name, tally]) => {
      const lengths = tally.values === 0 ? undefined : lengthsOf(tally)
      return [name, { nulls: rowCount - tally.present, ...(lengths && { lengths }) }] as const
    })
    return Object.fromEntries(entries)
  }
  return { add, stats }
}

function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length
  return ArrayBuffer.isView(value) ? (value as Uint8Array).length : undefined
}

function count(tally: Tally, length: number): void {
  // Step 0 holds lengths of 0, step 1 those of 1, step 2 of 2 and 3, step 3 of 4 to 7.
  const step = length === 0 ? 0 : 32 - Math.clz32(length)
  tally.counts[step] = (tally.counts[step] ?? 0) + 1
  tally.values++
  tally.sum += length
  if (length < tally.min) tally.min = length
  if (length > tally.max) tally.max = length
}

function lengthsOf({ counts, values, sum, min, max }: Tally): Lengths {
  const histogram = Array.from(counts, (found = 0, step) => {
    const from = step === 0 ? 0 : 2 ** (step - 1)
    return { from, to: step === 0 ? 0 : 2 * from - 1, count: found }
  })
  const first = histogram.findIndex((each) => each.count > 0)
  return { min, max, mean: sum / values, histogram: histogram.slice(first) }
}
