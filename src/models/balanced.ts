import { type Clock, systemClock } from '../http/clock.js'
import { HttpFailure } from '../http/failure.js'
import { waitingLine } from '../http/line.js'
import type { AskOptions, Model } from './types.js'

export type BalanceOptions = {
  /** Most calls at one endpoint at once. */
  readonly atOnce: number
  readonly clock?: Clock
}

/** One endpoint: calls it has, how long it takes for one, and how it fails. */
type Place = { readonly model: Model; outstanding: number; usualMs: number; failuresInARow: number; restsUntil: number }

/** Failures in a row after which an endpoint is left to rest, and then tried by one call at a time. */
const mostFailures = 5
const firstRestMs = 1000
const longestRestMs = 30_000

/**
 * One model at several endpoints, each limited by itself. A call goes where it should be answered soonest, by the calls an
 * endpoint has and the time it takes for one, and to one that failed last only where the others have no room; an endpoint
 * that keeps failing rests while others are well. A call that cannot reach one endpoint goes to the next at once, so it
 * fails as unreachable only where all of them are. The id is the first one's, so the journal knows a reply whoever gave it.
 * Belongs inside `withRetry`, whose next attempt may go elsewhere.
 */
export function balanced(models: readonly [Model, ...Model[]], options: BalanceOptions): Model {
  const { atOnce, clock = systemClock } = options
  const line = waitingLine()
  const places: Place[] = models.map((model) => {
    return { model, outstanding: 0, usualMs: 0, failuresInARow: 0, restsUntil: 0 }
  })

  /** The best of these endpoints with room; none where one that is well will have room. */
  const choose = (among: readonly Place[]): Place | undefined => {
    const well = among.filter(({ restsUntil }) => restsUntil <= clock.now())
    const able = well.length > 0 ? well : among
    const cost = ({ outstanding, usualMs }: Place) => (outstanding + 1) * Math.max(1, usualMs)
    // What fails takes no time and would look like the fastest.
    const failed = ({ failuresInARow }: Place) => Number(failuresInARow > 0)
    const withRoom = able.filter((place) => place.outstanding < roomOf(place))
    return withRoom.sort((a, b) => failed(a) - failed(b) || cost(a) - cost(b))[0]
  }
  const roomOf = ({ failuresInARow }: Place) => (failuresInARow >= mostFailures ? 1 : atOnce)

  const send = async <A>(ask: (model: Model) => Promise<A>, { stop, signal }: AskOptions = {}): Promise<A> => {
    const until = stop ?? signal
    for (let untried = places; ; ) {
      let place = choose(untried)
      for (; place === undefined; place = choose(untried)) await line.join(until)
      try {
        return await sendTo(place, ask)
      } catch (error) {
        untried = untried.filter((other) => other !== place)
        if (untried.length === 0 || !(error instanceof HttpFailure && error.unreachable)) throw error
        until?.throwIfAborted()
      }
    }
  }
  const sendTo = async <A>(place: Place, ask: (model: Model) => Promise<A>): Promise<A> => {
    place.outstanding++
    const began = clock.now()
    try {
      const answer = await ask(place.model)
      const ms = clock.now() - began
      place.usualMs = place.usualMs === 0 ? ms : 0.9 * place.usualMs + 0.1 * ms
      place.failuresInARow = 0
      return answer
    } catch (error) {
      if (error instanceof HttpFailure && (error.retryable || error.unreachable)) {
        const beyond = ++place.failuresInARow - mostFailures
        if (beyond >= 0) place.restsUntil = clock.now() + Math.min(longestRestMs, firstRestMs * 2 ** beyond)
      }
      throw error
    } finally {
      place.outstanding--
      // Two, since an endpoint that has just come back has room for more than the call that left.
      line.next()
      line.next()
    }
  }
  const scores = models.every(({ score }) => score !== undefined)
  return {
    id: models[0].id,
    ask: (call, asked) => send((model) => model.ask(call, asked), asked),
    ...(scores && { score: (call, asked) => send((model) => model.score!(call, asked), asked) }),
    async close() {
      const closed = await Promise.allSettled(models.map(async ({ close }) => close?.()))
      for (const each of closed) if (each.status === 'rejected') throw each.reason
    },
  }
}
