import { Worker } from 'node:worker_threads'
import { SluiceError } from '../../stream/errors.js'
import type { RankPass, SharedRows } from './shared-tiles.js'

/** Threads that rank tiles of the same rows. */
export type Threads = {
  /** Has them take tiles of a pass, as far as there are any. */
  start(pass: RankPass): void
  /** Waits for what they do to make `isDone` true; an error of theirs is thrown. */
  until(isDone: () => boolean): Promise<void>
  close(): Promise<void>
}

/** Starts so many threads beside this one. */
export function startThreads(count: number, shared: SharedRows): Threads {
  let failure: Error | undefined
  let hear = () => {}
  const fail = (error: Error) => {
    failure ??= error
    hear()
  }
  const workers = Array.from({ length: count }, () =>
    // Flags of this process, such as one for its own input, are none of theirs.
    new Worker(new URL('./thread.js', import.meta.url), { workerData: shared, execArgv: [] })
      .on('message', () => hear())
      .on('error', fail)
      .on('exit', () => fail(new SluiceError('E_BUG', 70, 'A thread ended while centroids were sought'))),
  )
  return {
    start(pass) {
      for (const worker of workers) worker.postMessage(pass)
    },
    async until(isDone) {
      while (failure === undefined && !isDone()) {
        await new Promise<void>((resolve) => {
          hear = resolve
        })
      }
      if (failure !== undefined) throw failure
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}
