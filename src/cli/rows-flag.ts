import type { RowRange } from '../formats/index.js'
import { UsageError } from '../stream/errors.js'

/** A flag of rows: `5` for the first five, `2:5` for those from number 2 (counted from 0) up to but without number 5. */
export function rowsFlag(value: unknown): RowRange | undefined {
  if (value === undefined) return undefined
  const [, first, colon, last] = /^(\d*)(:?)(\d*)$/.exec(String(value)) ?? []
  if (colon === undefined || (colon === '' && !first)) throw misspelt(value)
  const start = colon === '' ? 0 : Number(first)
  const end = colon === '' ? Number(first) : last === '' ? Number.MAX_SAFE_INTEGER : Number(last)
  if (end < start || !Number.isSafeInteger(end) || !Number.isSafeInteger(start)) throw misspelt(value)
  return { start, end }
}

function misspelt(value: unknown): UsageError {
  return new UsageError(`Expected --rows to be a count or a range, got \`${value}\``, {
    fix: '--rows 5 is the first five rows, --rows 5:8 those numbered 5, 6 and 7, --rows 5: all from 5 on.',
  })
}
