import type { Batches } from '../stream/types.js'
import type { Columns, Format, RowRange, ShardReadOptions } from './types.js'

/** Numbers of rows, rising, as ranges of those that follow one another. Throws a TypeError where they do not rise. */
export function runsOf(numbers: readonly number[]): RowRange[] {
  const runs: RowRange[] = []
  for (const number of numbers) {
    const last = runs.at(-1)
    if (!Number.isInteger(number) || number < (last?.end ?? 0)) {
      throw new TypeError(`Expected numbers of rows that rise, got ${number} after ${(last?.end ?? 0) - 1}`)
    }
    if (last?.end === number) last.end++
    else runs.push({ start: number, end: number + 1 })
  }
  return runs
}

/** What of the ranges, which rise, lies within another, counted from its start. */
export function runsWithin(runs: readonly RowRange[], { start, end }: RowRange): RowRange[] {
  let low = 0
  for (let high = runs.length; low < high; ) {
    const middle = (low + high) >>> 1
    if (runs[middle]!.end > start) high = middle
    else low = middle + 1
  }
  const within: RowRange[] = []
  for (let at = low; at < runs.length && runs[at]!.start < end; at++) {
    const run = { start: Math.max(runs[at]!.start, start) - start, end: Math.min(runs[at]!.end, end) - start }
    if (run.start < run.end) within.push(run)
  }
  return within
}

/** What a format reads of a file; rows that it cannot pass over by itself are dropped here. */
export function readPicked(format: Format, path: string, options: ShardReadOptions = {}): Batches<Columns> {
  const { only, ...others } = options
  if (only === undefined || format.picks === true) return format.read(path, options)
  const runs = runsOf(only)
  const rows = { start: runs[0]?.start ?? 0, end: runs.at(-1)?.end ?? 0 }
  return keepRuns(format.read(path, { ...others, rows }), runs, rows.start)
}

async function* keepRuns<R>(rows: Batches<R>, runs: readonly RowRange[], first: number): AsyncGenerator<R[]> {
  let at = first
  for await (const batch of rows) {
    const wanted = runsWithin(runs, { start: at, end: at + batch.length })
    at += batch.length
    if (wanted.length > 0) yield wanted.flatMap(({ start, end }) => batch.slice(start, end))
  }
}
