import type { Clock } from '../../src/http/clock.js'

/** A clock that passes at once and keeps what was slept. */
export function fakeClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = []
  let time = 0
  return {
    slept,
    now: () => time,
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      slept.push(ms)
      time += ms
      // A turn of the event loop, so that whoever else waits gets on as well.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
