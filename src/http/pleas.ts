import type { Clock } from './clock.js'
import { waitingLine } from './line.js'

/** A request for peace, and what came of the calls that were sent after the one that was refused. */
type Plea = { readonly order: number; until: number; answered: number; refused: number }

/** Who waits for the end of a plea looks this often whether it was lifted. */
const lookMs = 20

/**
 * Keeps calls back for as long as an endpoint asks to be left alone. Where it answers more of the calls sent after the
 * refused one than it refuses, the plea was for that call alone, and is lifted for the others: told by those that were under
 * way by then, as nobody is sent to find out.
 */
export function listenToPleas(clock: Clock) {
  const line = waitingLine()
  let plea: Plea | undefined
  let sent = 0
  let isPumping = false

  const untilMs = () => (plea === undefined || plea.answered > plea.refused ? 0 : plea.until)
  const pump = async () => {
    isPumping = true
    while (line.length > 0) {
      const waitMs = untilMs() - clock.now()
      if (waitMs <= 0) while (line.length > 0) line.next()
      else await clock.sleep(Math.min(waitMs, lookMs))
    }
    isPumping = false
  }
  const isHeld = () => untilMs() > clock.now()
  return {
    /** Whether calls are kept back now. */
    isHeld,
    /** Resolves once a call may be sent; rejects with the signal's reason where that aborts first. */
    async pass(signal?: AbortSignal): Promise<void> {
      while (isHeld()) {
        const waited = line.join(signal)
        if (!isPumping) void pump()
        await waited
      }
    },
    /** Counts a call that is sent now; its place among all is what the others are told about. */
    send: () => ++sent,
    answered(order: number) {
      if (plea !== undefined && order > plea.order) plea.answered++
    },
    /** A call was refused, with a plea for so many milliseconds. */
    refused(order: number, forMs: number) {
      const until = clock.now() + forMs
      if (untilMs() <= clock.now()) plea = { order, until, answered: 0, refused: 0 }
      else if (plea !== undefined && order > plea.order) plea.refused++
      plea!.until = Math.max(plea!.until, until)
    },
  }
}
