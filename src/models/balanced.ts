import { type Clock, systemClock } from '../http/clock.js'
import { HttpFailure } from '../http/failure.js'
import { waitingLine } from './line.js'
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
 * endpoint has and the time it takes for one; an endpoint that keeps failing rests while others are well. The id is the
 * first one's, so the journal knows a reply whoever gave it. Belongs inside `withRetry`, whose next attempt may go elsewhere.
 */
export function balanced(models: readonly [Model, ...Model[]], options: BalanceOptions): Model {
  const { atOnce, clock = systemClock } = options
  const line = waitingLine()
  const places: Place[] = models.map((model) => {
    return { model, outstanding: 0, usualMs: 0, failuresInARow: 0, restsUntil: 0 }
  })

  /** The best endpoint with room; none where one that is well will have room. */
  const choose = (): Place | undefined => {
    const well = places.filter(({ restsUntil }) => restsUntil <= clock.now())
    const able = well.length > 0 ? well : places
    const cost = ({ outstanding, usualMs }: Place) => (outstanding + 1) * Math.max(1, usualMs)
    return able.filter((place) => place.outstanding < roomOf(place)).sort((a, b) => cost(a) - cost(b))[0]
  }
  const roomOf = ({ failuresInARow }: Place) => (failuresInARow >= mostFailures ? 1 : atOnce)

  const send = async <A>(ask: (model: Model) => Promise<A>, { stop, signal }: AskOptions = {}): Promise<A> => {
    let place = choose()
    for (; place === undefined; place = choose()) await line.join(stop ?? signal)
    place.outstanding++
    const began = clock.now()
    try {
      const answer = await ask(place.model)
      const ms = clock.now() - began
      place.usualMs = place.usualMs === 0 ? ms : 0.9 * place.usualMs + 0.1 * ms
      place.failuresInARow = 0
      return answer
    } catch (error) {
      if (error instanceof HttpFailure && error.retryable) {
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
      for (const { close } of models) await close?.()
    },
  }
}
