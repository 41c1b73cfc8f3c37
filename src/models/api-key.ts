import { readFileSync, statSync } from 'node:fs'
import { UsageError } from '../stream/errors.js'

export type KeyOptions = {
  /** The environment variable that holds the key; default the provider's own. */
  readonly apiKeyEnv?: string | undefined
  /** A file that holds nothing but the key, and that its owner alone can read. */
  readonly apiKeyFile?: string | undefined
  readonly env?: NodeJS.ProcessEnv | undefined
}

/**
 * The key of an endpoint: from the file or the variable that was named, which must then be there, or from the provider's
 * `usual` variable, which may be missing, as local servers ask for no key. Never from the command line, which every user
 * of the machine can read.
 */
export function readKey({ apiKeyEnv, apiKeyFile, env = process.env }: KeyOptions, usual: string): string | undefined {
  if (apiKeyFile !== undefined) return readKeyFile(apiKeyFile)
  const key = env[apiKeyEnv ?? usual]?.trim() || undefined
  if (key === undefined && apiKeyEnv !== undefined) {
    throw new UsageError(`The environment variable ${apiKeyEnv} is not set.`, {
      fix: 'Set it to the key of the endpoint.',
    })
  }
  return key === undefined ? undefined : sendable(key, `the environment variable ${apiKeyEnv ?? usual}`)
}

/** A key as it is, where a header can carry it. */
function sendable(key: string, where: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return key
  throw new UsageError(`Expected ${where} to hold a key of visible ASCII characters and nothing else.`, {
    fix: 'Look for white space, line ends or other characters that were copied along.',
  })
}

function readKeyFile(path: string): string {
  let key: string
  try {
    const { mode } = statSync(path)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new UsageError(`Others than its owner may read the key file ${path}.`, { fix: `chmod 600 ${path}` })
    }
    key = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    throw new UsageError(`Cannot read the key file ${path}: ${(cause as Error).message}`, { cause })
  }
  return sendable(key, `the key file ${path}`)
}
