import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { batch } from '../stream/batch.js'
import { asDiskError, UsageError } from '../stream/errors.js'
import type { Batches } from '../stream/types.js'
import { writeRows } from './index.js'
import type { Columns, Schema } from './types.js'

export type WriteShardsOptions = {
  /** A new folder, or an empty one; it appears when every shard is whole. */
  folder: string
  format: string
  shardRows: number
  schema?: Schema | undefined
}

/** Writes `part-00000.<format>` and so on into a folder, `shardRows` rows each; a folder that holds files is refused. */
export async function writeShards(
  rows: Batches<Columns>,
  { folder, format, shardRows, schema }: WriteShardsOptions,
): Promise<{ rows: number; bytes: number; shards: number }> {
  const held = await readdir(folder).catch(() => undefined)
  if (held !== undefined && held.length > 0) {
    throw new UsageError(`The folder ${folder} is not empty`, { fix: 'Choose a new folder for the shards.' })
  }
  const target = folder.replace(/[\\/]+$/, '')
  const temporary = `${target}.tmp-${process.pid}`
  try {
    await mkdir(dirname(target), { recursive: true })
    await mkdir(temporary)
    const written = await fill(temporary)
    if (held !== undefined) await rmdir(target)
    await rename(temporary, target)
    return written
  } catch (error) {
    throw asDiskError(error, folder)
  } finally {
    await rm(temporary, { recursive: true, force: true }).catch(() => {})
  }

  async function fill(into: string) {
    const total = { rows: 0, bytes: 0, shards: 0 }
    const batches = batch<Columns>({ rows: Math.min(shardRows, 1024) })(rows)[Symbol.asyncIterator]()
    let next = await batches.next()
    do {
      const path = join(into, `part-${String(total.shards).padStart(5, '0')}.${format}`)
      const written = await writeRows(path, { format, schema })(oneShard())
      total.rows += written.rows
      total.bytes += written.bytes
      total.shards++
    } while (!next.done)
    return total

    async function* oneShard(): AsyncGenerator<readonly Columns[]> {
      let left = shardRows
      while (!next.done && left > 0) {
        const taken = next.value.slice(0, left)
        const rest = next.value.slice(left)
        left -= taken.length
        yield taken
        next = rest.length > 0 ? { done: false, value: rest } : await batches.next()
      }
    }
  }
}
