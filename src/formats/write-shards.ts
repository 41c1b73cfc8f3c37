import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { batch } from '../stream/batch.js'
import { asDiskError, UsageError } from '../stream/errors.js'
import { syncFolder } from '../stream/sync-folder.js'
import type { Batches } from '../stream/types.js'
import { writeRows } from './index.js'
import type { Columns, WriteOptions } from './types.js'

export type WriteShardsOptions = {
  /** A new folder, or an empty one; it appears when every shard is whole. */
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
  write?: Omit<WriteOptions, 'onBytes'>
}

/**
 * Writes `train-00000-of-00007.<format>` and so on into a folder, cut by rows or by bytes, as Hugging Face datasets name
 * a split's files. A folder that holds files is refused. The cuts depend on the rows and options alone.
 */
export async function writeShards(
  rows: Batches<Columns>,
  { folder, format, ...options }: WriteShardsOptions,
): Promise<{ rows: number; bytes: number; shards: number }> {
  if (/^[a-z][\w+.-]+:\/\//i.test(folder)) {
    throw new UsageError(`Shards are written to folders of this machine, not to ${folder}`, {
      fix: 'Write one file there, or a local folder first.',
    })
  }
  const held = await readdir(folder).catch(() => undefined)
  if (held !== undefined && held.length > 0) {
    throw new UsageError(`The folder ${folder} is not empty`, { fix: 'Choose a new folder for the shards.' })
  }
  const target = folder.replace(/[\\/]+$/, '')
  const temporary = `${target}.tmp-${process.pid}`
  try {
    await mkdir(dirname(target), { recursive: true })
    await mkdir(temporary)
    const written = await fill(rows, temporary, format, options)
    for (let i = 0; i < written.shards; i++) {
      await rename(numbered(temporary, i, format), join(temporary, shardName(i, written.shards, format)))
    }
    await syncFolder(temporary)
    if (held !== undefined) await rmdir(target)
    await rename(temporary, target)
    await syncFolder(dirname(target))
    return written
  } catch (error) {
    throw asDiskError(error, folder)
  } finally {
    await rm(temporary, { recursive: true, force: true }).catch(() => {})
  }
}

/** The name of a split's shard, counted from 0. */
function shardName(index: number, of: number, format: string): string {
  const five = (count: number) => String(count).padStart(5, '0')
  return `train-${five(index)}-of-${five(of)}.${format}`
}

/** What a shard is called while nobody knows how many there will be. */
function numbered(folder: string, index: number, format: string): string {
  return join(folder, `shard-${index}.${format}`)
}

async function fill(
  rows: Batches<Columns>,
  folder: string,
  format: string,
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
  do {
    bytes = largest = 0
    const written = await writeRows(numbered(folder, total.shards, format), { ...write, format, onBytes })(oneShard())
    total.rows += written.rows
    total.bytes += written.bytes
    total.shards++
  } while (!next.done)
  return total

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
