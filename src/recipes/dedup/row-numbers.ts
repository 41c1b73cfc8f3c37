import type { Committed, RunView } from '../../run/types.js'
import { UsageError } from '../../stream/errors.js'

/** A scanned stretch of the corpus: rows `first` to `first + rows` of all rows, those without a text included. */
export type Stretch = { readonly scanned: Committed; readonly first: number; readonly rows: number }

/** Numbers for the rows of a corpus, from 0 up in its order: the tasks of the pass `scan`, one after another. */
export type RowNumbers = {
  readonly total: number
  readonly stretches: readonly Stretch[]
  /** The stretch that holds a row. */
  stretchOf(row: number): Stretch
}

/** Numbers the rows that the committed pass `scan` has read. */
export function numberRows(run: RunView): RowNumbers {
  let total = 0
  const stretches = run.committed('scan').map((scanned) => {
    const stretch = { scanned, first: total, rows: scanned.tally.in }
    total += stretch.rows
    return stretch
  })
  if (total > 0xffffffff) {
    throw new UsageError(`Expected at most 4,294,967,295 rows, got ${total}`, {
      fix: 'Deduplicate the corpus in parts.',
    })
  }
  return {
    total,
    stretches,
    stretchOf(row) {
      let [low, high] = [0, stretches.length - 1]
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if (stretches[middle]!.first <= row) low = middle
        else high = middle - 1
      }
      return stretches[low]!
    },
  }
}
