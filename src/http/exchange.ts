import { type Gathered, gathered } from '../stream/gathered.js'
import { type DispatchController, type DispatchHandler, dispatch, type Lane, leaveLane, takeLane } from './agents.js'
import { HttpFailure } from './failure.js'
import { bounded, type Request, toFailure } from './request.js'
import { whenAborted } from './when-aborted.js'

type Head = { status: number; headers: Readonly<Record<string, string | string[] | undefined>> }

/** An answer and the whole of its body. */
export type WholeAnswer = Head & { readonly body: Buffer }

/** An error page longer than this says nothing more, and one that takes longer is not waited for. */
const longestErrorPage = 64_000
const longestErrorMs = 10_000

/**
 * Sends one request and resolves with its whole answer, whatever its status: as `open` does, but without its streams, which
 * cost a small exchange a third of its CPU. Of an answer that is no success it gives as much of the page as came in time.
 * Rejects with an HttpFailure where no answer came, or one longer than `maxBytes`, and with the signal's reason.
 */
export function exchange(request: Omit<Request, 'publicOnly'>, maxBytes: number): Promise<WholeAnswer> {
  const { method = 'GET', url, headers = {}, body, timeouts, signal } = request
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const { connectMs, firstByteMs, idleMs, totalMs } = bounded(timeouts)
    const under: Underway = { url, maxBytes, resolve, reject, lane: takeLane(url, connectMs) }
    under.timer = setTimeout(takesTooLong, totalMs, under)
    under.forget = signal && whenAborted(signal, () => fail(under, signal.reason))
    const options = { method, headers, body, headersTimeout: firstByteMs, bodyTimeout: idleMs }
    dispatch(under.lane, url, options, handlerOf(under))
  })
}

/** An exchange that is not over, and what came of its answer. */
type Underway = {
  readonly url: URL
  readonly maxBytes: number
  resolve(answer: WholeAnswer): void
  reject(error: unknown): void
  readonly lane: Lane
  timer?: NodeJS.Timeout
  /** Ends listening to the signal. */
  forget?: (() => void) | undefined
  head?: Head
  body?: Gathered
  /** Closes the connection; absent before there is one and after the answer. */
  controller?: DispatchController | undefined
  errorTimer?: NodeJS.Timeout
  isOver?: true
}

// One function for each event, since hundreds of exchanges are under way at once and each function of their own stays as long.
function handlerOf(under: Underway): DispatchHandler {
  return {
    onRequestStart: (controller) => {
      under.controller = controller
      if (under.isOver) controller.abort(new Error('given up'))
    },
    onResponseStart: (_controller, status, headers) => begin(under, { status, headers }),
    onResponseData: (_controller, piece) => add(under, piece),
    onResponseEnd: () => {
      // Nothing is left to close.
      under.controller = undefined
      leaveLane(under.lane, false)
      give(under)
    },
    onResponseError: (_controller, error) => {
      under.controller = undefined
      leaveLane(under.lane, true)
      // The status is known: a page that breaks off must not hide it.
      if (isRefusal(under.head)) give(under)
      else fail(under, toFailure(error, under.url))
    },
  }
}

function begin(under: Underway, head: Head): void {
  // 100 to 199 announce the real one.
  if (head.status < 200) return
  under.head = head
  if (isRefusal(head)) under.errorTimer = setTimeout(give, longestErrorMs, under)
  else if (Number(head.headers['content-length']) > under.maxBytes) fail(under, tooLong(head.status, under.maxBytes))
}

function add(under: Underway, piece: Buffer): void {
  under.body ??= gathered()
  under.body.add(piece)
  const { length } = under.body
  if (isRefusal(under.head) && length > longestErrorPage) give(under)
  else if (length > under.maxBytes) fail(under, tooLong(under.head!.status, under.maxBytes))
}

/** Hands on the answer as far as it came. */
function give(under: Underway): void {
  if (under.isOver || under.head === undefined) return
  end(under)
  const { status, headers } = under.head
  under.resolve({ status, headers, body: under.body?.bytes() ?? Buffer.alloc(0) })
}

/** Gives the exchange up. */
function fail(under: Underway, error: unknown): void {
  if (under.isOver) return
  end(under)
  under.reject(error)
}

function takesTooLong(under: Underway): void {
  fail(under, new HttpFailure('answer took too long', { retryable: true }))
}

function end(under: Underway): void {
  under.isOver = true
  clearTimeout(under.timer)
  clearTimeout(under.errorTimer)
  under.forget?.()
  under.controller?.abort(new Error('given up'))
}

function isRefusal(head: Head | undefined): boolean {
  return head !== undefined && (head.status < 200 || head.status > 299)
}

function tooLong(status: number, maxBytes: number): HttpFailure {
  return new HttpFailure('answer too long', { retryable: true, status, detail: `more than ${maxBytes} bytes` })
}
