import type { Stage } from './types.js'

export type MapConcurrentOptions = {
  /** Most calls in flight at once. */
  concurrency: number
  /** Most rows started and not yet handed on; a slow row at the head holds at most this many behind it; default 4 × concurrency. */
  window?: number
  /** No further row is started once this aborts; those in flight are waited for, then the stage throws the reason. */
  signal?: AbortSignal
}

/**
 * Applies an async `change` to every row, `concurrency` at a time, and hands the results on in the rows' own order.
 * When it ends early (an error, a consumer that stops, an abort) it first waits for what is in flight, because a call
 * that was paid for must reach its journal, and then closes its source.
 */
export function mapConcurrent<In, Out>(
  change: (row: In) => Promise<Out>,
  { concurrency, window = 4 * concurrency, signal }: MapConcurrentOptions,
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
  return async function* (source) {
    const iterator = source[Symbol.asyncIterator]()
    const started: Slot<Out>[] = []
    const failures: unknown[] = []
    let waiting: In[] = []
    let inFlight = 0
    let pulling = false
    let exhausted = false
    let wake = () => {}

    const sleep = () =>
      new Promise<void>((resolve) => {
        wake = resolve
      })
    const begin = (work: Promise<void>, settled: () => void) => {
      work
        .catch((error) => failures.push(error))
        .finally(() => {
          settled()
          wake()
        })
    }
    const pull = () => {
      pulling = true
      const next = iterator.next().then((result) => {
        if (result.done) exhausted = true
        // Reversed, so that taking the next row is a pop and not a shift of the whole array.
        else waiting = [...result.value].reverse()
      })
      begin(next, () => {
        pulling = false
      })
    }
    const start = (row: In) => {
      const slot: Slot<Out> = { done: false, value: undefined }
      started.push(slot)
      inFlight++
      // The async wrapper turns a synchronous throw of `change` into a rejection like any other.
      const call = (async () => change(row))().then((value) => {
        slot.value = value
        slot.done = true
      })
      begin(call, () => {
        inFlight--
      })
    }
    const onAbort = () => wake()
    signal?.addEventListener('abort', onAbort)

    try {
      for (;;) {
        if (failures.length > 0) throw failures[0]
        signal?.throwIfAborted()
        while (waiting.length > 0 && inFlight < concurrency && started.length < window) start(waiting.pop()!)
        if (waiting.length === 0 && !exhausted && !pulling && inFlight < concurrency && started.length < window) pull()
        const finished = takeFinished(started)
        if (finished.length > 0) yield finished
        else if (exhausted && waiting.length === 0 && started.length === 0) return
        // Between the checks above and this sleep nothing else runs, so no wake-up can be missed.
        else await sleep()
      }
    } finally {
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
