import { realpath } from 'node:fs/promises'
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

/** Throws a UsageError where the file to write is one of those that are read. */
export async function refuseOwnInput(out: string, inputs: readonly { readonly path: string }[]): Promise<void> {
  const fileAt = (path: string) => realpath(path).catch(() => undefined)
  const file = await fileAt(out)
  if (file === undefined) return
  for (const { path } of inputs) {
    if ((await fileAt(path)) !== file) continue
    throw new UsageError(`The output ${out} is one of the inputs, and would replace it`, {
      fix: 'Name another file with -o.',
    })
  }
}
