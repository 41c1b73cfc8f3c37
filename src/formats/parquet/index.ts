import { batch } from '../../stream/batch.js'
import type { Columns, Format } from '../types.js'
import { describeParquet, readParquet } from './read.js'
import { writeParquet } from './write.js'

/** Apache Parquet. */
export const parquet: Format = {
  name: 'parquet',
  extensions: ['.parquet', '.parq', '.pq'],
  streams: false,
  read: (path, options) => batch<Columns>()(readParquet(path, options)),
  describe: describeParquet,
  write: writeParquet,
}
