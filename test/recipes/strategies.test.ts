import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { staticEmbedder } from '../../src/embed/static/embed.js'
import { findShards } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { curate } from '../../src/recipes/curate.js'
import { openRun } from '../../src/recipes/open-run.js'
import { readClustered } from '../../src/recipes/select/clustered.js'
import { corpusOptions } from '../../src/recipes/select/options.js'
import { strategies } from '../../src/recipes/select/strategies/index.js'
import { readDimensions, readKeptVectors } from '../../src/recipes/select/vectors.js'
import { total } from '../../src/run/tally.js'
import { densityClusters, noise } from '../../src/select/density-clusters.js'
import { rougeL } from '../../src/select/rouge.js'
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

/** What a strategy must be told before it chooses, and to choose as many as are asked for. */
const needs: Readonly<Record<string, Record<string, unknown>>> = {
  gumbel: { scoreColumn: 'score' },
  deita: { scoreColumn: 'score', maxCosine: 1 },
  mmr: { scoreColumn: 'score' },
}

describe.each(Object.entries(strategies))('selecting by %s', (by, strategy) => {
  const select = (inputs: readonly string[], config: Record<string, unknown>) =>
    selectBy(by, inputs, { ...needs[by], ...config })

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
    for (const by of ['random', 'length', 'gumbel', 'rouge', 'rouge-others']) {
      const embedder = { embedder: 'openai:none', embedderEndpoint: 'http://127.0.0.1:9/v1' }
      const { rows } = await selectBy(by, shards, { select: 5, ...needs[by], ...embedder })
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

/** What the scan of a run left, as a strategy sees it, and the clusters where there are any. */
async function scanned(out: string) {
  const { plan, ledger } = await openRun(out)
  const view = { plan, committed: ledger.committed }
  const dimensions = await readDimensions(view)
  const rows: { id: string; vector: number[]; cluster: number; distance: number }[] = []
  for await (const { ids, vectors } of readKeptVectors(view, dimensions)) {
    for (const [at, id] of ids.entries()) {
      rows.push({ id, vector: [...vectors.subarray(at * dimensions, (at + 1) * dimensions)], cluster: 0, distance: 0 })
    }
  }
  if (view.committed('assign').length > 0) {
    let at = 0
    for (const task of view.committed('scan')) {
      for await (const batch of readClustered(view, task)) {
        for (const { id, cluster, distance } of batch) Object.assign(rows[at++]!, { id, cluster, distance })
      }
    }
  }
  return { rows: rows.sort(byId), dimensions }
}

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
const squared = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, at) => sum + (value - b[at]!) ** 2, 0)
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, at) => sum + value * b[at]!, 0)
const inTurn = (rows: readonly Record<string, unknown>[]) =>
  [...rows].sort((a, b) => Number(a.sluice_cluster) - Number(b.sluice_cluster)).map((row) => String(row.sluice_id))

/** Takes the best row by looking at every one that is left, the lowest id on ties. */
function greedily<R extends { id: string }>(rows: readonly R[], k: number, value: (row: R, taken: R[]) => number) {
  const taken: R[] = []
  const left = [...rows].sort(byId)
  while (taken.length < k) {
    const values = left.map((row) => value(row, taken))
    taken.push(...left.splice(values.indexOf(Math.max(...values)), 1))
  }
  return taken
}

describe('selecting by facility-location', () => {
  it('takes what leaves the least squared distance, one row after another, and says how much is left', async () => {
    const { rows: chosen, out } = await selectBy('facility-location', shards, { select: 12 })
    const { rows } = await scanned(out)
    const costOf = (taken: typeof rows) =>
      rows.reduce((sum, { vector }) => sum + Math.min(...taken.map((other) => squared(vector, other.vector))), 0)
    const expected = greedily(rows, 12, (row, taken) => -Math.fround(costOf([...taken, row])))
    expect(inTurn(chosen)).toEqual(expected.map(({ id }) => id))
    const { ledger } = await openRun(out)
    const left = await readFile(join(ledger.committed('choose')[0]!.folder, 'facility-location.json'), 'utf8')
    expect(JSON.parse(left).meanSquaredDistance).toBeCloseTo(costOf(expected) / rows.length, 6)
  })

  it('refuses what it could not finish', async () => {
    const many = selectBy('facility-location', shards, { select: 20_001 })
    await expect(many).rejects.toThrow('too many to choose')
    const few = selectBy('facility-location', shards, { select: 50, coresetRows: 20 })
    await expect(few).rejects.toThrow('The coreset has 20 rows, fewer than the 50 to choose')
  })
})

describe('selecting by mmr', () => {
  it.each([0, 0.3, 0.7, 1])('takes what one comparison after another takes, at a lambda of %d', async (lambda) => {
    const embedder = await staticEmbedder()
    const texts = await corpusRows()
    const { dimensions } = embedder
    const vectors = await embedder.embed(texts.map(({ text }) => text))
    const scores = texts.map(({ score }) => score)
    const [low, high] = [Math.min(...scores), Math.max(...scores)]
    const rows = texts.map(({ id, score }, n) => {
      return { id, score, vector: [...vectors.subarray(n * dimensions, (n + 1) * dimensions)] }
    })
    const expected = greedily(rows, 20, ({ vector, score }, taken) => {
      const alike = taken.length === 0 ? 0 : Math.max(...taken.map((other) => dot(vector, other.vector)))
      // Rows of equal worth go by score first.
      return (lambda * (score - low)) / (high - low) - (1 - lambda) * alike + 1e-9 * score
    })
    const { rows: chosen } = await selectBy('mmr', shards, { select: 20, scoreColumn: 'score', lambda })
    expect(inTurn(chosen)).toEqual(expected.map(({ id }) => id))
  })
})

