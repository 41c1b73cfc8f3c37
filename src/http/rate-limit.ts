type Headers = Readonly<Record<string, string | undefined>>

/** One limit of the server's: what is left of it, and how long until there is more. */
type Quota = { readonly remaining: number | undefined; readonly resetMs: number | undefined }

/**
 * How long, in milliseconds, until the limit that a refused request ran into lets more through; `undefined` where no header
 * tells. Reads `RateLimit` with `RateLimit-Policy` (IETF draft-ietf-httpapi-ratelimit-headers, its older forms as well),
 * `x-ratelimit-reset-requests` and `-tokens` (OpenAI) and `x-ratelimit-reset`. A limit of which something is left is passed over.
 */
export function rateLimitMs(headers: Headers, now: number): number | undefined {
  const waits = [...listed(headers), ...named(headers, now)]
    .filter(({ remaining }) => (remaining ?? 0) <= 0)
    .map(({ resetMs }) => resetMs)
    .filter((resetMs) => resetMs !== undefined)
  return waits.length === 0 ? undefined : Math.max(0, ...waits)
}

/** `"burst";r=0;t=7, "daily";r=80`, and before draft 8 `limit=100, remaining=0, reset=7`. */
function listed(headers: Headers): Quota[] {
  const text = headers.ratelimit ?? ''
  const limits = items(text)
  if (/(^|[,;]\s*)(remaining|reset)=/.test(text)) {
    const fields = parametersOf(limits.map(({ rest }) => rest).join(';'))
    return [{ remaining: fields.get('remaining'), resetMs: seconds(fields.get('reset')) }]
  }
  const windows = new Map(items(headers['ratelimit-policy'] ?? '').map(({ name, rest }) => [name, parametersOf(rest)]))
  return limits.map(({ name, rest }) => {
    const parameters = parametersOf(rest)
    // Without a time the whole window is the most it can be.
    const reset = parameters.get('t') ?? windows.get(name)?.get('w')
    return { remaining: parameters.get('r'), resetMs: seconds(reset) }
  })
}

/** Limits that have a header each for what is left and for when. */
function named(headers: Headers, now: number): Quota[] {
  const names = [
    ['x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
    ['x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
    ['x-ratelimit-remaining', 'x-ratelimit-reset'],
    ['ratelimit-remaining', 'ratelimit-reset'],
  ] as const
  return names.map(([remaining, reset]) => ({
    remaining: number(headers[remaining]),
    resetMs: durationMs(headers[reset], now),
  }))
}

function items(text: string): { name: string; rest: string }[] {
  return text
    .split(',')
    .filter((item) => item.trim() !== '')
    .map((item) => ({ name: item.split(';')[0]!.trim(), rest: item.trim() }))
}

function parametersOf(text: string): Map<string, number> {
  const found = text.matchAll(/(?:^|;)\s*([a-z]+)=(\d+(?:\.\d+)?)(?=\s*(?:;|$))/g)
  return new Map([...found].map(([, name, value]) => [name!, Number(value)]))
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `6m0s`, `120ms`, seconds from now, seconds since 1970, or a date. */
function durationMs(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  const plain = number(text)
  // No limit lasts thirty years: a number of that size is a point in time.
  if (plain !== undefined) return plain > 1e9 ? plain * 1000 - now : plain * 1000
  if (/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) {
    return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
      (sum, [, value, unit]) => sum + Number(value) * unitsMs[unit!]!,
      0,
    )
  }
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : date - now
}

function seconds(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value * 1000
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined
}
