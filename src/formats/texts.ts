import { CorruptInputError } from '../stream/errors.js'
import { textColumn } from '../text/column.js'
import { describeShard, readShard } from './index.js'
import { readParquetTexts } from './parquet/read.js'
import type { TextBatch } from './parquet/texts.js'
import type { DescribeOptions, ReadOptions, Shard } from './types.js'

export type { TextBatch } from './parquet/texts.js'

/**
 * One column of texts of a shard as UTF-8, in batches that an {@link Embedder} takes as they are. Of Parquet no string is made
 * on the way, and a batch lies in memory that is used again: it is good until the next is asked for. A row whose value is
 * no text counts as one without.
 */
export async function* readTexts(
  shard: Pick<Shard, 'path' | 'format'>,
  column: string,
  options: Omit<ReadOptions, 'columns'> = {},
): AsyncGenerator<TextBatch> {
  if (shard.format === 'parquet' && !options.isolate) {
    yield* readParquetTexts(shard.path, column, options)
    return
  }
  for await (const batch of readShard(shard, { ...options, columns: [column] })) {
    const values = batch.map((row) => row[column])
    const texts = textColumn(values.map((value) => (typeof value === 'string' ? value : '')))
    const nulls = Uint8Array.from(values, (value) => (typeof value === 'string' ? 0 : 1))
    yield nulls.includes(1) ? { ...texts, nulls } : texts
  }
}

/** Whether {@link readTexts} reads this column without making strings; of a shard that does not decode it does not. */
export async function hasTextBytes(
  shard: Pick<Shard, 'path' | 'format'>,
  column: string,
  options: DescribeOptions = {},
): Promise<boolean> {
  if (shard.format !== 'parquet' || options.isolate) return false
  try {
    const { columns } = await describeShard(shard, options)
    return columns.some(({ name, type }) => name === column && type === 'string')
  } catch (error) {
    if (error instanceof CorruptInputError) return false
    throw error
  }
}
