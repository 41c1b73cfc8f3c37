import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { curate } from '../../src/recipes/curate.js'
import { requireMemory, withinMemory } from '../../src/recipes/memory.js'
import { UsageError } from '../../src/stream/errors.js'
import { writeProseShards } from '../prose.js'

const megabyte = 2 ** 20

let folder: string
let shards: string[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-memory-'))
  shards = await writeProseShards(join(folder, 'corpus'), 2, 60)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What the process holds, or the least that a bound may be. */
const heldNow = () => Math.max(192 * megabyte, process.memoryUsage.rss())

const select = (out: string, maxMemory: number | undefined, config: Record<string, unknown> = {}) =>
  curate({
    ...{ recipe: 'select', inputs: shards, out: join(folder, out) },
    ...{ config: { select: 10, ...config }, machine: { maxMemory } },
  })

describe('a bound of memory', () => {
  it('below what any run takes is refused, and leaves no folder behind', async () => {
    const run = select('tiny', 64 * megabyte)
    await expect(run).rejects.toThrow(UsageError)
    await expect(run).rejects.toMatchObject({ fix: 'Allow at least 192 MB.' })
    await expect(readFile(join(folder, 'tiny', '.sluice', 'plan.json'))).rejects.toThrow('ENOENT')
  })

  it('below what the coreset takes is refused before the corpus is read', async () => {
    const run = select('coreset', 400 * megabyte, { clusters: 5000 })
    await expect(run).rejects.toThrow('A coreset of 500000 rows of 128 dimensions')
    await expect(run).rejects.toMatchObject({ fix: expect.stringContaining('--coreset-rows') })
  })

  it('changes no byte', async () => {
    const bytes = async (out: string, maxMemory: number | undefined) => {
      await select(out, maxMemory)
      return readFile(join(folder, out, 'data', 'train-00000-of-00001.parquet'))
    }
    expect((await bytes('bounded', 4096 * megabyte)).equals(await bytes('free', undefined))).toBe(true)
  })

  it('stops a run that holds more, once garbage is gone', async () => {
    const held: Buffer[] = []
    const run = withinMemory({ maxMemory: heldNow() + 64 * megabyte }, undefined, async (signal) => {
      for (;;) {
        held.push(Buffer.alloc(8 * megabyte, held.length))
        await new Promise((resolve) => setTimeout(resolve, 20))
        signal!.throwIfAborted()
      }
    })
    await expect(run).rejects.toThrow(/^The run holds \d+ MB, and --max-memory is \d+ MB$/)
    expect(held.length).toBeGreaterThan(4)
  })

  it('is kept where what is held is garbage', async () => {
    const wanted = { maxMemory: heldNow() + 96 * megabyte }
    const done = await withinMemory(wanted, undefined, async (signal) => {
      for (let n = 0; n < 60; n++) {
        Buffer.alloc(8 * megabyte, n)
        await new Promise((resolve) => setTimeout(resolve, 20))
        signal!.throwIfAborted()
      }
      return 'done'
    })
    expect(done).toBe('done')
  })

  it('counts what is wanted beside what every run takes', () => {
    const says = { what: 'Rows', fix: 'Allow more.' }
    expect(() => requireMemory({}, 2 ** 40, says)).not.toThrow()
    expect(() => requireMemory({ maxMemory: 200 * megabyte }, 8 * megabyte, says)).not.toThrow()
    expect(() => requireMemory({ maxMemory: 200 * megabyte }, 9 * megabyte, says)).toThrow(
      'Rows need about 201 MB, and --max-memory is 200 MB',
    )
    expect(() => requireMemory({ maxMemory: 400 * megabyte, workers: 3 }, 9 * megabyte, says)).toThrow('about 401 MB')
  })
})
