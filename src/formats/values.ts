/** The text of UTF-8 bytes, a byte order mark at its start kept, which TextDecoder would drop. */
export function utf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return Buffer.prototype.utf8Slice.call(bytes, start, end)
}

/** The text of bytes that are characters each, as those of ASCII are. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.prototype.latin1Slice.call(bytes, start, end)
}

/** The text of UTF-16, the lower byte of each unit first. */
export function utf16(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.prototype.ucs2Slice.call(bytes, start, end)
}

/** A whole number as a number where that is exact, else the bigint it came as; null for what is absent. */
export function narrow(value: unknown): unknown {
  if (typeof value !== 'bigint') return value ?? null
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** A point in time counted since 1970 in units of which `perMilli` make a millisecond, rounded down, before 1970 too. */
export function toDate(count: bigint, perMilli: bigint): Date {
  const millis = count / perMilli
  return new Date(Number(count < millis * perMilli ? millis - 1n : millis))
}

/** A day counted since 1970. */
export function dayToDate(day: number): Date {
  return new Date(day * 86_400_000)
}
