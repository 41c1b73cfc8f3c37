import type { Clock } from '../http/clock.js'
import { type HttpFailure, tellsOfOverload } from '../http/failure.js'
import { waitingLine } from '../http/line.js'
import type { Waits } from '../http/retry.js'

/** Whether a failure may be made worse by asking again: not so a 200 that is no answer. */
function strains({ status }: HttpFailure): boolean {
  return status === undefined || status === 408 || status === 429 || status >= 500
}

/** Retries that may be sent before any call was answered, and how many are gained a second where none is. */
const mostAhead = 100
const gainedPerSecond = 1
/** For so long an endpoint may fail every call, while it starts again, say. */
const patienceMs = 20_000
/** An endpoint with no more failures in a row than this is well. */
const fewInARow = 5

/** What `watchHealth` tells. */
export type Health = ReturnType<typeof watchHealth>

/** Of an endpoint that takes calls by the thousand, whose failures come by the thousand too: nobody waits, and nothing is gone. */
export const carefree: Health = {
  isDown: () => false,
  isGone: () => false,
  answered() {},
  failed() {},
  waits: () => ({ firstMs: 0, mostMs: 0 }),
  admit: async () => {},
}

export type HealthOptions = {
  /** Failed requests in a row, over all calls, that make an endpoint down; default 50. */
  readonly mostFailuresInARow?: number
  readonly clock: Clock
}

/**
 * What all calls together tell about an endpoint, and how many retries it may be sent: one for each call that it answers,
 * 100 ahead and one a second, counting those after a 429, a 5xx, a lost connection or a time-out. While it is down, first
 * requests count too.
 */
export function watchHealth({ mostFailuresInARow = 50, clock }: HealthOptions) {
  const line = waitingLine()
  let inARow = 0
  let since = 0
  let tokens = mostAhead
  let filledAt = clock.now()
  let isPumping = false

  const isDown = () => inARow >= mostFailuresInARow
  const fill = () => {
    const now = clock.now()
    tokens = Math.min(mostAhead, tokens + ((now - filledAt) / 1000) * gainedPerSecond)
    filledAt = now
  }
  const serve = () => {
    fill()
    for (; tokens >= 1 && line.length > 0; tokens--) line.next()
  }
  const pump = async () => {
    isPumping = true
    for (serve(); line.length > 0; serve()) await clock.sleep(Math.ceil(((1 - tokens) / gainedPerSecond) * 1000))
    isPumping = false
  }
  const take = async (signal?: AbortSignal) => {
    const turn = line.join(signal)
    if (!isPumping) void pump()
    await turn
  }
  return {
    isDown,
    /** Whether it has been down for so long that the run should stop. */
    isGone: () => isDown() && clock.now() - since >= patienceMs,
    answered() {
      inARow = 0
      tokens = Math.min(mostAhead, tokens + 1)
      if (line.length > 0) serve()
    },
    failed(failure: HttpFailure) {
      // A server that says what is wrong with one request is well.
      if (!failure.retryable) inARow = 0
      else if (inARow++ === 0) since = clock.now()
    },
    /**
     * How long a call that failed so may wait. An endpoint that answers others has not much against this one, and need not
     * be spared as one that answers nobody.
     */
    waits(failure: HttpFailure): Waits {
      const firstMs = tellsOfOverload(failure) || failure.unreachable ? 500 : 100
      return inARow <= fewInARow ? { firstMs, mostMs: 2000 } : { firstMs: 500, mostMs: 30_000 }
    },
    /** Resolves when a request may be sent: the first of its call, or one after this failure. */
    async admit(failure?: HttpFailure, signal?: AbortSignal): Promise<void> {
      if (failure === undefined ? isDown() : strains(failure)) await take(signal)
    },
  }
}
