/** A flag of several values, `a,b,c`; `undefined` where it was not given. */
export function listFlag(value: unknown): string[] | undefined {
  if (typeof value !== 'string') return undefined
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
