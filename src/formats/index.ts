import { UsageError } from '../stream/errors.js'
import type { Batches, Sink } from '../stream/types.js'
import { describeIsolated, readIsolated } from './isolate.js'
import { readPicked } from './row-runs.js'
import { formatNamed, formatOf, formats } from './table.js'
import type {
  Columns,
  DescribeOptions,
  Description,
  RowRange,
  Shard,
  ShardReadOptions,
  WriteOptions,
  Written,
} from './types.js'

export { findShards } from './find.js'
export type {
  Columns,
  ColumnType,
  DescribeOptions,
  Description,
  Format,
  ParquetOptions,
  ReadOptions,
  RowGroup,
  RowRange,
  Schema,
  Shard,
  ShardReadOptions,
  WriteOptions,
  Written,
} from './types.js'
export { messages } from './types.js'

/** A shard's rows, in order. Throws a UsageError for a column it lacks, a CorruptInputError for bytes that do not decode. */
export function readShard(shard: Pick<Shard, 'path' | 'format'>, options?: ShardReadOptions): Batches<Columns> {
  if (options?.isolate) return readIsolated(shard, options)
  return readPicked(formatNamed(shard.format), shard.path, options)
}

/** What a shard says of itself without its rows being read. */
export function describeShard(shard: Pick<Shard, 'path' | 'format'>, options?: DescribeOptions): Promise<Description> {
  if (options?.isolate) return describeIsolated(shard, options)
  return formatNamed(shard.format).describe(shard.path, options)
}

/** The `end` of a range that reaches to a shard's last row, whichever that is; survives JSON, as Infinity does not. */
export const lastRow = Number.MAX_SAFE_INTEGER

/**
 * Row ranges that together are the shard, each about `bytes` on disk, cut where row groups meet; a shard without row
 * groups is one range up to {@link lastRow}. A shard of no rows has no range.
 */
export async function splitShard(
  shard: Pick<Shard, 'path' | 'format'>,
  { bytes, ...options }: DescribeOptions & { bytes: number },
): Promise<RowRange[]> {
  if (!(bytes >= 1)) throw new TypeError(`Expected \`bytes\` to be a number from 1 up, got \`${bytes}\``)
  if (shard.format !== 'parquet') return [{ start: 0, end: lastRow }]
  const { rowGroups = [] } = await describeShard(shard, options)
  const ranges: RowRange[] = []
  let [start, end, held] = [0, 0, 0]
  for (const group of rowGroups) {
    if (held > 0 && held + group.bytes > bytes) {
      ranges.push({ start, end })
      start = end
      held = 0
    }
    end += group.rows
    held += group.bytes
  }
  if (end > start) ranges.push({ start, end })
  return ranges
}

/**
 * A sink that writes rows to `path`, or to stdout for `-`, in the format its ending names (stdout: JSONL). The file
 * appears under its name only once it is whole and on disk. Throws a DiskError where the disk refuses, a UsageError for
 * a row that does not fit the schema.
 */
export function writeRows(
  path: string,
  { format, ...options }: WriteOptions & { format?: string } = {},
): Sink<Columns, Written> {
  const chosen = format === undefined ? (path === '-' ? formatNamed('jsonl') : formatOf(path)) : formatNamed(format)
  if (chosen?.write === undefined) {
    const writable = formats.filter((each) => each.write).map((each) => each.name)
    throw new UsageError(`Cannot write ${path}: ${chosen?.name ?? 'its ending'} is not a format sluice writes`, {
      fix: `Choose one of ${writable.join(', ')}.`,
    })
  }
  return chosen.write(path, options)
}
