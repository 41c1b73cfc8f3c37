import { gathered } from '../stream/gathered.js'
import { type DispatchController, type DispatchHandler, dispatch } from './agents.js'
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
    const release = () => {
      clearTimeout(timer)
      forget?.()
    }
    const { handler, fail } = collect(url, maxBytes, { resolve, reject, release })
    const timer = setTimeout(() => fail(new HttpFailure('answer took too long', { retryable: true })), totalMs)
    const forget = signal && whenAborted(signal, () => fail(signal.reason))
    try {
      const options = { method, headers, body, headersTimeout: firstByteMs, bodyTimeout: idleMs }
      dispatch(url, { connectMs, publicOnly: false }, options, handler)
    } catch (error) {
      // It is wrong with the request, before anything was sent.
      fail(error)
    }
  })
}

type Settle = { resolve(answer: WholeAnswer): void; reject(error: unknown): void; release(): void }

/** A handler that gathers an answer and hands it on; `fail` gives it up, and closes its connection. */
function collect(url: URL, maxBytes: number, { resolve, reject, release }: Settle) {
  const body = gathered()
  let head: Head | undefined
  let connection: DispatchController | undefined
  let errorTimer: NodeJS.Timeout | undefined
  let isOver = false

  const end = () => {
    isOver = true
    release()
    clearTimeout(errorTimer)
    connection?.abort(new Error('given up'))
  }
  const fail = (error: unknown) => {
    if (isOver) return
    end()
    reject(error)
  }
  const give = () => {
    if (isOver || head === undefined) return
    end()
    resolve({ ...head, body: body.bytes() })
  }
  const isRefusal = () => head !== undefined && (head.status < 200 || head.status > 299)

  const handler: DispatchHandler = {
    onRequestStart(controller) {
      connection = controller
      if (isOver) controller.abort(new Error('given up'))
    },
    onResponseStart(_controller, status, headers) {
      // 100 to 199 announce the real one.
      if (status < 200) return
      head = { status, headers }
      if (isRefusal()) errorTimer = setTimeout(give, longestErrorMs)
      else if (Number(headers['content-length']) > maxBytes) fail(tooLong(status, maxBytes))
    },
    onResponseData(_controller, piece) {
      body.add(piece)
      if (isRefusal() && body.length > longestErrorPage) give()
      else if (body.length > maxBytes) fail(tooLong(head!.status, maxBytes))
    },
    onResponseEnd() {
      // Nothing is left to close.
      connection = undefined
      give()
    },
    onResponseError(_controller, error) {
      connection = undefined
      // The status is known: a page that breaks off must not hide it.
      if (isRefusal()) give()
      else fail(toFailure(error, url))
    },
  }
  return { handler, fail }
}

function tooLong(status: number, maxBytes: number): HttpFailure {
  return new HttpFailure('answer too long', { retryable: true, status, detail: `more than ${maxBytes} bytes` })
}
