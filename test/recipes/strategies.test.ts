import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { findShards } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { curate } from '../../src/recipes/curate.js'
import { corpusOptions } from '../../src/recipes/select/options.js'
import { strategies } from '../../src/recipes/select/strategies/index.js'
import { total } from '../../src/run/tally.js'
import { collect } from '../laws.js'
import { writeProseShards } from '../prose.js'

let folder: string
let shards: string[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-strategies-'))
  shards = await writeProseShards(join(folder, 'corpus'), 3, 60)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.each(Object.entries(strategies))('selecting by %s', (by, strategy) => {
  let runs = 0
  const select = async (inputs: readonly string[], config: Record<string, unknown>) => {
    const out = join(folder, `${by}-${runs++}`)
    const { tally } = await curate({ recipe: 'select', inputs, out, config: { by, seed: 7, ...config } })
    return { tally, rows: await collect(readShards(await findShards([join(out, 'data')]))) }
  }

  it('has options that can be left out, and that no other strategy has', () => {
    expect(z.object(strategy.options).safeParse({}).success).toBe(true)
    const others = Object.entries(strategies).flatMap(([name, { options }]) =>
      name === by ? [] : Object.keys(options),
    )
    const shared = Object.keys(strategy.options).filter((key) => others.includes(key) || key in corpusOptions)
    expect(shared).toEqual([])
  })

  it.each([1, 17, 500])('chooses %i rows, or all there are, each once, and counts the others', async (wanted) => {
    const { tally, rows } = await select(shards, { select: wanted })
    expect(rows).toHaveLength(Math.min(wanted, 180))
    expect(new Set(rows.map((row) => row.sluice_id)).size).toBe(rows.length)
    expect(tally.in).toBe(180)
    expect(tally.in).toBe(tally.out + total(tally.rejected) + total(tally.failed))
  })

  it('chooses the same rows whatever the order in which shards arrive', async () => {
    const straight = await select(shards, { select: 17 })
    expect((await select([...shards].reverse(), { select: 17 })).rows).toEqual(straight.rows)
  })

  it('chooses nothing where nothing is kept', async () => {
    const { rows, tally } = await select(shards, { select: 17, keep: 'strict' })
    expect(rows).toEqual([])
    expect(total(tally.rejected)).toBe(180)
  })
})
