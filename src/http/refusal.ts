import { HttpFailure } from './failure.js'
import { rateLimitMs } from './rate-limit.js'
import { redact } from './redact.js'
import type { Answer } from './request.js'
import { retryAfterMs } from './retry-after.js'

/** An error page longer than this says nothing more; the rest is left unread. */
const longestErrorPage = 64_000
const longestReadMs = 10_000

/** An answer that is no success as an HttpFailure with what its page says; reads the page, or as much of it as comes. */
export async function refusal(answer: Answer, secrets: readonly string[] = []): Promise<HttpFailure> {
  // The status is known: a page that breaks off or never ends must not hide it.
  return refusalOf(answer, await readPage(answer), secrets)
}

/** The same of a page that was read. */
export function refusalOf(
  { status, headers }: Pick<Answer, 'status' | 'headers'>,
  page: string,
  secrets: readonly string[] = [],
): HttpFailure {
  if (status < 400) {
    // A redirect would carry the key and the prompts to a place that nobody named.
    const detail = `redirects to ${redact(headers.location ?? 'nowhere', secrets)}; give that address instead`
    return new HttpFailure(`status ${status}`, { retryable: false, status, detail })
  }
  const now = Date.now()
  // What is left of a quota tells nothing about a failure of another kind.
  const untilMore = status === 429 || status === 503 ? rateLimitMs(headers, now) : undefined
  return new HttpFailure(`status ${status}`, {
    retryable: isRetryable(status),
    status,
    retryAfterMs: retryAfterMs(headers, now) ?? untilMore,
    detail: redact(messageOf(page), secrets) || undefined,
  })
}

async function readPage({ body }: Answer): Promise<string> {
  const pieces: Uint8Array[] = []
  const until = performance.now() + longestReadMs
  let length = 0
  try {
    for await (const piece of body) {
      pieces.push(piece)
      length += piece.length
      if (length > longestErrorPage || performance.now() > until) break
    }
  } catch {}
  return Buffer.concat(pieces).toString('utf8')
}

function isRetryable(status: number): boolean {
  // 501 is llama.cpp's "not switched on", 505 a quarrel about versions: neither heals.
  return [408, 409, 425, 429].includes(status) || (status >= 500 && status !== 501 && status !== 505)
}

/** The sentence in an error body, wherever servers put it (S3 into XML); otherwise the body as it is. */
function messageOf(page: string): string {
  try {
    const { error, message, detail } = JSON.parse(page)
    const said = error?.message ?? error ?? message ?? detail
    const type = typeof error?.type === 'string' ? ` (${error.type})` : ''
    return typeof said === 'string' ? said + type : page
  } catch {
    return /<Message>([^<]+)<\/Message>/.exec(page)?.[1] ?? page
  }
}
