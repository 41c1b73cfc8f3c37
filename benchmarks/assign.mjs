// How fast is nearest-centroid assignment beside OpenBLAS and faiss?
//
//   npm run build:ts && SLUICE_BENCH_PYTHON=venv/bin/python node benchmarks/assign.mjs [rows]
//
// The Python needs `pip install numpy faiss-cpu`; what is missing is left out. Everything runs on one thread; a figure is
// the best of five passes, in billions of multiplications and additions per CPU second.
import { nearestCentroid } from '../dist/select/kernel/nearest.js'
import { cpuSeconds, mixture, runPeer } from './vectors.mjs'

const rows = Number(process.argv[2] ?? 20_000)

for (const [dimensions, k] of [
  [64, 100],
  [256, 100],
  [256, 1000],
]) {
  const vectors = mixture(rows + k, dimensions, 300, 7)
  const centroids = vectors.slice(rows * dimensions)
  const tested = vectors.subarray(0, rows * dimensions)
  const speed = (count, seconds) => (2 * count * k * dimensions) / seconds / 1e9
  console.log(`\n${rows} × ${dimensions}, ${k} centroids`)
  const simd = measure('simd', tested, rows)
  // A tenth of the rows is enough for the slow one.
  const plain = measure('plain', tested, Math.ceil(rows / 10))
  const show = (name, value, more = '') => console.log(`${name.padEnd(14)} ${value.toFixed(1).padStart(6)}  ${more}`)
  show('sluice simd', speed(rows, simd.seconds))
  show('sluice plain', speed(Math.ceil(rows / 10), plain.seconds))
  const peers = runPeer('assign_peers.py', { vectors: tested, centroids }, [dimensions], (read) => ({
    labels: read('labels.i32'),
  }))
  for (const [name, seconds] of Object.entries(peers?.seconds ?? {})) {
    show(name, speed(rows, seconds), `sluice simd / ${name} = ${(seconds / simd.seconds).toFixed(2)}`)
  }
  if (peers) {
    const labels = new Int32Array(peers.files.labels.buffer)
    const other = simd.value.labels.reduce((count, label, row) => count + (label === labels[row] ? 0 : 1), 0)
    console.log(`${other} of ${rows} labels differ from numpy's (near ties)`)
  }

  function measure(kind, from, count) {
    const kernel = nearestCentroid(centroids, dimensions, { kind })
    const pass = () => cpuSeconds(() => kernel.assign(from, count))
    return [pass(), pass(), pass(), pass(), pass()].reduce((best, run) => (run.seconds < best.seconds ? run : best))
  }
}
