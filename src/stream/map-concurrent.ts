import type { Stage } from './types.js'

export type MapConcurrentOptions = {
  /** Most calls in flight at once. */
  concurrency: number
  /** Most of them that have not told that they are under way, such as those in line for a place; default `concurrency`. */
  waiting?: number
  /** Most rows started and not yet handed on; a slow row at the head holds at most this many behind it; default 4 × concurrency. */
  window?: number
  /** No further row is started once this aborts; those in flight are waited for, then the stage throws the reason. */
  signal?: AbortSignal
}

/**
 * Applies an async `change` to every row, `concurrency` at a time, and hands the results on in the rows' own order. A call
 * that stands in line somewhere may tell by `underWay` that it no longer does: the next one takes its place there. When it ends
 * early (an error, a consumer that stops, an abort) it first waits for what is in flight, because a call that was paid for must
 * reach its journal, and then closes its source.
 */
export function mapConcurrent<In, Out>(
  change: (row: In, underWay: () => void) => Promise<Out>,
  { concurrency, waiting: mostWaiting = concurrency, window = 4 * concurrency, signal }: MapConcurrentOptions,
): Stage<In, Out> {
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new TypeError(
      `Expected \`concurrency\` to be an integer from 1 up, got \`${concurrency}\` (${typeof concurrency})`,
    )
  }
  if (!Number.isInteger(window) || window < concurrency) {
    throw new TypeError(
      `Expected \`window\` to be an integer from \`concurrency\` (${concurrency}) up, got \`${window}\``,
    )
  }
  if (!Number.isInteger(mostWaiting) || mostWaiting < 1) {
    throw new TypeError(`Expected \`waiting\` to be an integer from 1 up, got \`${mostWaiting}\``)
  }
  return async function* (source) {
    const iterator = source[Symbol.asyncIterator]()
    const started: Slot<Out>[] = []
    const failures: unknown[] = []
    let pulled: In[] = []
    let inFlight = 0
    let waiting = 0
    let pulling = false
    let exhausted = false
    let isOver = false
    let isStarting = false
    let wake = () => {}

    const sleep = () =>
      new Promise<void>((resolve) => {
        wake = resolve
      })
    const mayStart = () =>
      inFlight < concurrency && waiting < mostWaiting && started.length < window && !isOver && !signal?.aborted
    const startMore = () => {
      // A call that tells at once that it is under way is still being started.
      if (isStarting) return
      isStarting = true
      while (pulled.length > 0 && mayStart()) void start(pulled.pop()!)
      isStarting = false
      if (pulled.length === 0 && !exhausted && !pulling && mayStart()) void pull()
    }
    const fail = (error: unknown) => {
      isOver = true
      failures.push(error)
    }
    const pull = async () => {
      pulling = true
      try {
        const result = await iterator.next()
        if (result.done) exhausted = true
        // Reversed, so that taking the next row is a pop and not a shift of the whole array.
        else pulled = [...result.value].reverse()
      } catch (error) {
        fail(error)
      }
      pulling = false
      startMore()
      if (exhausted || isOver) wake()
    }
    const start = async (row: In) => {
      const slot: Slot<Out> = { done: false, value: undefined }
      started.push(slot)
      inFlight++
      waiting++
      let isWaiting = true
      const underWay = () => {
        if (!isWaiting) return
        isWaiting = false
        waiting--
        startMore()
      }
      try {
        slot.value = await change(row, underWay)
        slot.done = true
      } catch (error) {
        fail(error)
      }
      inFlight--
      underWay()
      startMore()
      // Others can be handed on only after the first one.
      if (slot === started[0] || isOver) wake()
    }
    const onAbort = () => wake()
    signal?.addEventListener('abort', onAbort)

    try {
      for (;;) {
        if (failures.length > 0) throw failures[0]
        signal?.throwIfAborted()
        startMore()
        const finished = takeFinished(started)
        if (finished.length > 0) yield finished
        else if (exhausted && pulled.length === 0 && started.length === 0) return
        // Between the checks above and this sleep nothing else runs, so no wake-up can be missed.
        else await sleep()
      }
    } finally {
      isOver = true
      signal?.removeEventListener('abort', onAbort)
      while (inFlight > 0 || pulling) await sleep()
      if (!exhausted) await iterator.return?.()
    }
  }
}

type Slot<Out> = { done: boolean; value: Out | undefined }

function takeFinished<Out>(started: Slot<Out>[]): Out[] {
  let count = 0
  while (count < started.length && started[count]!.done) count++
  return started.splice(0, count).map((slot) => slot.value as Out)
}
