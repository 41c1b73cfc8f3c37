import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openEmbedder } from '../../src/embed/index.js'
import { findShards } from '../../src/formats/index.js'
import { readConfig } from '../../src/recipes/config.js'
import { recipeNamed } from '../../src/recipes/plan-run.js'
import type { Resources } from '../../src/recipes/types.js'
import { execute } from '../../src/run/execute.js'
import type { Pass, Task } from '../../src/run/types.js'
import { paragraph } from '../prose.js'

const rows = 210

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-tasks-'))
  // Every tenth text comes twice, and every seventh is none.
  const text = (n: number) => (n % 7 === 6 ? null : paragraph(`${n % 10 === 9 ? n - 9 : n}`))
  const lines = Array.from({ length: rows }, (_, n) => JSON.stringify({ text: text(n), score: (n * 37) % 61 }))
  await writeFile(join(folder, 'corpus.jsonl'), lines.join('\n'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The same pass over the same rows, cut into so many tasks. */
function cut(pass: Pass, count: number): Pass {
  const bound = (part: number) => Math.round((part * rows) / count)
  const tasks = Array.from({ length: count }, (_, part): Task => {
    return { id: `000000-0000${part}`, shard: 0, rows: { start: bound(part), end: bound(part + 1) } }
  })
  return { ...pass, tasks: async () => tasks }
}

async function run(recipeName: string, given: Record<string, unknown>, count: number): Promise<Buffer[]> {
  const recipe = recipeNamed(recipeName)
  const config = readConfig(recipe, given)
  const out = join(folder, `${recipeName}-${Object.values(given).join('-')}-${count}`)
  const resources: Resources = {
    model: () => Promise.reject(new Error('No model is asked')),
    embedder: () => openEmbedder(),
    concurrency: 1,
    reading: {},
  }
  const passes = recipe.passes(config, resources, {})
  const shards = await findShards([join(folder, 'corpus.jsonl')])
  const read = recipeName === 'filter' ? 'filter' : 'scan'
  await execute({
    out,
    plan: { format: 2, recipe: recipeName, config, shards },
    passes: passes.map((pass) => (pass.name === read ? cut(pass, count) : pass)),
  })
  const files = ['data/train-00000-of-00001.parquet', 'rejects.parquet', 'README.md']
  return Promise.all(files.map((file) => readFile(join(out, file))))
}

it.each([
  ...['quota', 'k-center', 'facility-location', 'prototypes', 'semdedup', 'cbs'].map(
    (by) => ['select', { by, select: 30 }] as const,
  ),
  ...['rouge', 'rouge-others', 'random', 'length'].map((by) => ['select', { by, select: 30 }] as const),
  ...['gumbel', 'deita', 'mmr'].map((by) => ['select', { by, select: 30, scoreColumn: 'score' }] as const),
  ...['exact', 'minhash', 'semantic', 'rouge'].map((by) => ['dedup', { by }] as const),
  ['filter', { rules: 'gopher-quality' }] as const,
])('%s with %o gives the same bytes for 1, 2 and 7 tasks, rows named by their place', async (recipe, config) => {
  const [whole, ...others] = [await run(recipe, config, 1), await run(recipe, config, 2), await run(recipe, config, 7)]
  for (const files of others) expect(files.map((bytes, n) => bytes.equals(whole[n]!))).toEqual([true, true, true])
})
