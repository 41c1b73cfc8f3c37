import type { Readable } from 'node:stream'
import { SluiceError, UsageError } from '../stream/errors.js'
import { gathered } from '../stream/gathered.js'
import { send } from './agents.js'
import { describeUrl } from './endpoint.js'
import { certificateNotTrusted, HttpFailure } from './failure.js'
import { privateAddressCode } from './private-address.js'

/** How long each part of an exchange may take, in milliseconds; 24 days at most. */
export type Timeouts = {
  /** Until a connection stands; default 10 s. */
  readonly connectMs: number
  /** From the request's end to the answer's first byte; default 60 s, and a slow local model may need minutes. */
  readonly firstByteMs: number
  /** Between two pieces of the answer; default 30 s. */
  readonly idleMs: number
  /** The whole exchange, which a server that trickles could otherwise draw out for ever; default 600 s. */
  readonly totalMs: number
}

const defaultTimeouts: Timeouts = { connectMs: 10_000, firstByteMs: 60_000, idleMs: 30_000, totalMs: 600_000 }

/** The longest that a timer of Node's can run, 24 days; it would end a longer one after a millisecond. */
const longestTimerMs = 2 ** 31 - 1

/** All four time-outs of an exchange, each one that a timer can run. */
export function bounded({ connectMs, firstByteMs, idleMs, totalMs }: Partial<Timeouts> = {}): Timeouts {
  return {
    connectMs: Math.min(connectMs ?? defaultTimeouts.connectMs, longestTimerMs),
    firstByteMs: Math.min(firstByteMs ?? defaultTimeouts.firstByteMs, longestTimerMs),
    idleMs: Math.min(idleMs ?? defaultTimeouts.idleMs, longestTimerMs),
    totalMs: Math.min(totalMs ?? defaultTimeouts.totalMs, longestTimerMs),
  }
}

/** Time-outs of an exchange that may take `ms` milliseconds, wherever in it they are spent. */
export function within(ms: number): Partial<Timeouts> {
  return { firstByteMs: ms, idleMs: ms, totalMs: ms }
}

export type Request = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  /** A stream wants a `content-length` among the headers, and serves one request. */
  readonly body?: string | Uint8Array | Readable
  readonly timeouts?: Partial<Timeouts>
  /** Refuses a host whose name leads to a private address: for addresses that a server named, not the user. */
  readonly publicOnly?: boolean
  readonly signal?: AbortSignal
}

/** The head of an answer, whose body comes in pieces as they are pulled. Leaving the loop early closes the connection. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * Sends one request and resolves with the head of the answer, whatever its status; redirects are answers like any other.
 * Rejects with an HttpFailure where no answer came, or with the signal's reason; so does the answer's body. A body must be
 * read to its end or left early, as a connection waits for it.
 */
export async function open(request: Request): Promise<Answer> {
  const { method = 'GET', url, headers = {}, body, timeouts, publicOnly = false, signal } = request
  signal?.throwIfAborted()
  const limits = bounded(timeouts)
  // One controller for both ends, by hand: AbortSignal.any keeps a trace on a signal that lives as long as the run.
  const stop = new AbortController()
  let overdue = false
  const onAbort = () => stop.abort()
  const timer = setTimeout(() => {
    overdue = true
    stop.abort()
  }, limits.totalMs)
  signal?.addEventListener('abort', onAbort, { once: true })
  const release = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
  const explain = (error: unknown) => {
    if (signal?.aborted) return signal.reason
    return overdue ? new HttpFailure('answer took too long', { retryable: true, cause: error }) : toFailure(error, url)
  }
  try {
    const answer = await send(
      url,
      { connectMs: limits.connectMs, publicOnly },
      {
        method,
        headers,
        body,
        headersTimeout: limits.firstByteMs,
        bodyTimeout: limits.idleMs,
        signal: stop.signal,
      },
    )
    return { status: answer.statusCode, headers: flatten(answer.headers), body: pieces(answer, release, explain) }
  } catch (error) {
    release()
    throw explain(error)
  }
}

/** The whole body of an answer; an HttpFailure where it is longer than `maxBytes`. */
export async function readBody({ headers, body, status }: Answer, maxBytes: number): Promise<Buffer> {
  const whole = gathered()
  for await (const piece of body) {
    whole.add(piece)
    if (whole.length > maxBytes || Number(headers['content-length']) > maxBytes) {
      throw new HttpFailure('answer too long', { retryable: true, status, detail: `more than ${maxBytes} bytes` })
    }
  }
  return whole.bytes()
}

async function* pieces(
  { body }: Awaited<ReturnType<typeof send>>,
  release: () => void,
  explain: (error: unknown) => unknown,
): AsyncIterable<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw explain(error)
  } finally {
    release()
    // A body that is dropped half-read reports its own end as an error, which nobody waits for any more.
    body.on('error', () => {}).destroy()
  }
}

/** Each header's value as one text, under its name in lower case. */
export function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}

const unreachableCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** What went wrong on the way to an answer, in words that can be counted. */
export function toFailure(error: unknown, url: URL): Error {
  if (error instanceof SluiceError) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  const where = describeUrl(url)
  if (unreachableCodes.has(code)) {
    return new HttpFailure('no connection', {
      retryable: true,
      unreachable: true,
      detail: `${where} (${code})`,
      cause: error,
    })
  }
  if (code === privateAddressCode) {
    return new HttpFailure('redirects to a private address', { retryable: false, detail: where, cause: error })
  }
  if (code.includes('CERT') || code.startsWith('ERR_TLS') || code.startsWith('UNABLE_TO_')) {
    const detail = `${where} (${code})`
    return new HttpFailure(certificateNotTrusted, { retryable: false, unreachable: true, detail, cause: error })
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    return new UsageError(`No request can be sent to ${where}: ${message}`, {
      cause: error,
      fix: 'Check the key and the headers.',
    })
  }
  const proxySaid = /Proxy response \((\d+)\)/.exec(message)?.[1]
  if (proxySaid !== undefined) {
    const detail = `${where} (the proxy answers ${proxySaid})`
    return new HttpFailure('no connection', {
      retryable: Number(proxySaid) >= 500,
      unreachable: true,
      detail,
      cause: error,
    })
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return new HttpFailure('no answer in time', { retryable: true, cause: error })
  if (code === 'UND_ERR_BODY_TIMEOUT') return new HttpFailure('answer stalled', { retryable: true, cause: error })
  if (code.startsWith('HPE_')) return new HttpFailure('answer is not HTTP', { retryable: true, cause: error })
  // Everything else happens to a connection on its way: reset, closed early, shorter than announced.
  return new HttpFailure('connection cut', { retryable: true, detail: code || message, cause: error })
}
