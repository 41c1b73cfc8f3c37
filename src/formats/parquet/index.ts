import type { Format } from '../types.js'
import { describeParquet, readParquet } from './read.js'
import { writeParquet } from './write.js'

/** Apache Parquet. */
export const parquet: Format = {
  name: 'parquet',
  extensions: ['.parquet', '.parq', '.pq'],
  streams: false,
  picks: true,
  read: readParquet,
  describe: describeParquet,
  write: writeParquet,
}
