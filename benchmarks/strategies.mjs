// What do the rows that each strategy of `sluice select` chooses have in common with the corpus, and with each other?
//
//   npm run build:ts && node benchmarks/strategies.mjs 'corpus/*.jsonl' [column] [rows]
//
// Each strategy that needs no score chooses so many rows (default 200), and then for every row of the corpus the nearest
// chosen one is found, by the bundled embedder's own vectors. `mean` is the mean of these distances, `inertia` that of their
// squares, `radius` the largest, and `whitened` the largest among whitened vectors, by which the strategies themselves go:
// less is a corpus better covered. `alike` is the mean over the chosen texts of the
// largest ROUGE-L F with another chosen one: less is texts more unlike. `words` is how long they are. CPU seconds are of
// the whole selection, in this process. Lines are sorted by inertia; `random` is the mean of five seeds.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedder } from '../dist/embed/index.js'
import { applyWhitening, curate, findShards, fitWhitening, readShards } from '../dist/index.js'
import { strategies } from '../dist/recipes/select/strategies/index.js'
import { nearestCentroid } from '../dist/select/kernel/nearest.js'
import { createRougeDiversity } from '../dist/select/rouge-diversity.js'
import { splitWords } from '../dist/text/words.js'

const [corpus, column = 'text', wanted = '200'] = process.argv.slice(2)
if (corpus === undefined) throw new Error("usage: node benchmarks/strategies.mjs 'corpus/*.jsonl' [column] [rows]")
const select = Number(wanted)
const folder = mkdtempSync(join(tmpdir(), 'sluice-strategies-'))
const embedder = await openEmbedder()
const { dimensions } = embedder

const texts = await textsOf([corpus])
const vectors = await embedder.embed(texts)
const whitening = fitWhitening(vectors.subarray(0, 1000 * dimensions), dimensions)
const whitened = applyWhitening(whitening, vectors)

/** Variants beside the defaults. */
const variants = {
  quota: [{}, { inside: 'nearest' }, { inside: 'farthest' }],
  prototypes: [{}, { prototypes: 'easy' }],
  length: [{}, { length: 'shortest' }],
}

const lines = []
for (const by of Object.keys(strategies)) {
  // These choose by a score, which is nothing of the corpus's own.
  if (['gumbel', 'deita', 'mmr'].includes(by)) continue
  for (const variant of variants[by] ?? [{}]) {
    const seeds = by === 'random' ? [0, 1, 2, 3, 4] : [0]
    const found = []
    for (const seed of seeds) found.push(await measure({ by, ...variant, seed }))
    const mean = (name) => found.reduce((sum, each) => sum + each[name], 0) / found.length
    const name = [by, ...Object.values(variant)].join(' ')
    lines.push({ name, ...Object.fromEntries(Object.keys(found[0]).map((key) => [key, mean(key)])) })
  }
}
rmSync(folder, { recursive: true })

console.log(`${texts.length} texts, of which each strategy chooses ${select}`)
console.log('| strategy | mean | inertia | radius | whitened | alike | words | CPU s |')
console.log(`|${' --- |'.repeat(8)}`)
for (const { name, words, cpu, ...figures } of lines.sort((a, b) => a.inertia - b.inertia)) {
  const { mean, inertia, radius, whitened: largest, alike } = figures
  const cells = [mean, inertia, radius, largest, alike].map((figure) => figure.toFixed(3))
  console.log(`| \`${name}\` | ${[...cells, words.toFixed(0), cpu.toFixed(1)].join(' | ')} |`)
}

async function measure(config) {
  const out = join(folder, JSON.stringify(config).replaceAll(/\W+/g, '-'))
  const before = process.cpuUsage()
  await curate({ recipe: 'select', inputs: [corpus], out, config: { textColumn: column, select, ...config } })
  const { user, system } = process.cpuUsage(before)
  const chosen = await textsOf([join(out, 'data')])
  const centres = await embedder.embed(chosen)
  const { distances } = nearestCentroid(centres, dimensions).assign(vectors, texts.length)
  const ofWhitened = nearestCentroid(applyWhitening(whitening, centres), dimensions).assign(whitened, texts.length)
  const largest = (values) => Math.sqrt(values.reduce((most, distance) => Math.max(most, distance), 0))
  const diversity = createRougeDiversity()
  for (const [n, text] of chosen.entries()) diversity.add(`${n}`, text)
  const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    mean: average(Array.from(distances, Math.sqrt)),
    inertia: average(Array.from(distances)),
    radius: largest(distances),
    whitened: largest(ofWhitened.distances),
    alike: average(chosen.map((text, n) => diversity.largest(`${n}`, text))),
    words: average(chosen.map((text) => splitWords(text).length)),
    cpu: (user + system) / 1e6,
  }
}

async function textsOf(inputs) {
  const found = []
  for await (const rows of readShards(await findShards(inputs), { columns: [column] })) {
    for (const row of rows) if (typeof row[column] === 'string' && row[column].trim() !== '') found.push(row[column])
  }
  return found
}
