import { batch } from '../../stream/batch.js'
import { UsageError } from '../../stream/errors.js'
import type { Batches } from '../../stream/types.js'
import type { Columns, Format, ReadOptions } from '../types.js'

/** Arrow IPC, the stream and the file format. Its library is loaded when a file of it is first opened. */
export const arrow: Format = {
  name: 'arrow',
  extensions: ['.arrow', '.arrows', '.ipc', '.feather'],
  streams: true,
  read: (path, options) => batch<Columns>()(readLazily(path, options)),
  async describe(path, options) {
    if (path === '-') throw new UsageError('Cannot describe stdin: it can be read only once')
    const { describeArrow } = await import('./read.js')
    return describeArrow(path, options)
  },
  write: (path, options) => async (source) => {
    const { writeArrow } = await import('./write.js')
    return writeArrow(path, options)(source)
  },
}

async function* readLazily(path: string, options?: ReadOptions): Batches<Columns> {
  const { readArrow } = await import('./read.js')
  yield* readArrow(path, options)
}
