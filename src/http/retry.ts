import { uniform } from '../text/hash.js'
import { type Clock, systemClock } from './clock.js'
import { HttpFailure } from './failure.js'

export type RetryOptions = {
  /** Most times the request is sent; default 8. */
  readonly attempts?: number
  /** A number in [0, 1) that spreads the waits; no output depends on it. */
  readonly random?: () => number
  readonly clock?: Clock
  readonly signal?: AbortSignal
  /** The bounds of the waits after this failure; default half a second and doubled each time, up to 30 s. */
  readonly waits?: (failure: HttpFailure) => Waits
  /** Resolves when the request may be sent after this failure, its wait being over; default at once. */
  readonly admit?: (failure: HttpFailure, signal: AbortSignal | undefined) => Promise<void>
  /** Told of every answer. */
  readonly onAnswer?: () => void
  /** Told of every failure before anything is made of it, and of which attempt it was; may throw what is to be thrown instead. */
  readonly onFailure?: (failure: HttpFailure, attempt: number) => void
  /** Told of every failure that will be followed by another attempt. */
  readonly onRetry?: (retry: {
    readonly attempt: number
    readonly waitMs: number
    readonly failure: HttpFailure
  }) => void
}

/** In milliseconds: the longest first wait, of which each further one may be the double, and the longest of all. */
export type Waits = { readonly firstMs: number; readonly mostMs: number }

const usualWaits: Waits = { firstMs: 500, mostMs: 30_000 }

/** Attempts while nothing has ever been reached: a wrong port should not take half a minute to tell. */
export const attemptsToConnect = 4

/** The longest Retry-After that is waited for. */
export const longestRetryAfterMs = 600_000

/**
 * Calls `request` until it resolves, at most `attempts` times, and rejects with its last error. Only a retryable
 * HttpFailure is tried again, after a random part of 0.5 s, 1 s, 2 s … 30 s ("full jitter"), and never before the server's
 * Retry-After is over; one of more than ten minutes is not waited for. `request` is told its attempt, from 1 up.
 */
export async function retrying<T>(
  request: (attempt: number) => Promise<T>,
  {
    attempts = 8,
    random = jitter,
    clock = systemClock,
    signal,
    waits = () => usualWaits,
    admit,
    onAnswer,
    onFailure,
    onRetry,
  }: RetryOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    try {
      const answer = await request(attempt)
      onAnswer?.()
      return answer
    } catch (failure) {
      if (!(failure instanceof HttpFailure)) throw failure
      onFailure?.(failure, attempt)
      if (!failure.retryable || attempt >= attempts) throw failure
      const asked = failure.retryAfterMs ?? 0
      if (asked > longestRetryAfterMs) throw failure
      // Added to what was asked for, so that those who were all told the same second do not come back together.
      const { firstMs, mostMs } = waits(failure)
      const waitMs = asked + random() * Math.min(mostMs, firstMs * 2 ** (attempt - 1))
      onRetry?.({ attempt, waitMs, failure })
      await clock.sleep(waitMs, signal)
      await admit?.(failure, signal)
    }
  }
}

let draws = 0

/** Two processes must not wait alike, so the process is the seed. */
function jitter(): number {
  return uniform(process.pid, String(draws++), 'retry jitter')
}
