import { UsageError } from '../stream/errors.js'

/** The file or folder of this machine that `-o` names. Throws a UsageError for none, for stdout and for an address. */
export function localOut(out: unknown, expected: string, example: string): string {
  if (typeof out !== 'string' || out === '-') {
    throw new UsageError(`Expected ${expected}, got ${out ?? 'none'}`, { fix: `Add -o ${example}.` })
  }
  if (/^[a-z][\w+.-]+:\/\//i.test(out)) {
    throw new UsageError(`Expected ${expected} on this machine, got ${out}`, {
      fix: 'Write to this machine, and then send it by `sluice convert FILE -o ADDRESS`.',
    })
  }
  return out
}
