import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Columns, describeShard, findShards, readShard, writeRows } from '../../src/formats/index.js'
import { writeShards } from '../../src/formats/write-shards.js'
import type { Batches } from '../../src/stream/types.js'
import { scratch, shardAt } from './shards.js'

const fixtures = join(import.meta.dirname, '../../fixtures/shards')

/** The files below `folder` that this process has open. */
function openBelow(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(folder) ? [path] : []
    } catch {
      return []
    }
  })
}

describe.skipIf(!existsSync('/proc/self/fd'))('a shard (skipped where there is no /proc)', () => {
  it('is closed however its reading ends', async () => {
    const names = readdirSync(fixtures).filter((name) =>
      /\.(parquet|arrows?|jsonl|json|csv|tsv)(\.gz|\.zst)?$/.test(name),
    )
    const folder = await scratch(Object.fromEntries(names.map((name) => [name, readFileSync(join(fixtures, name))])))
    expect(names.length).toBeGreaterThan(10)
    for (const shard of await findShards([folder])) {
      await describeShard(shard).catch(() => {})
      for await (const _ of readShard(shard)) break
      const stopped = new AbortController()
      stopped.abort(new Error('enough'))
      await expect(drain(readShard(shard, { signal: stopped.signal })), shard.name).rejects.toThrow('enough')
      expect(openBelow(folder), shard.name).toEqual([])
    }
  })

  it('is closed where it does not decode', async () => {
    const names = readdirSync(fixtures).filter((name) => /\.(parquet|arrows?|jsonl|json|csv)(\.gz|\.zst)?$/.test(name))
    for (const name of names) {
      const bytes = readFileSync(join(fixtures, name))
      for (const share of [0, 0.3, 0.7]) {
        const folder = await scratch()
        const path = join(folder, name)
        await writeFile(path, bytes.subarray(0, Math.floor(bytes.length * share)))
        const shard = await shardAt(path)
        await describeShard(shard).catch(() => {})
        await drain(readShard(shard)).catch(() => {})
        expect(openBelow(folder), `${name}, ${share} of it`).toEqual([])
      }
    }
  })
})

describe.skipIf(!existsSync('/proc/self/fd'))('a file being written (skipped where there is no /proc)', () => {
  it('is closed however its writing ends', async () => {
    const folder = await scratch()
    async function* failing(): Batches<Columns> {
      yield [{ n: 1 }]
      throw new Error('the source broke')
    }
    for (const format of ['parquet', 'arrow', 'jsonl', 'json', 'csv', 'nope']) {
      const target = join(folder, `out.${format}`)
      for (const shardRows of [1, 2]) {
        await expect(writeShards(failing(), { folder: join(folder, 'out'), format, shardRows })).rejects.toThrow()
      }
      await expect((async () => writeRows(target)(failing()))()).rejects.toThrow()
      expect(openBelow(folder), format).toEqual([])
      expect(readdirSync(folder), format).toEqual([])
    }
  })
})

async function drain(source: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of source);
}
