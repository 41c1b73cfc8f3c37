import { describeUrl, parseEndpoint } from './endpoint.js'
import { HttpFailure } from './failure.js'
import { isPrivateHost, leadsToPrivate } from './private-address.js'
import { type Answer, open, type Request } from './request.js'

export type FollowRequest = Pick<Request, 'headers' | 'timeouts' | 'signal'> & {
  /** The address that the user named: what it may lead to is judged by it. */
  readonly start: URL
  /** Where to begin, when an earlier request was led there already; default `start`. */
  readonly from?: URL
  /** Headers that only the host of `start` may see, such as a key. */
  readonly hostHeaders?: Readonly<Record<string, string>>
}

const mostHops = 5
const redirects = [301, 302, 303, 307, 308]

/**
 * Gets a file whose server keeps it elsewhere: follows at most five redirects to the same host, or from https to https.
 * Never follows to plain http, nor from a public host to a private address, and no host but the first sees `hostHeaders`.
 * Resolves with the answer, whatever its status, and the address it came from.
 */
export async function openFollowing(request: FollowRequest): Promise<{ answer: Answer; url: URL }> {
  const { start, from = start, headers, hostHeaders, timeouts, signal } = request
  let url = from
  for (let hop = 0; ; hop++) {
    const isHome = url.origin === start.origin
    const publicOnly = await mustBePublic(start, url)
    const answer = await open({
      url,
      headers: isHome ? { ...headers, ...hostHeaders } : headers,
      timeouts,
      publicOnly,
      signal,
    })
    const { location } = answer.headers
    if (!redirects.includes(answer.status) || location === undefined) return { answer, url }
    for await (const _ of answer.body) break
    if (hop === mostHops) throw new HttpFailure('too many redirects', { retryable: false, detail: describeUrl(start) })
    url = nextHop(start, url, location)
  }
}

/**
 * Sends a request to an address that the server at `start` named in an answer, such as where to upload: held to the rules of
 * a redirect, and `hostHeaders` go to the host of `start` alone. Redirects are answers like any other.
 */
export async function openNamed(
  start: URL,
  location: string,
  { hostHeaders, headers, ...request }: Omit<Request, 'url' | 'publicOnly'> & Pick<FollowRequest, 'hostHeaders'>,
): Promise<Answer> {
  const url = nextHop(start, start, location)
  const allowed = url.origin === start.origin ? { ...headers, ...hostHeaders } : headers
  return open({ ...request, url, headers: allowed, publicOnly: await mustBePublic(start, url) })
}

/** Only what is private itself may lead to what is private. */
async function mustBePublic(start: URL, url: URL): Promise<boolean> {
  return url.hostname !== start.hostname && !(await leadsToPrivate(start.hostname))
}

/** The address that `location` names, if one that began at `start` and stands at `from` may go there. */
export function nextHop(start: URL, from: URL, location: string): URL {
  const refused = (reason: string, detail: string) => new HttpFailure(reason, { retryable: false, detail })
  if (!URL.canParse(location, from.href)) throw refused('redirects to no address', location.slice(0, 200))
  const next = new URL(location, from)
  if (next.protocol !== 'https:' && (next.protocol !== 'http:' || start.protocol !== 'http:')) {
    throw refused('redirects to an unencrypted address', describeUrl(next))
  }
  if (isPrivateHost(next.hostname) && next.hostname !== start.hostname && !isPrivateHost(start.hostname)) {
    throw refused('redirects to a private address', describeUrl(next))
  }
  // Refuses a name and password in it, and plain http to anywhere but this machine.
  parseEndpoint(next.href)
  next.hash = ''
  return next
}
