// How near does k-center on a growing pool come to farthest-first over all rows in memory?
//
//   npm run build:ts && node benchmarks/k-center.mjs [rows] [dimensions] [k]
//
// The peer is our own farthest-first on everything, the offline greedy of Gonzalez; its time leaves out that all rows must
// be in memory. Ours has a pool of the 10,000 rows of least hash, and reads all rows once a round.
import { farthestFirst } from '../dist/select/farthest-first.js'
import { kCenter } from '../dist/select/k-center.js'
import { distancesFrom } from '../dist/select/kernel/nearest.js'
import { uniform } from '../dist/text/hash.js'
import { cpuSecondsOf, mixture } from './vectors.mjs'

const [rows, dimensions, k] = [300_000, 64, 100].map((usual, at) => Number(process.argv[2 + at] ?? usual))
const poolRows = Math.max(10_000, 4 * k)
const seed = 7
const batch = 4096

const vectors = mixture(rows, dimensions, 1500, seed)
const ids = Array.from({ length: rows }, (_, row) => `shard-0#${row}`)
const hashes = Float64Array.from(ids, (id) => uniform(seed, id, 'pool'))
const limit = hashes.toSorted()[poolRows - 1]
const pooled = [...ids.keys()].filter((row) => hashes[row] <= limit)
const pool = {
  ids: pooled.map((row) => ids[row]),
  vectors: Float32Array.from(pooled.flatMap((row) => [...vector(row)])),
}
console.log(`${rows} × ${dimensions}, k = ${k}, pool of ${poolRows}`)

await choose(16)
const ours = await cpuSecondsOf(() => choose(k))
const { radius, optimumAtLeast, rounds } = ours.value
const distances = distancesFrom(vectors, dimensions)
const first = ids.indexOf(ours.value.ids[0])
const offline = await cpuSecondsOf(() => farthestFirst((row) => distances(vector(row)), { rows, k, first }))
show('offline greedy', offline.seconds, offline.value.radius, offline.value.gaps.at(-1) / 2)
show('sluice', ours.seconds, radius, optimumAtLeast, `${rounds} rounds`)
console.log(`radius ${(radius / offline.value.radius).toFixed(3)} × the offline one's`)

function show(name, seconds, reached, least, more = '') {
  const certificate = `certified within ${(reached / least).toFixed(3)} × the optimum`
  console.log(`${name.padEnd(14)} ${seconds.toFixed(2)} CPU s  radius ${reached.toFixed(4)}  ${certificate}  ${more}`)
}

function vector(row) {
  return vectors.subarray(row * dimensions, (row + 1) * dimensions)
}

function choose(centres) {
  return kCenter({ pool, rows: read, dimensions, k: centres, seed })
}

async function* read() {
  for (let row = 0; row < rows; row += batch) {
    yield { ids: ids.slice(row, row + batch), vectors: vectors.subarray(row * dimensions, (row + batch) * dimensions) }
  }
}
