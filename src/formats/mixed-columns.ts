import type { MixedColumn } from './types.js'

/** Two types that only json holds; `within` is where in the column, as `[].role`, or empty for all of it. */
export type Disagreement = { within: string; readonly was: string; readonly is: string }

export type MixedColumns = {
  /** Takes in what a row brought for a column. */
  note(column: string, row: number, found: readonly Disagreement[]): void
  all(): MixedColumn[]
}

/** Columns and fields that are remembered: objects of ever new ones would have no end of them. */
const mostNoted = 1000

/** Gathers what is json because rows disagree: the first row of each column or field, of none that is within another. */
export function mixedColumns(): MixedColumns {
  const mixed = new Map<string, MixedColumn>()
  return {
    note(column, row, found) {
      for (const { within, was, is } of found) {
        // Within what is json as a whole nothing has a type to keep.
        if (pathsTo(within).some((path) => mixed.has(key(column, path)))) continue
        for (const [where, noted] of mixed) {
          if (noted.column === column && pathsTo(noted.within).includes(within)) mixed.delete(where)
        }
        if (mixed.size < mostNoted) mixed.set(key(column, within), { column, within, row, was, is })
      }
    },
    all: () => [...mixed.values()],
  }
}

function key(column: string, within: string): string {
  return JSON.stringify([column, within])
}

/** All that something is within, and itself: of `[].a.b` the column, `[]`, `[].a` and `[].a.b`. */
function pathsTo(within: string): string[] {
  const ends = [...within.matchAll(/[.[]/g)].map(({ index }) => index)
  return [...ends, within.length].map((end) => within.slice(0, end))
}

const shownNotes = 20

/** Says of a shard what is json and why, by the id of the first row that has something else. */
export function mixedNotes(shard: string, mixed: readonly MixedColumn[]): string[] {
  const notes = mixed.slice(0, shownNotes).map(({ column, within, row, was, is }) => {
    const what = `${within === '' ? 'Column' : 'Field'} \`${column}${within}\` is json`
    return `${what}: ${shard}#${row} has ${short(is)}, and what comes before it ${short(was)}; mend that row to keep one type`
  })
  if (mixed.length <= shownNotes) return notes
  const more = `${mixed.length - shownNotes}${mixed.length < mostNoted ? '' : ' or'} more`
  return [...notes, `${more} columns or fields of ${shard} are json, as their values disagree`]
}

function short(type: string): string {
  return type.length > 60 ? `${type.slice(0, 60)}…` : type
}
