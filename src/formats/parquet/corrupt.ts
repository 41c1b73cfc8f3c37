import { asDiskError, CorruptInputError, DiskError, SluiceError } from '../../stream/errors.js'

/** `error` as a CorruptInputError that says `where`, or as a DiskError where the disk would not give its bytes. */
export function corrupt(where: string, error: unknown, fix?: string): unknown {
  if (error instanceof SluiceError) return error
  const { message, fix: own } = error as Error & { fix?: string }
  if (asDiskError(error, where) instanceof DiskError) return new DiskError(`${where}: ${message}`, { cause: error })
  return new CorruptInputError(`${where}: ${message}`, { cause: error, fix: own ?? fix })
}
