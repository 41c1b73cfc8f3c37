import { type TurnOptions, takeTurns } from '../http/turns.js'
import { mostUsage } from './token-counter.js'
import type { Model, Usage } from './types.js'
import { wrapped } from './wrapped.js'

/**
 * The same model, asked no faster than allowed, see `takeTurns`. Belongs inside `withRetry`, so that every attempt counts
 * and a call that waits for its next attempt holds no place.
 */
export function limited(model: Model, options: TurnOptions): Model {
  const inTurn = takeTurns(options)
  const isCounted = options.tokensPerMinute !== undefined
  return wrapped(model, (send) => async (question, options = {}) => {
    const most = isCounted ? tokensOf(mostUsage(question)) : 0
    const sendNow = () => {
      options.onSend?.()
      return send(question, options)
    }
    return inTurn(sendNow, options.stop ?? options.signal, {
      most,
      taken: ({ usage }) => usage && tokensOf(usage),
    })
  })
}

function tokensOf({ promptTokens, completionTokens }: Usage): number {
  return promptTokens + completionTokens
}
