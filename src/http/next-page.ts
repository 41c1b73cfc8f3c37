import type { IncomingHttpHeaders } from 'node:http'

/**
 * The page behind the one at `url`, as its `Link` header says (RFC 8288); undefined behind the last. Only the query is taken: a
 * mirror may name the server it mirrors, and a token goes to no other host.
 */
export function nextPage(url: URL, { link = '' }: IncomingHttpHeaders): URL | undefined {
  const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(String(link))?.[1]
  if (next === undefined) return undefined
  const page = new URL(url)
  page.search = new URL(next, url).search
  return page
}
