import { randomUUID } from 'node:crypto'
import type { Clock } from '../../http/clock.js'
import { type Batch, type BatchApi, isOver } from './api.js'
import type { BatchStore, StoredBatch } from './store.js'

export type CourseOptions = {
  readonly api: BatchApi
  readonly store: BatchStore
  /** Longest pause between two looks at a batch, in milliseconds. */
  readonly pollMs: number
  note(text: string): void
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** For so long a batch that the account has no room for is made again and again. */
const longestPutOffMs = 24 * 3_600_000

type MadeBatch = StoredBatch & { readonly id: string; readonly file: string }

/** The first pause; each further one is half as long again. */
const firstPollMs = 5000

/** A batch from its requests to its results, each step written down so that another process can take it up from there. */
export function batchCourse({ api, store, pollMs, note, clock, signal }: CourseOptions) {
  const over = async (id: string, isNew: boolean): Promise<Batch> => {
    let waitMs = Math.min(firstPollMs, pollMs)
    if (isNew) await clock.sleep(waitMs, signal)
    for (;;) {
      const batch = await api.look(id)
      if (isOver(batch)) return batch
      await clock.sleep(waitMs, signal)
      waitMs = Math.min(waitMs * 1.5, pollMs)
    }
  }

  /** Waits for the end of a batch, making it again while the account has no room for it, and fetches what it left. */
  const collect = async (stored: MadeBatch, isNew: boolean): Promise<void> => {
    const { key, file, beganMs: sinceMs } = stored
    let made = stored
    let batch = await over(made.id, isNew)
    while (batch.isPutOff && Date.now() - sinceMs < longestPutOffMs) {
      note(`batch ${batch.id} has to wait: ${batch.problem}`)
      await clock.sleep(pollMs, signal)
      // A process before this one may have made it again, and died.
      const latest = await api.find({ key, file, sinceMs })
      const isOther = latest !== undefined && latest.id !== made.id
      made = { ...made, id: (isOther ? latest : await api.create({ key, file, sinceMs })).id }
      await store.save(made)
      batch = await over(made.id, !isOther)
    }
    note(`batch ${batch.id} is ${batch.status}${batch.problem === undefined ? '' : `: ${batch.problem}`}`)
    await store.finish(made, (path) => api.download(batch, path))
  }

  return {
    /**
     * Sends these lines as a batch and resolves with it once its results are there, or with nothing where it was not sent
     * because nobody wanted it any more.
     */
    async send(
      lines: Iterable<string>,
      { requests, isWanted }: { requests: number; isWanted(): boolean },
    ): Promise<StoredBatch | undefined> {
      const begun: StoredBatch = { key: randomUUID(), requests, beganMs: Date.now() }
      await store.save(begun, lines)
      if (!isWanted()) {
        await store.drop(begun)
        return undefined
      }
      const file = await api.upload(store.requestsOf(begun))
      const uploaded = { ...begun, file }
      await store.save(uploaded)
      if (!isWanted()) {
        await store.drop(begun)
        return undefined
      }
      const { id } = await api.create({ key: begun.key, file, sinceMs: begun.beganMs })
      const made = { ...uploaded, id }
      await store.save(made)
      note(`batch ${id} of ${counted(requests)} is sent`)
      await collect(made, true)
      return made
    },
    /**
     * The batch of an earlier process, if it was made: `results` resolves once they are there. One that was not made is
     * forgotten, since whoever wants its calls asks them anew.
     */
    async takeUp(stored: StoredBatch): Promise<{ keys: string[]; results: Promise<StoredBatch> } | undefined> {
      const { key, file, beganMs: sinceMs, requests } = stored
      // That process may have died before it could write the id down.
      const id = file && (stored.id ?? (await api.find({ key, file, sinceMs }))?.id)
      if (file === undefined || id === undefined) {
        await store.drop(stored)
        return undefined
      }
      const made = { ...stored, file, id }
      await store.save(made)
      const keys = await store.keysOf(made)
      note(`batch ${id} of ${counted(requests)} is taken up again`)
      return { keys, results: collect(made, false).then(() => made) }
    },
  }
}

function counted(requests: number): string {
  return `${requests.toLocaleString('en')} ${requests === 1 ? 'request' : 'requests'}`
}
