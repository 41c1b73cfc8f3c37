import { systemClock } from '../http/clock.js'
import { certificateNotTrusted, HttpFailure, trustFix } from '../http/failure.js'
import { attemptsToConnect, longestRetryAfterMs, type RetryOptions, retrying } from '../http/retry.js'
import { EndpointError, RefusedError } from '../stream/errors.js'
import { type Health, watchHealth } from './health.js'
import { type AskOptions, CallFailure, type Model } from './types.js'
import { wrapped } from './wrapped.js'

export type ModelRetryOptions = Pick<RetryOptions, 'attempts' | 'random' | 'clock'> & {
  /** Failed requests in a row, over all calls, after which the run stops; default 50. */
  readonly mostFailuresInARow?: number
  /** What all calls together tell about the endpoint; by default it is watched. */
  readonly health?: Health
}

/**
 * The same model, asked again where that may help: 8 attempts with full jitter and Retry-After, and once more with twice
 * the tokens where a reply was cut off and is not to be kept so. Retries have a budget, see `watchHealth`. What is left
 * becomes a CallFailure (this row: 400, 422, attempts used up, cut off twice), a RefusedError (401, 402, 403, 404: the first
 * of them stops the run) or an EndpointError (nothing there, a wait of more than ten minutes asked for, or 50 failures in a
 * row over 20 s or by the time a call has used up its attempts).
 */
export function withRetry(model: Model, options: ModelRetryOptions = {}): Model {
  const { mostFailuresInARow, clock = systemClock, health: given, ...retry } = options
  const health = given ?? watchHealth({ clock, ...(mostFailuresInARow && { mostFailuresInARow }) })
  let reached = false
  const sending: RetryOptions = {
    ...{ ...retry, clock, waits: health.waits, admit: health.admit },
    onAnswer: () => {
      reached = true
      health.answered()
    },
    onFailure: (failure, attempt) => {
      reached ||= !failure.unreachable
      health.failed(failure)
      if (!reached && attempt >= attemptsToConnect) throw gone(model, failure)
      if (health.isGone()) throw down(model, failure)
    },
  }

  const often = async <A>(
    send: () => Promise<A>,
    { stop, signal }: AskOptions = {},
  ): Promise<{ answer: A; attempts: number }> => {
    const until = stop ?? signal
    let attempts = 0
    try {
      if (health.isDown()) await health.admit(undefined, until)
      const attempt = (count: number) => {
        attempts = count
        return send()
      }
      return { answer: await retrying(attempt, { ...sending, signal: until }), attempts }
    } catch (error) {
      if (error instanceof HttpFailure) throw verdict(model, error, attempts, health.isDown())
      throw error
    }
  }

  const retried = wrapped(model, (send) => async (question, options) => {
    return (await often(() => send(question, options), options)).answer
  })
  return {
    ...retried,
    async ask(call, options) {
      const first = await often(() => model.ask(call, options), options)
      if (first.answer.finish !== 'length' || call.keepCutOff) return first.answer
      const longer = { ...call, maxTokens: call.maxTokens * 2 }
      // Its key is another: a server that keeps replies by it would give the one cut off.
      const second = await often(() => model.ask(longer, { ...options, key: undefined }), options)
      if (second.answer.finish !== 'length') return second.answer
      const message = `more than ${longer.maxTokens} tokens`
      throw new CallFailure('reply cut off', { attempts: first.attempts + second.attempts, message })
    },
  }
}

/** Who can act on the last failure of a call. */
function verdict(model: Model, failure: HttpFailure, attempts: number, isDown: boolean): Error {
  const { status, retryAfterMs = 0, message, detail } = failure
  const said = `${model.id}: ${message}`
  if (status === 401 || status === 402 || status === 403) {
    const fix = 'Check the key, the environment variable it comes from, and what it may be used for.'
    return new RefusedError(`The endpoint refuses the key or the account. ${said}`, { cause: failure, fix })
  }
  if (status === 404) {
    const fix = 'Check the name of the model, and that the endpoint ends where its API begins, usually in /v1.'
    return new RefusedError(`The endpoint does not know the model or the address. ${said}`, { cause: failure, fix })
  }
  if (status !== undefined && status >= 300 && status < 400) {
    return new EndpointError(`The endpoint sends us elsewhere. ${said}`, {
      cause: failure,
      fix: 'Give the address it names.',
    })
  }
  if (failure.unreachable) return gone(model, failure)
  if (retryAfterMs > longestRetryAfterMs) {
    const fix = `Run the same command again in ${Math.ceil(retryAfterMs / 60_000)} minutes: it resumes.`
    return new EndpointError(`The endpoint asks to be left alone for long. ${said}`, { cause: failure, fix })
  }
  if (failure.retryable && isDown) return down(model, failure)
  return new CallFailure(failure.reason, { attempts, status, message: detail, cause: failure })
}

function gone(model: Model, failure: HttpFailure): EndpointError {
  return new EndpointError(`The endpoint cannot be reached. ${model.id}: ${failure.message}`, {
    cause: failure,
    fix:
      failure.reason === certificateNotTrusted
        ? trustFix
        : 'Check the address and that the server runs, then run the same command again: it resumes.',
  })
}

function down(model: Model, failure: HttpFailure): EndpointError {
  return new EndpointError(`The endpoint answers nothing usable any more. ${model.id}: ${failure.message}`, {
    cause: failure,
    fix: 'See why the endpoint fails, then run the same command again: it resumes.',
  })
}
