import { setTimeout as delay } from 'node:timers/promises'

/** Time as the retry loop and the limits see it, so that a test can let it pass at once. */
export type Clock = {
  /** Milliseconds since some moment; never goes back, so it tells how long things took and not what the date is. */
  now(): number
  /** Resolves after `ms`; rejects with the signal's reason where it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, { signal })
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
}
