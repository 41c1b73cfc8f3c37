import {
  CorruptInputError,
  DiskError,
  EndpointError,
  LimitError,
  RefusedError,
  ResumeMismatchError,
  SluiceError,
  UsageError,
} from './errors.js'

/** An error on its way from another process or thread. */
export type PlainError = { readonly code: string; readonly message: string; readonly fix?: string | undefined }

/** What {@link revivedError} makes an error of again; anything unforeseen comes back as a bug. */
export function plainError(error: unknown): PlainError {
  if (error instanceof SluiceError) return { code: error.code, message: error.message, fix: error.fix }
  return { code: 'E_BUG', message: error instanceof Error ? error.message : String(error) }
}

/** The error that {@link plainError} was given. */
export function revivedError({ code, message, fix }: PlainError): SluiceError {
  const details = fix === undefined ? {} : { fix }
  if (code === 'E_CORRUPT_INPUT') return new CorruptInputError(message, details)
  if (code === 'E_USAGE') return new UsageError(message, details)
  if (code === 'E_REFUSED') return new RefusedError(message, details)
  if (code === 'E_ENDPOINT') return new EndpointError(message, details)
  if (code === 'E_DISK') return new DiskError(message, details)
  if (code === 'E_RESUME_MISMATCH') return new ResumeMismatchError(message, details)
  if (code === 'E_LIMIT') return new LimitError(message, details)
  return new SluiceError('E_BUG', 70, message, details)
}
