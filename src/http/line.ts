/** Who waits for something, first come first served. */
export type Line = {
  readonly length: number
  /** Resolves when it is this one's turn; rejects with the signal's reason where that aborts first. */
  join(signal?: AbortSignal): Promise<void>
  /** Lets the first one go. */
  next(): void
  /** Turns all of them away. */
  dismiss(error: unknown): void
}

type Waiter = {
  readonly signal: AbortSignal | undefined
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** An empty line. Listens once to each signal however many wait with it, since a run's signal lives as long as the run. */
export function waitingLine(): Line {
  let waiting: Waiter[] = []
  let first = 0
  const heard = new WeakSet<AbortSignal>()

  const giveUp = (signal: AbortSignal) => {
    const left = waiting.slice(first)
    waiting = left.filter((waiter) => waiter.signal !== signal)
    first = 0
    for (const waiter of left) if (waiter.signal === signal) waiter.reject(signal.reason)
  }
  return {
    get length() {
      return waiting.length - first
    },
    join(signal) {
      if (signal !== undefined && !heard.has(signal)) {
        heard.add(signal)
        signal.addEventListener('abort', () => giveUp(signal), { once: true })
      }
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        waiting.push({ signal, resolve, reject })
      })
    },
    next() {
      const waiter = waiting[first]
      if (waiter === undefined) return
      first++
      // Shifting each one would move all that wait behind it.
      if (first > 1000 && 2 * first > waiting.length) {
        waiting = waiting.slice(first)
        first = 0
      }
      waiter.resolve()
    },
    dismiss(error) {
      const left = waiting.slice(first)
      waiting = []
      first = 0
      for (const { reject } of left) reject(error)
    },
  }
}
