import type { IncomingHttpHeaders } from 'node:http'
import { EndpointError } from '../stream/errors.js'

/**
 * The page behind the one at `url`, as its `Link` header says (RFC 8288); undefined behind the last. Only the query is taken: a
 * mirror may name the server it mirrors, and a token goes to no other host. Throws an EndpointError for one that is no address.
 */
export function nextPage(url: URL, { link = '' }: IncomingHttpHeaders): URL | undefined {
  const next = /<([^>]+)>\s*;[^<]*\brel="?next"?/.exec(String(link))?.[1]
  if (next === undefined) return undefined
  if (!URL.canParse(next, url.href))
    throw new EndpointError(`${url.host} names a next page that is no address: ${next}`)
  const page = new URL(url)
  page.search = new URL(next, url).search
  return page
}
