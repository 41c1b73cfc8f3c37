import { type TurnOptions, takeTurns } from '../http/turns.js'
import { mostUsage } from './token-counter.js'
import type { Model, Usage } from './types.js'
import { type Answer, type Question, type Send, wrapped } from './wrapped.js'

/**
 * The same model, asked no faster than allowed, see `takeTurns`. Belongs inside `withRetry`, so that every attempt counts
 * and a call that waits for its next attempt holds no place.
 */
export function limited(model: Model, options: TurnOptions): Model {
  const inTurn = takeTurns(options)
  const isCounted = options.tokensPerMinute !== undefined
  return wrapped(
    model,
    <Q extends Question, A extends Answer>(send: Send<Q, A>): Send<Q, A> =>
      (question, options = {}) => {
        const sendNow = () => {
          options.onSend?.()
          return send(question, options)
        }
        const cost = isCounted ? { most: tokensOf(mostUsage(question)), taken: tokensTaken } : undefined
        return inTurn<A>(sendNow, options.stop ?? options.signal, cost)
      },
  )
}

function tokensTaken({ usage }: Answer): number | undefined {
  return usage && tokensOf(usage)
}

function tokensOf({ promptTokens, completionTokens }: Usage): number {
  return promptTokens + completionTokens
}
