import { type Clock, systemClock } from '../http/clock.js'
import { HttpFailure } from '../http/failure.js'
import { longestRetryAfterMs } from '../http/retry.js'
import type { Model } from './types.js'

export type LimitOptions = {
  /** Most requests in flight at once. */
  readonly concurrency: number
  /** Most requests started in a minute, evenly spread; default no limit. */
  readonly requestsPerMinute?: number
  readonly clock?: Clock
}

/**
 * The same model, asked no faster than allowed; who waits is served in the order of arrival. Where the endpoint answers
 * 429 with a Retry-After, nobody is sent before that is over. Belongs inside `withRetry`, so that every attempt counts and
 * a call that waits for its next attempt holds no place.
 */
export function limited(model: Model, { concurrency, requestsPerMinute, clock = systemClock }: LimitOptions): Model {
  const gapMs = requestsPerMinute === undefined ? 0 : 60_000 / requestsPerMinute
  const waiting: (() => void)[] = []
  let free = concurrency
  let nextStart = 0

  const enter = async () => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const leave = () => {
    const next = waiting.shift()
    if (next === undefined) free++
    else next()
  }
  /** Takes the next place in time; looks again after the wait, since the endpoint may have asked for a pause meanwhile. */
  const waitForTurn = async (signal?: AbortSignal) => {
    for (;;) {
      signal?.throwIfAborted()
      const waitMs = nextStart - clock.now()
      if (waitMs <= 0) break
      await clock.sleep(waitMs, signal)
    }
    nextStart = Math.max(nextStart, clock.now()) + gapMs
  }

  return {
    ...model,
    async ask(call, options = {}) {
      await enter()
      try {
        await waitForTurn(options.signal)
        return await model.ask(call, options)
      } catch (error) {
        if (error instanceof HttpFailure && error.status === 429 && error.retryAfterMs !== undefined) {
          nextStart = Math.max(nextStart, clock.now() + Math.min(error.retryAfterMs, longestRetryAfterMs))
        }
        throw error
      } finally {
        leave()
      }
    },
  }
}
