import { UsageError } from '../stream/errors.js'

const units: Record<string, number | undefined> = {
  ...{ '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 },
  ...{ b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 },
}

/** A flag of bytes, `512mb` (a kilobyte is 1,024 bytes); `undefined` where it was not given. Throws a UsageError below `least`. */
export function sizeFlag(name: string, value: unknown, least = 1): number | undefined {
  if (value === undefined) return undefined
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/.exec(String(value).toLowerCase().replace('ib', 'b')) ?? []
  const bytes = Math.round(Number(digits) * (units[unit ?? 'none'] ?? Number.NaN))
  if (Number.isSafeInteger(bytes) && bytes >= least) return bytes
  const expected = bytes > 0 && bytes < least ? `a size of at least ${least} bytes` : 'a size'
  throw new UsageError(`Expected ${name} to be ${expected}, got \`${value}\``, { fix: 'Write it as 512mb or 1.5gb.' })
}
