// What does rounding vectors cost, and what do kept vectors save?
//
//   npm run build:ts && node benchmarks/kept-vectors.mjs 'corpus/*.parquet' [text column]
//
// Of 4,096 texts of the corpus: the cosine of a vector with itself rounded, and how far off the cosines of 100,000 pairs are. Of selections
// of 1,000 rows: how many rows are those chosen from float32, and how far those texts are from their nearest chosen row (mean squared
// distance, the ratio to float32's). Of a first run, which makes the vectors and keeps them, and a second one, which finds them: CPU
// seconds and bytes. The embedder is the bundled one: another costs more to ask, and saves more.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rounded } from '../dist/embed/quantize.js'
import { findShards, openEmbedder, readShards } from '../dist/index.js'
import { metered } from './child.mjs'

const [corpus, textColumn = 'text'] = process.argv.slice(2)
if (corpus === undefined) throw new Error('Name the shards of a corpus')
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'sluice-kept-'))
const precisions = ['int16', 'int8']
let runs = 0

const { embed, dimensions } = await openEmbedder()
const texts = await firstTexts(4096)
const vectors = await embed(texts)
const at = (matrix, row) => matrix.subarray(row * dimensions, (row + 1) * dimensions)

try {
  cosines()
  await selections()
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function firstTexts(count) {
  const shards = await findShards([corpus])
  const found = []
  for await (const rows of readShards(shards, { columns: [textColumn], rows: { start: 0, end: count } })) {
    found.push(...rows.map((row) => String(row[textColumn])))
  }
  return found
}

function cosines() {
  for (const precision of precisions) {
    const kept = rounded(vectors, dimensions, precision)
    let [own, most, sum] = [0, 0, 0]
    for (let row = 0; row < texts.length; row++) own = Math.max(own, 1 - dot(at(vectors, row), at(kept, row)))
    for (let pair = 0; pair < 100_000; pair++) {
      const [a, b] = [pair % texts.length, (pair * 7919 + 1) % texts.length]
      const error = Math.abs(dot(at(vectors, a), at(vectors, b)) - dot(at(kept, a), at(kept, b)))
      most = Math.max(most, error)
      sum += error ** 2
    }
    const rms = Math.sqrt(sum / 100_000)
    console.log(
      `${precision.padEnd(7)} 1 - cosine with itself at most ${own.toExponential(1)};` +
        ` cosine of a pair off by ${rms.toExponential(1)} (rms), ${most.toExponential(1)} (most)`,
    )
  }
}

async function selections() {
  for (const by of ['quota', 'k-center', 'facility-location', 'semdedup']) {
    const exact = await chosen(await select(by, 'float32'))
    for (const precision of precisions) {
      const other = await chosen(await select(by, precision))
      const same = [...other.ids].filter((id) => exact.ids.has(id)).length
      const ratio = (other.inertia / exact.inertia).toFixed(4)
      console.log(
        `${by.padEnd(17)} ${precision.padEnd(7)} ${same} of ${exact.ids.size} rows are the same; inertia ${ratio}`,
      )
    }
  }
  for (const precision of ['float32', ...precisions]) {
    const kept = join(folder, `vectors-${precision}`)
    const none = await select('quota', precision)
    const first = await select('quota', precision, kept)
    const again = await select('quota', precision, kept)
    const bytes = await sizeOf(kept)
    console.log(
      `${precision.padEnd(7)} CPU s without ${none.cpu.toFixed(1)}, kept ${first.cpu.toFixed(1)}, found ${again.cpu.toFixed(1)};` +
        ` peak MB ${none.mb.toFixed(0)}, ${first.mb.toFixed(0)}, ${again.mb.toFixed(0)}; ${(bytes / 1e6).toFixed(1)} MB of vectors`,
    )
  }
}

async function select(by, precision, vectors) {
  const out = join(folder, `picked-${runs++}.parquet`)
  const where = vectors === undefined ? [] : ['--vectors', vectors]
  const options = ['--by', by, '-n', '1000', '--text-column', textColumn, '--embedder-precision', precision]
  return { ...metered(process.execPath, [cli, 'select', corpus, '-o', out, '-q', ...options, ...where]), out }
}

/** The ids that were chosen, and the mean squared distance of the texts to the nearest of them. */
async function chosen({ out }) {
  const ids = new Set()
  const chosenTexts = []
  for await (const rows of readShards(await findShards([out]))) {
    for (const row of rows) {
      ids.add(row.sluice_id)
      chosenTexts.push(String(row[textColumn]))
    }
  }
  const matrix = await embed(chosenTexts)
  let inertia = 0
  for (let row = 0; row < texts.length; row++) {
    let nearest = -1
    for (let other = 0; other < ids.size; other++) nearest = Math.max(nearest, dot(at(vectors, row), at(matrix, other)))
    inertia += 2 - 2 * nearest
  }
  return { ids, inertia }
}

async function sizeOf(path) {
  let bytes = 0
  for (const name of await readdir(path, { recursive: true })) bytes += (await stat(join(path, name))).size
  return bytes
}

function dot(a, b) {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k]
  return sum
}
