import { batch } from '../stream/batch.js'
import { asDiskError } from '../stream/errors.js'
import type { Batches } from '../stream/types.js'
import { openFolder } from './files.js'
import { writeRows } from './index.js'
import type { OutputFolder } from './places/place.js'
import type { Columns, WriteOptions } from './types.js'

export type WriteShardsOptions = {
  /** A new folder, or an empty one, on this machine, `s3://` or `hf://`; it appears when every shard is whole. */
  folder: string
  format: string
  /** Most rows of a shard; default no bound. */
  shardRows?: number | undefined
  /**
   * About the most bytes of a shard on disk; default no bound. A shard ends before the row group, record batch or block
   * of text that would take it further; one group alone may be larger.
   */
  shardBytes?: number | undefined
  /** How each shard is written. */
  write?: Omit<WriteOptions, 'onBytes' | 'create'>
}

/**
 * Writes `train-00000-of-00007.<format>` and so on into a folder, cut by rows or by bytes, as Hugging Face datasets name
 * a split's files; to S3, which can rename nothing, `train-00000.<format>`. A folder that holds files is refused. The cuts
 * depend on the rows and options alone.
 */
export async function writeShards(
  rows: Batches<Columns>,
  { folder, format, ...options }: WriteShardsOptions,
): Promise<{ rows: number; bytes: number; shards: number }> {
  const target = await openFolder(folder, {
    nameOf: (index, of) => `train-${five(index)}${of === undefined ? '' : `-of-${five(of)}`}.${format}`,
    signal: options.write?.signal,
  })
  try {
    const written = await fill(rows, { folder, format, target }, options)
    await target.commit()
    return written
  } catch (error) {
    await target.abort()
    throw asDiskError(error, folder)
  }
}

const five = (count: number) => String(count).padStart(5, '0')

type Target = Pick<WriteShardsOptions, 'folder' | 'format'> & { target: OutputFolder }

async function fill(
  rows: Batches<Columns>,
  { folder, format, target }: Target,
  {
    shardRows = Number.POSITIVE_INFINITY,
    shardBytes = Number.POSITIVE_INFINITY,
    write,
  }: Omit<WriteShardsOptions, 'folder' | 'format'>,
) {
  const total = { rows: 0, bytes: 0, shards: 0 }
  const batches = batch<Columns>({ rows: Math.min(shardRows, 1024) })(rows)[Symbol.asyncIterator]()
  let next = await batches.next()
  let [bytes, largest] = [0, 0]
  const onBytes = (now: number) => {
    largest = Math.max(largest, now - bytes)
    bytes = now
  }
  try {
    do {
      bytes = largest = 0
      const path = `${folder}/shard-${total.shards}.${format}`
      const written = await writeRows(path, { ...write, format, onBytes, create: target.create })(oneShard())
      total.rows += written.rows
      total.bytes += written.bytes
      total.shards++
    } while (!next.done)
    return total
  } finally {
    // The source may hold files open, which nobody else tells that a shard could not be written.
    await batches.return?.()
  }

  async function* oneShard(): AsyncGenerator<readonly Columns[]> {
    let left = shardRows
    // What has left, and what the open group may come to.
    while (!next.done && left > 0 && (bytes === 0 || bytes + largest <= shardBytes)) {
      const taken = next.value.slice(0, left)
      const rest = next.value.slice(left)
      left -= taken.length
      yield taken
      next = rest.length > 0 ? { done: false, value: rest } : await batches.next()
    }
  }
}
