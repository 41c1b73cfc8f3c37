import { certificateNotTrusted, HttpFailure, trustFix } from '../../http/failure.js'
import { openRanges } from '../../http/ranges.js'
import { type RemoteSource, remoteFile } from '../../http/remote-file.js'
import { CorruptInputError, EndpointError, RefusedError, UsageError } from '../../stream/errors.js'
import type { ByteSource } from './place.js'

/** A file behind a URL, and what to do where its server refuses it or does not know it. */
export type Remote = RemoteSource & { readonly fix: Fixes }
export type Fixes = { readonly refused: string; readonly missing: string }

/** A remote file for reads anywhere in it, its failures as errors that say who can act. */
export async function openRemote(remote: Remote, signal?: AbortSignal): Promise<ByteSource> {
  const explained = <T>(work: Promise<T>) => work.catch((error) => Promise.reject(asPlaceError(error, remote)))
  const reader = await explained(openRanges(remoteFile(remote), signal))
  return {
    size: reader.size,
    read: (start, end) => explained(reader.read(start, end)),
    close: reader.close,
  }
}

/** A remote file from front to back by one request, and by further ones where that breaks off. */
export async function* streamRemote(remote: Remote, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const pieces = remoteFile(remote).bytes(0, undefined, signal)
  try {
    for (;;) {
      const next = await pieces.next().catch((error) => Promise.reject(asPlaceError(error, remote)))
      if (next.done) return
      yield next.value
    }
  } finally {
    await pieces.return(undefined)
  }
}

/** The same failure as the error of whoever can act: the caller, the key's holder, or whoever runs the server. */
export function asPlaceError(
  error: unknown,
  { name, fix: fixes }: Pick<Remote, 'name' | 'fix'>,
  doing: 'read' | 'write' = 'read',
): unknown {
  if (!(error instanceof HttpFailure)) return error
  const { status, unreachable } = error
  const text = `Cannot ${doing} ${name}: ${error.message}`
  if (status === 401 || status === 403) return new RefusedError(text, { cause: error, fix: fixes.refused })
  if (status === 404 || status === 410) return new UsageError(text, { cause: error, fix: fixes.missing })
  const isUntrusted = error.reason === certificateNotTrusted
  const reach = isUntrusted ? trustFix : 'Check the address and the network.'
  const fix = unreachable ? reach : 'Try again later: sluice has tried several times.'
  return new EndpointError(text, { cause: error, fix })
}

/**
 * Throws where a path has a part that would lead elsewhere or that no file name should hold: `..`, `.`, a control
 * character, a backslash. `source` says whose path it is: what the user typed, or what a server listed.
 */
export function checkPath(path: string, source: 'input' | 'listing'): void {
  const wrong = path.split('/').some((part) => part === '..' || part === '.')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (!wrong && !path.startsWith('/') && !/[\u0000-\u001f\u007f\\]/.test(path)) return
  const shown = JSON.stringify(path.slice(0, 200))
  if (source === 'input') throw new UsageError(`The path ${shown} has a part that no file there can have`)
  throw new CorruptInputError(`A listing names the file ${shown}, which would lead out of its folder`)
}
