import { type Clock, systemClock } from '../http/clock.js'
import { HttpFailure } from '../http/failure.js'
import { longestRetryAfterMs } from '../http/retry.js'
import { tellsOfOverload } from './health.js'
import { adaptivePlaces } from './places.js'
import { listenToPleas } from './pleas.js'
import { mostUsage } from './token-counter.js'
import type { Model, Usage } from './types.js'
import { wrapped } from './wrapped.js'

/** How much an endpoint lets through in a minute. */
export type Rates = {
  /** Most requests started in a minute, evenly spread; default no limit. */
  readonly requestsPerMinute?: number | undefined
  /** Most tokens in a minute, prompts and replies together, evenly spread; default no limit. */
  readonly tokensPerMinute?: number | undefined
}

/** A reply gives tokens back at any moment, so whoever waits for some looks again. */
const longestSleepMs = 250

export type LimitOptions = Rates & {
  /** Most requests in flight at once; fewer while the endpoint is overloaded. */
  readonly concurrency: number
  readonly clock?: Clock
}

/**
 * The same model, asked no faster than allowed; who waits is served in the order of arrival. Where the endpoint answers
 * 429 or 503 and says for how long, nobody is sent before that is over. A call counts the most tokens it may take, until its
 * reply tells how many it took. Belongs inside `withRetry`, so that every attempt counts and a call that waits for its next
 * attempt holds no place.
 */
export function limited(model: Model, options: LimitOptions): Model {
  const { concurrency, requestsPerMinute = Infinity, tokensPerMinute = Infinity, clock = systemClock } = options
  const places = adaptivePlaces(concurrency)
  const next = { byRequests: 0, byTokens: 0 }
  const pleas = listenToPleas(clock)

  /** Takes the next place in time; looks again after the wait, since the endpoint may have asked for a pause meanwhile. */
  const waitForTurn = async (tokens: number, signal?: AbortSignal) => {
    for (;;) {
      signal?.throwIfAborted()
      await pleas.pass(signal)
      const waitMs = Math.max(next.byRequests, next.byTokens) - clock.now()
      if (waitMs <= 0) break
      await clock.sleep(Math.min(waitMs, longestSleepMs), signal)
    }
    next.byRequests = clock.now() + 60_000 / requestsPerMinute
    next.byTokens = clock.now() + (60_000 * tokens) / tokensPerMinute
  }

  return wrapped(model, (send) => async (question, options = {}) => {
    const most = tokensPerMinute === Infinity ? 0 : tokensOf(mostUsage(question))
    const until = options.stop ?? options.signal
    const leave = await places.enter(until)
    let order = 0
    try {
      await waitForTurn(most, until)
      order = pleas.send()
      const answer = await send(question, options)
      pleas.answered(order)
      leave('answered')
      const taken = answer.usage === undefined ? most : tokensOf(answer.usage)
      next.byTokens -= (60_000 * (most - taken)) / tokensPerMinute
      return answer
    } catch (error) {
      const isOverload = error instanceof HttpFailure && tellsOfOverload(error)
      if (isOverload && error.retryAfterMs !== undefined) {
        pleas.refused(order, Math.min(error.retryAfterMs, longestRetryAfterMs))
      }
      // What ends the run must not be asked for once more by everyone who waits.
      if (error instanceof HttpFailure && refusals.includes(error.status ?? 0)) places.dismiss(error)
      leave(isOverload ? 'overloaded' : 'failed')
      throw error
    }
  })
}

/** No call will be taken after one of these. */
const refusals = [401, 402, 403, 404]

function tokensOf({ promptTokens, completionTokens }: Usage): number {
  return promptTokens + completionTokens
}
