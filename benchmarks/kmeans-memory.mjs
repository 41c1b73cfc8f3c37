// How much memory does coreset k-means hold beside faiss, whose rows are in memory?
//
//   npm run build:ts && SLUICE_BENCH_PYTHON=venv/bin/python node benchmarks/kmeans-memory.mjs [rows=1000000] [dimensions=128] [k=500]
//
// The Python needs `pip install numpy faiss-cpu`. Ours reads the vectors from a file in tiles, as a selection does: once for
// the sketch, once for a polish. Peaks are those of whole processes.
import { mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSketch } from '../dist/select/coreset.js'
import { kmeans } from '../dist/select/kmeans.js'
import { fitPilot } from '../dist/select/pilot.js'
import { createPolish } from '../dist/select/polish.js'
import { metered } from './child.mjs'
import { mixture } from './vectors.mjs'

const [rows, dimensions, k] = [1_000_000, 128, 500].map((usual, at) => Number(process.argv[2 + at] ?? usual))
const tileRows = 4096
const trained = process.argv[5]
if (trained === undefined) await compare()
else await train(trained)

async function compare() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const path = join(folder, 'vectors.f32')
  try {
    const file = openSync(path, 'w')
    for (let row = 0; row < rows; row += 50_000) {
      writeSync(file, new Uint8Array(mixture(Math.min(50_000, rows - row), dimensions, 1500, 7 + row).buffer))
    }
    Object.assign(process.env, { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' })
    const shape = [String(rows), String(dimensions), String(k)]
    const ours = metered(process.execPath, [fileURLToPath(import.meta.url), ...shape, path])
    console.log(`${rows} × ${dimensions}, k = ${k}`)
    console.log(`sluice  ${ours.mb.toFixed(0)} MB  ${ours.cpu.toFixed(1)} CPU s`)
    const script = `
import faiss, numpy as np
vectors = np.fromfile(${JSON.stringify(path)}, dtype="<f4").reshape(-1, ${dimensions})
faiss.omp_set_num_threads(1)
faiss.Kmeans(${dimensions}, ${k}, seed=7).train(vectors)
`
    const theirs = metered(process.env.SLUICE_BENCH_PYTHON ?? 'python3', ['-c', script])
    console.log(`faiss   ${theirs.mb.toFixed(0)} MB  ${theirs.cpu.toFixed(1)} CPU s`)
    console.log(`sluice holds ${(ours.mb / theirs.mb).toFixed(2)} of what faiss holds`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function train(path) {
  const seed = 7
  const first = new Float32Array(8192 * dimensions)
  readSync(openSync(path, 'r'), new Uint8Array(first.buffer), 0, first.byteLength, 0)
  const pilot = await fitPilot(first, dimensions, { seed, ids: idsOf(0, 8192) })
  const { centroids } = await kmeans({ ...coresetOf(path, pilot, seed), k, seed })
  const polish = createPolish({ centroids, dimensions })
  for (const [, tile] of tiles(path)) polish.push(tile)
  polish.finish()
}

function coresetOf(path, pilot, seed) {
  const sketch = createSketch({ pilot, size: Math.max(20_000, 100 * k), seed })
  for (const [row, tile] of tiles(path)) sketch.push(idsOf(row, tile.length / dimensions), tile)
  return sketch.finish()
}

function idsOf(first, count) {
  return Array.from({ length: count }, (_, n) => `shard-0#${first + n}`)
}

function* tiles(path) {
  const file = openSync(path, 'r')
  const tile = new Float32Array(tileRows * dimensions)
  for (let row = 0; ; row += tileRows) {
    const read = readSync(file, new Uint8Array(tile.buffer), 0, tile.byteLength, null)
    if (read === 0) return
    yield [row, tile.subarray(0, read / 4)]
  }
}
