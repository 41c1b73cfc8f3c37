import { parseEndpoint } from './endpoint.js'
import { exchangeJson, type JsonOptions } from './json.js'

/**
 * A `fetch` for client libraries with everything our own requests have: time-outs, a bound on the body, no redirects,
 * no unencrypted host, JSON that parses. An answer that is no success is thrown as an HttpFailure, so that its status and
 * Retry-After pass through a library that would drop them.
 */
export function strictFetch(
  options: Omit<JsonOptions, 'headers' | 'signal'> & { allowHttp?: boolean } = {},
): typeof fetch {
  const { allowHttp, ...json } = options
  return async (input, init = {}) => {
    const url = parseEndpoint(input instanceof Request ? input.url : String(input), { allowHttp })
    const { method = 'GET', body } = init
    if ((method !== 'GET' && method !== 'POST') || (body != null && typeof body !== 'string')) {
      throw new TypeError(`Expected a GET, or a POST of a string, got ${method} of ${typeof body}`)
    }
    const headers = Object.fromEntries(new Headers(init.headers))
    const request = { method, url, body: body ?? undefined } as const
    const answer = await exchangeJson(request, { ...json, headers, signal: init.signal ?? undefined })
    return new Response(answer.text, { status: answer.status, headers: { 'content-type': 'application/json' } })
  }
}
