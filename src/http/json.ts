import { exchange, type WholeAnswer } from './exchange.js'
import { HttpFailure } from './failure.js'
import { redact } from './redact.js'
import { refusalOf } from './refusal.js'
import { flatten, type Request } from './request.js'

export type JsonOptions = {
  readonly headers?: Readonly<Record<string, string>>
  /** Values that no error may repeat, such as the key; the server might echo them. */
  readonly secrets?: readonly string[]
  readonly timeouts?: Request['timeouts']
  /** Longest body that is read; default 10 MB. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

/** An answer that was a success and carried JSON: its head, its text and the parsed value. */
export type JsonAnswer = Omit<WholeAnswer, 'body'> & { readonly text: string; readonly json: unknown }

/** Posts `body` as JSON and resolves with the JSON that came back. Rejects with an HttpFailure; never follows a redirect. */
export function postJson(url: URL, body: unknown, options: JsonOptions = {}): Promise<unknown> {
  const { secrets, timeouts, maxBytes = longestBody, signal } = options
  const headers = { accept: jsonType, ...options.headers, 'content-type': jsonType }
  const request = { method: 'POST', url, headers, body: JSON.stringify(body), timeouts, signal } as const
  // No async function, whose frame a call would hold for as long as it is under way.
  return exchange(request, maxBytes).then((answer) => readJson(answer, secrets).json)
}

/**
 * One exchange whose answer must be a success of type JSON and parse. Anything else is an HttpFailure that says whether
 * the same request may work later: an HTML page with status 200 may, a 400 will not.
 */
export async function exchangeJson(
  request: Pick<Request, 'method' | 'url' | 'body'>,
  options: JsonOptions = {},
): Promise<JsonAnswer> {
  const { timeouts, maxBytes = longestBody, signal } = options
  const headers = { accept: jsonType, ...options.headers }
  return readJson(await exchange({ ...request, headers, timeouts, signal }, maxBytes), options.secrets)
}

const jsonType = 'application/json'
const longestBody = 10_000_000

function readJson(answer: WholeAnswer, secrets: readonly string[] = []): JsonAnswer {
  const { status } = answer
  const text = answer.body.toString('utf8')
  if (status < 200 || status > 299) throw refusalOf({ status, headers: flatten(answer.headers) }, text, secrets)
  if (text.trim() === '') throw broken('answer is empty', status, text, secrets)
  const type = answer.headers['content-type']
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(String(type ?? '')))
    throw broken('answer is not JSON', status, text, secrets)
  try {
    return { status, headers: answer.headers, text, json: JSON.parse(text) }
  } catch {
    throw broken('answer is not JSON', status, text, secrets)
  }
}

function broken(reason: string, status: number, text: string, secrets: readonly string[]): HttpFailure {
  return new HttpFailure(reason, { retryable: true, status, detail: redact(text, secrets) || undefined })
}
