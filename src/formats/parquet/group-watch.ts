import type { ByteSource } from '../files.js'
import { type Limits, withinLimit } from '../limits.js'
import { corrupt } from './corrupt.js'

/** Ends the work on a row group that takes longer than the limit `groupMs`. */
export type GroupWatch = {
  /** The same bytes; each read also looks at the clock, so that a chunk of endless small pages ends too. */
  readonly source: ByteSource
  /** A row group's batches; where they take too long a CorruptInputError that begins with `where`. */
  during<T>(where: string, batches: AsyncIterable<T>): AsyncIterable<T>
}

/** Watches the row groups of one file, one at a time. Only work counts: not the wait for bytes, nor for the reader. */
export function groupWatch(
  source: ByteSource,
  limits: Limits,
  now: () => number = () => performance.now(),
): GroupWatch {
  let spent = 0
  /** Since when the group is worked on; undefined while it waits. */
  let since: number | undefined
  let waiting = 0
  const stop = () => {
    if (since !== undefined) spent += now() - since
    since = undefined
  }
  const start = () => {
    since = now()
  }
  const check = () => withinLimit('milliseconds of work', Math.round(spent), limits, 'groupMs')
  const whileWaiting = async <T>(bytes: () => Promise<T>): Promise<T> => {
    // Columns may wait side by side: work goes on once all of them have their bytes.
    if (waiting++ === 0) stop()
    try {
      check()
      return await bytes()
    } finally {
      if (--waiting === 0) start()
    }
  }
  const { readInto } = source
  return {
    source: {
      ...source,
      read: (from, to) => whileWaiting(() => source.read(from, to)),
      ...(readInto && { readInto: (target, at) => whileWaiting(() => readInto(target, at)) }),
    },
    async *during(where, batches) {
      spent = 0
      const iterator = batches[Symbol.asyncIterator]()
      try {
        for (;;) {
          start()
          const next = await iterator.next()
          stop()
          try {
            check()
          } catch (error) {
            throw corrupt(where, error)
          }
          if (next.done) return
          yield next.value
        }
      } finally {
        stop()
        await iterator.return?.()
      }
    },
  }
}