const rougeOf = (a: { text: string }, b: { text: string }) => rougeL(a.text, b.text, { tokens: 'words' }).f

describe('selecting by ROUGE-L', () => {
  it('by rouge takes each time the text least like those taken', async () => {
    const rows = await corpusRows()
    const first = [...rows].sort((a, b) => uniform(7, a.id, 'rouge') - uniform(7, b.id, 'rouge'))[0]!
    const expected = greedily(rows, 15, (row, taken) =>
      taken.length === 0 ? Number(row === first) : -Math.max(...taken.map((other) => rougeOf(row, other))),
    )
    const { rows: chosen } = await selectBy('rouge', shards, { select: 15 })
    expect(inTurn(chosen)).toEqual(expected.map(({ id }) => id))
  })

  it('by rouge-others takes the texts least like others drawn at random', async () => {
    const rows = await corpusRows()
    const others = [...rows].sort((a, b) => uniform(7, a.id, 'rouge') - uniform(7, b.id, 'rouge')).slice(0, 30)
    const alike = (row: (typeof rows)[number]) =>
      Math.max(...others.filter(({ id }) => id !== row.id).map((other) => rougeOf(row, other)))
    const { rows: chosen } = await selectBy('rouge-others', shards, { select: 25, others: 30 })
    expect(idsOf(chosen)).toEqual(await leastBy(25, alike))
  })
})

describe('selecting by semdedup', () => {
  it('takes the rows least like one that stands farther from their centroid', async () => {
    const { rows: chosen, out } = await selectBy('semdedup', shards, { select: 60, clusters: 5 })
    const { rows } = await scanned(out)
    expect(new Set(rows.map(({ cluster }) => cluster)).size).toBeGreaterThan(2)
    const ranked = rows.map((row) => {
      const before = rows.filter(
        (other) =>
          other.cluster === row.cluster &&
          (other.distance > row.distance || (other.distance === row.distance && other.id < row.id)),
      )
      const cosines = before.map((other) => dot(row.vector, other.vector))
      return { id: row.id, alike: before.length === 0 ? -1 : Math.min(1, Math.max(...cosines)) }
    })
    ranked.sort((a, b) => a.alike - b.alike || byId(a, b))
    expect(idsOf(chosen)).toEqual(idsOf(ranked.slice(0, 60).map(({ id }) => ({ sluice_id: id }))))
    // Of the equal texts only one is near the front.
    expect(chosen.filter(({ text }) => text === 'Too short.')).toHaveLength(1)
  })
})

describe('selecting by cbs', () => {
  it('adds to the means of dense clusters the rows farthest from them and each other', async () => {
    const { rows: chosen, out } = await selectBy('cbs', shards, { select: 20, minClusterSize: 3 })
    const { rows, dimensions } = await scanned(out)
    const vectors = Float32Array.from(rows.flatMap(({ vector }) => vector))
    const labels = await densityClusters({ vectors, dimensions, minClusterSize: 3 })
    const clusters = new Set(labels.filter((label) => label !== noise))
    expect(clusters.size).toBeGreaterThan(1)
    const means = [...clusters].map((cluster) => {
      const members = rows.filter((_, row) => labels[row] === cluster)
      const mean = (k: number) => members.reduce((sum, { vector }) => sum + vector[k]!, 0) / members.length
      return Array.from({ length: dimensions }, (_, k) => mean(k))
    })
    const expected = greedily(rows, 20, ({ vector }, taken) =>
      Math.fround(
        Math.min(...[...means, ...taken.map((other) => other.vector)].map((other) => squared(vector, other))),
      ),
    )
    expect(inTurn(chosen)).toEqual(expected.map(({ id }) => id))
  })
})

describe('selecting by quota', () => {
  it('takes of each cluster its best by score, if asked', async () => {
    const scored = { select: 30, clusters: 6, inside: 'score', scoreColumn: 'score' }
    const { rows: chosen } = await selectBy('quota', shards, scored)
    const { rows: all } = await selectBy('quota', shards, { ...scored, select: 180 })
    expect(chosen).toHaveLength(30)
    for (let cluster = 0; cluster < 6; cluster++) {
      const isOf = (row: Record<string, unknown>) => row.sluice_cluster === cluster
      const best = all
        .filter(isOf)
        .map(({ score, sluice_id }) => ({ score: Number(score), id: String(sluice_id) }))
        .sort((a, b) => b.score - a.score || byId(a, b))
        .slice(0, chosen.filter(isOf).length)
      expect(idsOf(chosen.filter(isOf))).toEqual(idsOf(best.map(({ id }) => ({ sluice_id: id }))))
    }
  })
})

describe('a strategy that goes by score', () => {
  it.each([
    ['gumbel', {}],
    ['deita', {}],
    ['mmr', {}],
    ['quota', { inside: 'score' }],
  ])('asks for the column, by %s', async (by, config) => {
    await expect(selectBy(by, shards, { select: 5, ...config })).rejects.toThrow('no score column was named')
  })

  it('is the only one that may be given it', async () => {
    for (const by of ['quota', 'k-center', 'random', 'rouge']) {
      const given = selectBy(by, shards, { select: 5, scoreColumn: 'score' })
      await expect(given).rejects.toThrow(`--by ${by}, as it is set, does not look at --score-column`)
    }
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
