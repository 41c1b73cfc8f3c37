// How good and how fast is coreset k-means beside faiss and scikit-learn?
//
//   npm run build:ts && SLUICE_BENCH_PYTHON=venv/bin/python node benchmarks/kmeans.mjs [rows] [dimensions] [k] [polishes]
//
// The Python needs `pip install numpy faiss-cpu scikit-learn`; what is missing is left out. Everything runs on one thread.
// Inertia is measured on all rows by one and the same pass; our time is pilot, sketch, k-means and polish together. In the end
// k-means alone runs again in one thread and in two: wall time and CPU of the one to those of the other.
import { createSketch } from '../dist/select/coreset.js'
import { nearestCentroid } from '../dist/select/kernel/nearest.js'
import { kmeans } from '../dist/select/kmeans.js'
import { fitPilot } from '../dist/select/pilot.js'
import { createPolish } from '../dist/select/polish.js'
import { cpuSecondsOf, mixture, runPeer } from './vectors.mjs'

const [rows, dimensions, k, polishes] = [200_000, 128, 500, 1].map((usual, at) => Number(process.argv[2 + at] ?? usual))
const size = Math.max(20_000, 100 * k)
const batch = 1024
const seed = 7

const vectors = mixture(rows, dimensions, 1500, seed)
const stages = {}
let coreset
const ids = Array.from({ length: rows }, (_, row) => `shard-0#${row}`)
console.log(`${rows} × ${dimensions}, k = ${k}, coreset of ${size}, ${polishes} polish`)

// Compiles the code on other rows, as a first task would.
await train(vectors.subarray(0, 4096 * dimensions), ids.slice(0, 4096), 16)
const ours = await cpuSecondsOf(() => train(vectors, ids, k))
const inertia = (centroids) => {
  const { distances } = nearestCentroid(centroids, dimensions).assign(vectors, rows)
  return distances.reduce((sum, distance) => sum + distance, 0) / rows
}
const own = inertia(ours.value)
const spent = Object.entries(stages).map(([name, seconds]) => `${name} ${seconds.toFixed(2)}`)
console.log(`sluice         ${ours.seconds.toFixed(2)} CPU s  inertia ${own.toFixed(5)}  (${spent.join(', ')})`)

const peers = runPeer('kmeans_peers.py', { vectors }, [dimensions, k], (read, { seconds }) =>
  Object.fromEntries(Object.keys(seconds).map((name) => [name, read(`${name}.f32`)])),
)
for (const [name, seconds] of Object.entries(peers?.seconds ?? {})) {
  const theirs = inertia(peers.files[name])
  const ratios = `sluice is ${(seconds / ours.seconds).toFixed(2)}× as fast at ${(own / theirs).toFixed(4)}× the inertia`
  console.log(`${name.padEnd(14)} ${seconds.toFixed(2)} CPU s  inertia ${theirs.toFixed(5)}  ${ratios}`)
}

const alone = await runOf(1)
const together = await runOf(2)
const [wall, cpu] = [alone.wall / together.wall, alone.seconds / together.seconds].map((ratio) => ratio.toFixed(2))
console.log(`k-means in one thread to two: wall ${wall}, CPU ${cpu}`)

async function runOf(workers) {
  const start = performance.now()
  const { seconds } = await cpuSecondsOf(() => kmeans({ ...coreset, k, seed, workers }))
  return { seconds, wall: performance.now() - start }
}

async function train(from, names, clusters) {
  const time = async (stage, work) => {
    const { value, seconds } = await cpuSecondsOf(work)
    stages[stage] = seconds
    return value
  }
  const tiles = (take) => {
    for (let row = 0; row < names.length; row += batch) {
      take(from.subarray(row * dimensions, (row + batch) * dimensions), names.slice(row, row + batch))
    }
  }
  const first = names.slice(0, 8192)
  const pilot = await time('pilot', () =>
    fitPilot(from.subarray(0, first.length * dimensions), dimensions, { seed, ids: first }),
  )
  coreset = await time('sketch', () => {
    const sketch = createSketch({ pilot, size, seed })
    tiles((tile, of) => sketch.push(of, tile))
    return sketch.finish()
  })
  let { centroids } = await time('k-means', () => kmeans({ ...coreset, k: clusters, seed }))
  await time('polish', () => {
    for (let turn = 0; turn < polishes; turn++) {
      const polish = createPolish({ centroids, dimensions })
      tiles((tile) => polish.push(tile))
      centroids = polish.finish().centroids
    }
  })
  return centroids
}
