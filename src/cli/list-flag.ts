import { UsageError } from '../stream/errors.js'

/** A flag of several values, `a,b,c`; `undefined` where it was not given. */
export function listFlag(value: unknown): string[] | undefined {
  if (typeof value !== 'string') return undefined
  if (value.trim() === '') throw new UsageError('Expected columns separated by commas, got none')
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
