import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { staticEmbedder } from '../../src/embed/static/embed.js'
import { findShards } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { curate } from '../../src/recipes/curate.js'
import { corpusOptions } from '../../src/recipes/select/options.js'
import { strategies } from '../../src/recipes/select/strategies/index.js'
import { total } from '../../src/run/tally.js'
import { uniform } from '../../src/text/hash.js'
import { collect } from '../laws.js'
import { writeProseShards } from '../prose.js'

let folder: string
let shards: string[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-strategies-'))
  shards = await writeProseShards(join(folder, 'corpus'), 3, 60, { scores: true })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let runs = 0
async function selectBy(by: string, inputs: readonly string[], config: Record<string, unknown>) {
  const out = join(folder, `run-${runs++}`)
  const { tally } = await curate({ recipe: 'select', inputs, out, config: { by, seed: 7, ...config } })
  return { tally, out, rows: await collect(readShards(await findShards([join(out, 'data')]))) }
}

describe.each(Object.entries(strategies))('selecting by %s', (by, strategy) => {
  const select = (inputs: readonly string[], config: Record<string, unknown>) =>
    selectBy(by, inputs, { scoreColumn: 'score', maxCosine: 1, ...config })

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

/** The rows of the corpus as a strategy sees them, read the plain way. */
async function corpusRows(files = shards) {
  const rows = []
  for (const [shard, file] of files.entries()) {
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
    for (const [row, line] of lines.entries()) {
      rows.push({ ...(JSON.parse(line) as { text: string; score: number }), id: `shard-${shard}.jsonl#${row}` })
    }
  }
  return rows
}

const idsOf = (rows: readonly Record<string, unknown>[]) => rows.map((row) => String(row.sluice_id)).sort()

/** Ids of the `count` rows of least rank, the lower id on ties, by sorting them all. */
async function leastBy(count: number, rank: (row: Awaited<ReturnType<typeof corpusRows>>[number]) => number) {
  const rows = (await corpusRows()).map((row) => ({ id: row.id, rank: rank(row) }))
  rows.sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1))
  return rows
    .slice(0, count)
    .map(({ id }) => id)
    .sort()
}

describe('what a strategy chooses without vectors', () => {
  it('are the rows of least hash by random, and others for another seed', async () => {
    const { rows } = await selectBy('random', shards, { select: 40 })
    expect(idsOf(rows)).toEqual(await leastBy(40, ({ id }) => uniform(7, id, 'random')))
    expect(idsOf((await selectBy('random', shards, { select: 40, seed: 8 })).rows)).not.toEqual(idsOf(rows))
  })

  it.each([
    ['longest', -1],
    ['shortest', 1],
  ])('are the %s texts by length, counted in characters and not in UTF-16 units', async (length, sign) => {
    const { rows } = await selectBy('length', shards, { select: 40, length })
    expect(idsOf(rows)).toEqual(await leastBy(40, ({ text }) => sign * [...text].length))
    const pairs = join(folder, 'pairs.jsonl')
    await writeFile(pairs, ['𝒳𝒴𝒵', 'four', '12345'].map((text) => JSON.stringify({ text })).join('\n'))
    const of = async () => (await selectBy('length', [pairs], { select: 1, length })).rows.map(({ text }) => text)
    expect(await of()).toEqual([sign < 0 ? '12345' : '𝒳𝒴𝒵'])
  })

  it('are the largest of score plus noise by gumbel, and the best scores at temperature 0', async () => {
    const noise = (id: string) => -Math.log(-Math.log(uniform(7, id, 'gumbel')))
    for (const scoreTemperature of [0, 0.5, 20]) {
      const { rows } = await selectBy('gumbel', shards, { select: 40, scoreColumn: 'score', scoreTemperature })
      expect(idsOf(rows)).toEqual(await leastBy(40, ({ id, score }) => -(score + scoreTemperature * noise(id))))
    }
  })

  it('is drawn by gumbel as often as its score says', async () => {
    const noise = (seed: number, id: string) => -Math.log(-Math.log(uniform(seed, id, 'gumbel')))
    let times = 0
    for (let seed = 0; seed < 20_000; seed++) if (Math.log(3) + noise(seed, 'a') > noise(seed, 'b')) times++
    expect(times / 20_000).toBeCloseTo(3 / 4, 2)
  })

  it('needs no embedder', async () => {
    for (const by of ['random', 'length', 'gumbel']) {
      const embedder = { embedder: 'openai:none', embedderEndpoint: 'http://127.0.0.1:9/v1' }
      const { rows } = await selectBy(by, shards, { select: 5, scoreColumn: 'score', ...embedder })
      expect(rows).toHaveLength(5)
    }
  })
})

describe('selecting by prototypes', () => {
  it('takes the rows farthest from their centroid, or nearest, of those that every row was given', async () => {
    const all = (await selectBy('prototypes', shards, { select: 180, clusters: 9 })).rows
    const ranked = all
      .map((row) => ({ id: String(row.sluice_id), distance: Number(row.sluice_distance) }))
      .sort((a, b) => a.distance - b.distance || (a.id < b.id ? -1 : 1))
    const easy = await selectBy('prototypes', shards, { select: 30, clusters: 9, prototypes: 'easy' })
    expect(idsOf(easy.rows)).toEqual(idsOf(ranked.slice(0, 30).map(({ id }) => ({ sluice_id: id }))))
    const hard = (await selectBy('prototypes', shards, { select: 30, clusters: 9 })).rows
    expect(Math.min(...hard.map((row) => Number(row.sluice_distance)))).toBe(ranked.at(-30)!.distance)
  })
})

describe('selecting by deita', () => {
  it.each([0.5, 0.8, 0.9, 0.95])(
    'takes what one comparison after another takes, at a cosine of %d',
    async (maxCosine) => {
      const embedder = await staticEmbedder()
      const rows = (await corpusRows()).sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
      const { dimensions } = embedder
      const vectors = await embedder.embed(rows.map(({ text }) => text))
      const cosine = (a: number, b: number) => {
        let sum = 0
        for (let k = 0; k < dimensions; k++) sum += vectors[a * dimensions + k]! * vectors[b * dimensions + k]!
        return sum
      }
      const taken: number[] = []
      for (const row of rows.keys()) {
        if (taken.length < 25 && taken.every((other) => cosine(row, other) <= maxCosine)) taken.push(row)
      }
      const chosen = (await selectBy('deita', shards, { select: 25, scoreColumn: 'score', maxCosine })).rows
      chosen.sort((a, b) => Number(a.sluice_cluster) - Number(b.sluice_cluster))
      expect(chosen.map(({ sluice_id }) => sluice_id)).toEqual(taken.map((row) => rows[row]!.id))
    },
  )

  it('reads on where more rows than it holds at a time are alike, and ends with fewer where all are', async () => {
    const alike = Array.from({ length: 16_500 }, () => ({ text: 'The same sentence again.', score: 5 }))
    const others = ['Miners drill for copper.', 'Violins tune before the symphony.'].map((text) => ({ text, score: 1 }))
    const file = join(folder, 'alike.jsonl')
    await writeFile(file, [...alike, ...others].map((row) => JSON.stringify(row)).join('\n'))
    const { rows, tally } = await selectBy('deita', [file], { select: 10, scoreColumn: 'score' })
    expect(rows.map(({ text }) => text)).toEqual([alike[0]!.text, ...others.map(({ text }) => text)])
    expect(tally).toMatchObject({ in: 16_502, out: 3, rejected: { 'choose: not chosen': 16_499 } })
  })
})

describe('a strategy that goes by score', () => {
  it('asks for the column', async () => {
    await expect(selectBy('gumbel', shards, { select: 5 })).rejects.toThrow('no score column was named')
  })

  it('leaves rows without a score as rejects', async () => {
    const file = join(folder, 'scored.jsonl')
    const scores = [3, null, 'high', 2.5, 9]
    await writeFile(file, scores.map((score, n) => JSON.stringify({ text: `Text ${n}.`, score })).join('\n'))
    const { rows, tally } = await selectBy('gumbel', [file], { select: 5, scoreColumn: 'score' })
    expect(rows.map(({ score }) => score)).toEqual([3, 2.5, 9])
    expect(tally.rejected).toMatchObject({ 'read: no score': 2 })
  })
})
