import { type Clock, systemClock } from './clock.js'
import { HttpFailure, tellsOfOverload } from './failure.js'
import { adaptivePlaces } from './places.js'
import { listenToPleas } from './pleas.js'
import { longestRetryAfterMs } from './retry.js'

/** How much an endpoint lets through in a minute. */
export type Rates = {
  /** Most requests started in a minute, evenly spread; default no limit. */
  readonly requestsPerMinute?: number | undefined
  /** Most tokens in a minute, prompts and replies together, evenly spread; default no limit. */
  readonly tokensPerMinute?: number | undefined
}

/** A reply gives tokens back at any moment, so whoever waits for some looks again. */
const longestSleepMs = 250

export type TurnOptions = Rates & {
  /** Most requests in flight at once; fewer while the endpoint is overloaded. */
  readonly concurrency: number
  readonly clock?: Clock
}

/** What a request may take: the most tokens, and of its answer how many it took, where that is told. */
export type TurnCost<A> = { readonly most: number; taken(answer: A): number | undefined }

/** Sends a request in its turn; rejects as the request does, or with the signal's reason where that aborts before. */
export type InTurn = <A>(send: () => Promise<A>, signal: AbortSignal | undefined, cost?: TurnCost<A>) => Promise<A>

/**
 * Requests to one endpoint no faster than allowed; who waits is served in the order of arrival. Where the endpoint answers
 * 429 or 503 and says for how long, nobody is sent before that is over. A request counts the most tokens it may take, until its
 * answer tells how many it took. Belongs inside a retry, so that every attempt counts and a request that waits for its next
 * attempt holds no place.
 */
export function takeTurns(options: TurnOptions): InTurn {
  const { concurrency, requestsPerMinute = Infinity, tokensPerMinute = Infinity, clock = systemClock } = options
  const places = adaptivePlaces(concurrency)
  const next = { byRequests: 0, byTokens: 0 }
  const pleas = listenToPleas(clock)

  /** Takes the next place in time, if that is now. */
  const takeTurn = (tokens: number) => {
    const now = clock.now()
    if (pleas.isHeld() || Math.max(next.byRequests, next.byTokens) > now) return false
    next.byRequests = now + 60_000 / requestsPerMinute
    next.byTokens = now + (60_000 * tokens) / tokensPerMinute
    return true
  }
  /** Takes it once it comes; looks again after each wait, since the endpoint may have asked for a pause meanwhile. */
  const waitForTurn = async (tokens: number, signal?: AbortSignal) => {
    do {
      signal?.throwIfAborted()
      const waitMs = Math.max(next.byRequests, next.byTokens) - clock.now()
      if (pleas.isHeld()) await pleas.pass(signal)
      else if (waitMs > 0) await clock.sleep(Math.min(waitMs, longestSleepMs), signal)
    } while (!takeTurn(tokens))
  }

  return async (send, signal, cost) => {
    const most = tokensPerMinute === Infinity || cost === undefined ? 0 : cost.most
    const leave = await places.enter(signal)
    let order = 0
    try {
      signal?.throwIfAborted()
      if (!takeTurn(most)) await waitForTurn(most, signal)
      order = pleas.send()
      const answer = await send()
      pleas.answered(order)
      leave('answered')
      next.byTokens -= (60_000 * (most - (cost?.taken(answer) ?? most))) / tokensPerMinute
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
  }
}

/** No request will be taken after one of these. */
const refusals = [401, 402, 403, 404]
