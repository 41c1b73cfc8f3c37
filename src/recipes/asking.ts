import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import type { Model } from '../models/types.js'
import { openRejectLog, type RejectLog } from '../run/reject-log.js'
import type { TaskContext } from '../run/types.js'
import { createReplyCounts, type ReplyCounts, writeReplyCounts } from './reply-counts.js'
import type { Resources } from './types.js'

/** What the model stages of a task share. */
export type Asking = {
  readonly model: Model
  /** Rows that did not make it, in whatever order they are lost. */
  readonly log: RejectLog
  readonly counts: ReplyCounts
  readonly concurrency: number
  /** No further row is started once this aborts. */
  readonly signal: AbortSignal
  /** Calls in flight are given up once this aborts. */
  readonly callSignal: AbortSignal
  /** Told of an error that ends the run, while other calls are still in flight. */
  onFatal(error: unknown): void
  /** Writes what was lost and what was counted into the task's folder; call it however the task ends. */
  close(): Promise<void>
}

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
    concurrency: resources.concurrency,
    signal,
    ...callGuard(resources.callSignal),
    close: async () => {
      log.close()
      await writeReplyCounts(folder, counts)
    },
  }
}

/**
 * A signal for all calls that aborts with `callSignal`, or some seconds after one of them met an error that ends the run:
 * the others may be paid for, but a server that hangs must not hide the error.
 */
function callGuard(callSignal?: AbortSignal): Pick<Asking, 'callSignal' | 'onFatal'> {
  const giveUp = new AbortController()
  setMaxListeners(0, giveUp.signal)
  callSignal?.addEventListener('abort', () => giveUp.abort(callSignal.reason), { once: true })
  return {
    callSignal: giveUp.signal,
    // The reason is what ended the run, since a call that is given up may be the first to be heard of.
    onFatal: (error) => setTimeout(() => giveUp.abort(error), graceMs).unref(),
  }
}
