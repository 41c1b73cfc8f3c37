type Headers = Readonly<Record<string, string | undefined>>

/** How long, in milliseconds, the server asks to be left alone; `undefined` where it does not say. Negative times are 0. */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const ms = number(headers['retry-after-ms'])
  if (ms !== undefined) return Math.max(0, ms)
  const value = headers['retry-after']
  const seconds = number(value)
  if (seconds !== undefined) return Math.max(0, seconds * 1000)
  const date = value === undefined ? Number.NaN : Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined
}
