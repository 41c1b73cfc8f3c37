import { waitingLine } from './line.js'

/** How a call ended, as far as the load of its endpoint goes. */
export type Ending = 'answered' | 'overloaded' | 'failed'

/** Until one call was answered nobody knows whether the endpoint takes any: a wrong key should not be shown it by hundreds. */
const beforeFirstAnswer = 8
/** Fewer calls than this are no sample of how many are refused. */
const smallestWindow = 32
/** A server that refuses some calls whatever its load would else bring us down to one. */
const overloadedShare = 1 / 2
/** Answers after which there is one place more, where there are few places. */
const smallestRound = 10

export type Places = {
  /** Resolves once there is a place, with what gives it back; rejects with the signal's reason where that aborts first. */
  enter(signal?: AbortSignal): Promise<(ending: Ending) => void>
  /** Turns away all who wait. */
  dismiss(error: unknown): void
}

/**
 * Places for calls in flight, at most `most`, and eight before the first is answered; who waits is served in the order of
 * arrival. They are halved once half a window of calls was overloaded, and grow by one a round of answers, up to `most` (AIMD, Chiu and
 * Jain 1989). A window or round is a call for each place, at least 32 and 10; what was under way at a halving counts for
 * neither.
 */
export function adaptivePlaces(most: number): Places {
  const line = waitingLine()
  let places = Math.min(most, beforeFirstAnswer)
  let isFirst = true
  let inFlight = 0
  let ended = 0
  let overloaded = 0
  let sinceGrown = 0

  const count = (ending: Ending) => {
    if (ending === 'failed') return
    const window = Math.max(smallestWindow, places)
    ended++
    if (ending === 'overloaded') overloaded++
    else sinceGrown++
    if (overloaded >= window * overloadedShare) {
      places = Math.max(1, Math.floor(places / 2))
      leave = leaving()
      ended = overloaded = sinceGrown = 0
      return
    }
    if (ended >= window) ended = overloaded = 0
    if (sinceGrown >= Math.max(smallestRound, places)) {
      places = Math.min(most, places + 1)
      sinceGrown = 0
    }
  }
  /** What gives a place back; one for all who enter until the next halving. */
  const leaving = () => {
    const mine = (ending: Ending) => {
      inFlight--
      if (isFirst && ending === 'answered') {
        isFirst = false
        places = most
      } else if (mine === leave) count(ending)
      while (inFlight < places && line.length > 0) {
        inFlight++
        line.next()
      }
    }
    return mine
  }
  let leave = leaving()
  return {
    dismiss: line.dismiss,
    async enter(signal) {
      if (inFlight < places && line.length === 0) inFlight++
      else await line.join(signal)
      return leave
    },
  }
}
