import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Columns, findShards, readShard, type Shard, type ShardReadOptions } from '../../src/formats/index.js'
import type { Batches } from '../../src/stream/types.js'

/** A folder of its own for the running test, gone when it ends. */
export async function scratch(files: Record<string, string | Uint8Array> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-formats-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

export async function shardAt(path: string): Promise<Shard> {
  return (await findShards([path]))[0]!
}

export async function rowsAt(path: string, options?: ShardReadOptions): Promise<Columns[]> {
  return collect(readShard(await shardAt(path), options))
}

export async function collect<R>(source: Batches<R>): Promise<R[]> {
  const rows: R[] = []
  for await (const batch of source) rows.push(...batch)
  return rows
}

export async function* inBatches<R>(rows: readonly R[], size = 100): Batches<R> {
  for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size)
}

/** What `work` throws. Fails where it does not. */
export async function errorOf(work: () => Promise<unknown>): Promise<Error & { fix?: string; cause?: unknown }> {
  try {
    await work()
  } catch (error) {
    return error as Error
  }
  throw new Error('Expected an error, and none was thrown')
}
