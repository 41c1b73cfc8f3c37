import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { curate } from '../../src/recipes/curate.js'
import { memoryGuard, requireMemory, withinMemory } from '../../src/recipes/memory.js'
import { UsageError } from '../../src/stream/errors.js'
import { sluice } from '../cli/sluice.js'
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

  it.each(['deita', 'mmr'])('below what --by %s holds is refused before the corpus is read', async (by) => {
    const run = select(by, 300 * megabyte, { by, scoreColumn: 'score', select: by === 'deita' ? 100_000 : 20_000 })
    await expect(run).rejects.toThrow(/^\d+ rows by rank of 128 dimensions, and \d+ chosen rows need about \d+ MB, and/)
    await expect(run).rejects.toMatchObject({ fix: expect.stringContaining('--select') })
    await expect(readFile(join(folder, by, '.sluice', 'plan.json'))).rejects.toThrow('ENOENT')
  })

  it('below what the chosen rows take is refused, whatever chooses them', async () => {
    const run = select('random', 240 * megabyte, { by: 'random', select: 200_000 })
    // 192 MB for the process, 64 MB for as many as are held, and 16 bytes for each of the others.
    await expect(run).rejects.toThrow('200000 chosen rows need about 259 MB')
  })

  it('below what clusters and texts that are compared take is refused before the corpus is read', async () => {
    const semdedup = select('semdedup', 200 * megabyte, { by: 'semdedup', coresetRows: 10 })
    await expect(semdedup).rejects.toThrow(
      /^73584 rows of clusters of 128 dimensions, and 10 chosen rows need about 257 MB/,
    )
    const rouge = select('rouge', 400 * megabyte, { by: 'rouge', select: 20_000 })
    await expect(rouge).rejects.toThrow(/^80000 texts to compare with, and 20000 chosen rows need about 446 MB/)
    const others = select('rouge-others', 220 * megabyte, { by: 'rouge-others', others: 20_000 })
    await expect(others).rejects.toThrow(/^20000 texts to compare with, and 10 chosen rows need about 251 MB/)
  })

  it.each(['rouge', 'rouge-others'])('below what long texts take by %s is refused once they are read', async (by) => {
    const path = join(folder, `long-${by}.jsonl`)
    const words = (n: number) => Array.from({ length: 30_000 }, (_, k) => `w${(30_000 * n + k).toString(36)}`).join(' ')
    const lines = Array.from({ length: 20 }, (_, n) => JSON.stringify({ text: words(n) }))
    await writeFile(path, lines.join('\n'))
    const flags = ['--by', by, '-n', '5', '--max-memory', '240m', '-o', join(folder, `long-${by}.parquet`)]
    const { code, stderr } = await sluice(['select', path, ...flags])
    expect(stderr).toMatch(
      /20 of the 20 texts that --by [a-z-]+ compares with need about \d+ MB, and --max-memory is 240 MB/,
    )
    expect(code).toBe(2)
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

  it('collects garbage near the bound for a tenth of the time, and beyond it at once', () => {
    const state = { now: 0, held: 90, collected: 0 }
    const look = memoryGuard({
      maxMemory: 100,
      collect: () => {
        state.collected++
        state.now += 40
      },
      held: () => state.held,
      now: () => state.now,
    })
    for (let turn = 0; turn < 200; turn++) {
      look()
      state.now += 50
    }
    // 10,000 ms of looks, and 40 ms a collection with 400 between two.
    expect(state.collected).toBeGreaterThan(20)
    expect(state.collected).toBeLessThan(26)
    const before = state.collected
    state.held = 101
    expect([look(), look(), state.collected - before]).toEqual([101, 101, 2])
    state.held = 84
    expect([look(), state.collected - before]).toEqual([84, 2])
  })
})
