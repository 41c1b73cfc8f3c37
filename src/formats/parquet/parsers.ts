import { dayToDate, toDate, utf8 } from '../values.js'
import { DEFAULT_PARSERS } from './library.js'

/** How hyparquet is to make values of a footer's statistics and of variants; its own text parser drops a byte order mark. */
export const parsers = {
  ...DEFAULT_PARSERS,
  stringFromBytes: (bytes: Uint8Array) => bytes && utf8(bytes),
  jsonFromBytes: (bytes: Uint8Array) => bytes && JSON.parse(utf8(bytes)),
  timestampFromMilliseconds: (count: bigint | null) => (count == null ? count : toDate(count, 1n)),
  timestampFromMicroseconds: (count: bigint | null) => (count == null ? count : toDate(count, 1000n)),
  timestampFromNanoseconds: (count: bigint | null) => (count == null ? count : toDate(count, 1_000_000n)),
  dateFromDays: (day: number | null) => (day == null ? day : dayToDate(day)),
} as typeof DEFAULT_PARSERS
