/**
 * What went wrong, where, and how to mend it. One subclass for each party that can act; a faulty row never becomes one
 * of these, it leaves its stream as a reject.
 */
export class SluiceError extends Error {
  readonly code: string
  readonly exitCode: number
  /** How to mend it, as a sentence. */
  readonly fix?: string

  constructor(code: string, exitCode: number, message: string, options: ErrorDetails = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.exitCode = exitCode
    this.fix = options.fix
  }
}

export type ErrorDetails = { fix?: string; cause?: unknown }

/** The caller can act: a wrong option, a missing file, an unknown column. Exit code 2. */
export class UsageError extends SluiceError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_USAGE', 2, message, details)
  }
}

/** Whoever made the input can act: bytes that are not what the file says they are. Exit code 3. */
export class CorruptInputError extends SluiceError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_CORRUPT_INPUT', 3, message, details)
  }
}

/** Whoever holds the key can act: the endpoint refused it (401, 403) or does not know the model (404). Exit code 4. */
export class RefusedError extends SluiceError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_REFUSED', 4, message, details)
  }
}

/** Whoever runs the endpoint can act: it is down, or keeps answering wrongly. Exit code 5. */
export class EndpointError extends SluiceError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_ENDPOINT', 5, message, details)
  }
}

/** Whoever owns the disk can act: full, read-only, or failing. Exit code 6. */
export class DiskError extends SluiceError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_DISK', 6, message, details)
  }
}

/** The caller can act: the output folder belongs to another configuration or another corpus. Exit code 7. */
export class ResumeMismatchError extends SluiceError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_RESUME_MISMATCH', 7, message, details)
  }
}

/** Whoever set a limit on requests, tokens or cost can act: the next call would pass it. Exit code 8. */
export class LimitError extends SluiceError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_LIMIT', 8, message, details)
  }
}

const diskCodes = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOTDIR',
  'EEXIST',
  'EFBIG',
])

/** The same error, as a {@link DiskError} naming `path` where the operating system refused a write; any other as it is. */
export function asDiskError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (error instanceof SluiceError || code === undefined || !diskCodes.has(code)) return error
  const fix: Record<string, string> = {
    ENOSPC: 'Free some space and run the same command again; a run resumes where it stopped.',
    EDQUOT: 'Raise the quota or free some space, then run the same command again; a run resumes where it stopped.',
    EACCES: 'Choose a folder you may write to, or change its permissions.',
    EPERM: 'Choose a folder you may write to, or change its permissions.',
    EROFS: 'Choose a folder on a disk that can be written.',
    ENOTDIR: 'Choose another output path: a part of this one is a file.',
    EEXIST: 'Choose another output path: a part of this one is a file.',
  }
  return new DiskError(`Cannot write ${path}: ${(error as Error).message}`, { cause: error, fix: fix[code] })
}
