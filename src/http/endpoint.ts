import { isIPv4 } from 'node:net'
import { UsageError } from '../stream/errors.js'

/**
 * The address of a server that a user named, checked: http or https, no name and password in it, and plain http only to
 * this machine unless `allowHttp`. Throws a UsageError. The address is returned without a slash at its end.
 */
export function parseEndpoint(text: string, { allowHttp = false }: { allowHttp?: boolean } = {}): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new UsageError(`Expected an endpoint such as https://host/v1, got \`${text.slice(0, 200)}\`.`, {
      fix: 'Give the address with http:// or https:// in front.',
    })
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(`The endpoint ${describeUrl(url)} has a name or password in it.`, {
      fix: 'Leave it out of the address and put the key into an environment variable.',
    })
  }
  if (url.protocol === 'http:' && !allowHttp && !isLoopback(url.hostname)) {
    throw new UsageError(`The endpoint ${describeUrl(url)} is not encrypted, and it is not on this machine.`, {
      fix: 'Use https://, or allow plain http where the network is your own (--allow-http).',
    })
  }
  url.hash = ''
  url.pathname = url.pathname.replace(/\/+$/, '')
  return url
}

/** The address `path` below `endpoint`; the endpoint's own query stays. */
export function below(endpoint: URL, path: string): URL {
  const url = new URL(endpoint)
  url.pathname = `${endpoint.pathname.replace(/\/+$/, '')}/${path}`
  return url
}

/** Scheme, host and path: what an error may show of an address, since keys are also passed in queries. */
export function describeUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`
}

/** Whether a host's name alone says that it is this machine. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '')
  return (
    name === 'localhost' || name.endsWith('.localhost') || name === '::1' || (isIPv4(name) && name.startsWith('127.'))
  )
}
