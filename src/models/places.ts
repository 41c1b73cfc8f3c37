/** How a call ended, as far as the load of its endpoint goes. */
export type Ending = 'answered' | 'overloaded' | 'failed'

/** Fewer calls than this are no sample. */
const smallestWindow = 10
/** A server that fails a call now and then is not overloaded by the others. */
const overloadedShare = 1 / 5

/** Resolves once there is a place, with what gives it back. */
type Places = { enter(): Promise<(ending: Ending) => void> }

/**
 * Places for calls in flight, `most` of them at first; who waits is served in the order of arrival. They are halved once a
 * fifth of a window of calls was overloaded, and grow by one, up to `most`, after a window of less (AIMD, Chiu and Jain 1989).
 * A window is a call for each place, at least ten; what was under way at a halving does not count towards the next.
 */
export function adaptivePlaces(most: number): Places {
  const waiting: (() => void)[] = []
  let places = most
  let inFlight = 0
  let era = 0
  let ended = 0
  let overloaded = 0

  const count = (ending: Ending) => {
    if (ending === 'failed') return
    ended++
    if (ending === 'overloaded') overloaded++
    const window = Math.max(smallestWindow, places)
    if (overloaded >= window * overloadedShare) {
      places = Math.max(1, Math.floor(places / 2))
      era++
    } else if (ended >= window) {
      places = Math.min(most, places + 1)
    } else return
    ended = 0
    overloaded = 0
  }
  return {
    async enter() {
      if (inFlight < places) inFlight++
      else await new Promise<void>((resolve) => waiting.push(resolve))
      const begun = era
      return (ending) => {
        inFlight--
        if (begun === era) count(ending)
        while (inFlight < places && waiting.length > 0) {
          inFlight++
          waiting.shift()!()
        }
      }
    },
  }
}
