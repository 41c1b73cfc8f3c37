const listeners = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls `listener` when the signal aborts, until the function that it returns is called. One listener on the signal serves
 * any number: adding to a signal or removing from it takes time for each that is there.
 */
export function whenAborted(signal: AbortSignal, listener: () => void): () => void {
  let all = listeners.get(signal)
  if (all === undefined) {
    const fresh = new Set<() => void>()
    listeners.set(signal, fresh)
    const tellAll = () => {
      for (const each of fresh) each()
    }
    signal.addEventListener('abort', tellAll, { once: true })
    all = fresh
  }
  const mine = () => listener()
  all.add(mine)
  return () => void all.delete(mine)
}
