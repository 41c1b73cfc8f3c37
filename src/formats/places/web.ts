import { describeUrl, isLoopback } from '../../http/endpoint.js'
import { remoteFile } from '../../http/remote-file.js'
import { UsageError } from '../../stream/errors.js'
import type { Place } from './place.js'
import { asPlaceError, openRemote, type Remote, streamRemote } from './remote.js'

/** Files of web servers, one by one: HTTP has no listings. Plain http only to this machine. */
export const web: Place = {
  async list(input) {
    const remote = remoteAt(input)
    const { url } = remote
    const found = await remoteFile(remote)
      .probe()
      .catch((error) => Promise.reject(asPlaceError(error, remote)))
    const modified = Date.parse(found.modified ?? '')
    // A query tells servers what they like, but is no part of a name.
    const label = `/${url.protocol.slice(0, -1)}/${url.host}${url.pathname}`
    return {
      kind: 'file',
      path: url.href,
      label,
      root: label.slice(0, label.lastIndexOf('/')),
      files: [
        {
          path: url.href,
          label,
          bytes: found.size ?? 0,
          modifiedMs: Number.isNaN(modified) ? 0 : modified,
          ...(found.etag !== undefined && { etag: found.etag }),
        },
      ],
    }
  },
  open: async (path, signal) => openRemote(remoteAt(path), signal),
  stream: (path, options) => streamRemote(remoteAt(path), options?.signal),
}

const fix = {
  refused: 'Its server wants a key, and sluice sends none to plain web servers. Download it first.',
  missing: 'Check the address. Web servers cannot be listed: name each file, patterns do not work there.',
}

function remoteAt(address: string): Remote {
  if (!URL.canParse(address)) throw new UsageError(`Expected an address such as https://host/file, got ${address}`)
  const url = new URL(address)
  url.hash = ''
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(`The address ${describeUrl(url)} has a name or password in it.`, {
      fix: 'Leave it out: it would be kept with the run. Download the file first.',
    })
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new UsageError(`The address ${describeUrl(url)} is not encrypted, and it is not on this machine.`, {
      fix: 'Use https://, or download the file first.',
    })
  }
  return { url, name: describeUrl(url), fix }
}
