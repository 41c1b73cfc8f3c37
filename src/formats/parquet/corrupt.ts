import { CorruptInputError, SluiceError } from '../../stream/errors.js'

/** `error` as a CorruptInputError that says `where`; one that is already ours stays as it is. */
export function corrupt(where: string, error: unknown, fix?: string): unknown {
  if (error instanceof SluiceError) return error
  const { message, fix: own } = error as Error & { fix?: string }
  return new CorruptInputError(`${where}: ${message}`, { cause: error, fix: own ?? fix })
}
