import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import type { Model } from '../../models/types.js'
import { openRejectLog, type RejectLog } from '../../run/reject-log.js'
import type { TaskContext } from '../../run/types.js'
import type { Resources } from '../types.js'
import { createReplyCounts, type ReplyCounts, writeReplyCounts } from './reply-counts.js'

/** What the model stages of a task share. */
export type Asking = {
  readonly model: Model
  /** Rows that did not make it, in whatever order they are lost. */
  readonly log: RejectLog
  readonly counts: ReplyCounts
  /**
   * Rows under way at once: four for each call in flight, since a call that waits to be asked again has given its place to
   * another; or as many as a batch takes. How many are in flight is the model's own limit.
   */
  readonly concurrency: number
  /** Rows of them that have no call in flight yet. */
  readonly waiting: number
  /** No further row is started, and no further request sent, once this aborts. */
  readonly signal: AbortSignal
  /** Calls in flight are given up once this aborts. */
  readonly callSignal: AbortSignal
  /** Told of an error that ends the run, while other calls are still in flight. */
  onFatal(error: unknown): void
  /** Writes what was lost and what was counted into the task's folder; call it however the task ends. */
  close(): Promise<void>
}

const rowsForCall = 4
/** Rows that wait are only there so that a place is not left empty, and each is held whole. */
const fewestWaiting = 8

/** How long calls in flight may go on once one has met what ends the run, such as a refused key. */
const graceMs = 3000

/** Opens what {@link ask} needs in a task of model stages. */
export async function openAsking(context: TaskContext, resources: Resources): Promise<Asking> {
  const { folder, signal } = context
  const model = await resources.model()
  const log = openRejectLog(join(folder, 'lost.jsonl'), { sorted: true, onLost: () => context.progress(1) })
  const counts = createReplyCounts(context.warn)
  return {
    model,
    log,
    counts,
    concurrency: resources.rowsAtOnce ?? rowsForCall * resources.concurrency,
    waiting: resources.rowsAtOnce ?? Math.max(fewestWaiting, Math.ceil(resources.concurrency / 8)),
    ...callGuard(signal, resources.callSignal),
    close: async () => {
      log.close()
      await writeReplyCounts(folder, counts)
    },
  }
}

/**
 * Signals for all calls. The first aborts with `signal`, with `callSignal` or as soon as one of them met an error that ends the
 * run; the second with `callSignal` or some seconds after such an error: calls in flight may be paid for, but a server that
 * hangs must not hide the error.
 */
function callGuard(signal: AbortSignal, callSignal?: AbortSignal): Pick<Asking, 'signal' | 'callSignal' | 'onFatal'> {
  const stop = new AbortController()
  const giveUp = new AbortController()
  setMaxListeners(0, stop.signal, giveUp.signal)
  if (signal.aborted) stop.abort(signal.reason)
  signal.addEventListener('abort', () => stop.abort(signal.reason), { once: true })
  callSignal?.addEventListener(
    'abort',
    () => {
      stop.abort(callSignal.reason)
      giveUp.abort(callSignal.reason)
    },
    { once: true },
  )
  return {
    signal: stop.signal,
    callSignal: giveUp.signal,
    onFatal: (error) => {
      // Who was asked to stop is no fault, and ends in its own time.
      if (stop.signal.aborted) return
      // The reason is what ended the run, since a call that is given up may be the first to be heard of.
      stop.abort(error)
      setTimeout(() => giveUp.abort(error), graceMs).unref()
    },
  }
}
