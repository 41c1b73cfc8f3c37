// A whole selection beside what a careful Python user writes: read, embed, k-means, quotas, fetch, write zstd Parquet.
//
//   npm run build:ts && node benchmarks/make-corpus.mjs corpus 120
//   SLUICE_BENCH_PYTHON=venv/bin/python node benchmarks/select.mjs corpus [rows=10000] [clusters…=256 1000]
//
// The Python needs `pip install pyarrow model2vec==0.10.0 tokenizers numpy faiss-cpu`; without it only ours is measured. Both
// embed with the same table and cut a text at 512 pieces; both are whole processes on one thread each, start included.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { metered } from './child.mjs'

const [corpus, rows = '10000', ...given] = process.argv.slice(2)
if (!corpus) throw new Error('Expected a folder of Parquet shards: node benchmarks/select.mjs FOLDER')
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const one = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', TOKENIZERS_PARALLELISM: 'false', HF_HUB_OFFLINE: '1' }
Object.assign(process.env, one)
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
try {
  for (const clusters of given.length > 0 ? given : ['256', '1000']) {
    console.log(`${rows} rows of ${corpus}, k = ${clusters}`)
    const chosen = ['-n', rows, '--clusters', clusters, '-o', join(folder, `ours-${clusters}.parquet`)]
    const ours = metered(process.execPath, [here('../dist/cli.js'), 'select', corpus, ...chosen])
    show('sluice', ours)
    const out = join(folder, `theirs-${clusters}.parquet`)
    const script = [here('select_careful.py'), here('../src/embed/static'), corpus, rows, clusters, out]
    try {
      const theirs = metered(process.env.SLUICE_BENCH_PYTHON ?? 'python3', script)
      show('careful', theirs, `sluice takes ${(theirs.cpu / ours.cpu).toFixed(2)} times less CPU`)
      console.log(`  careful's stages: ${theirs.out.trim()}`)
    } catch (error) {
      console.log(`  careful left out: ${error.message}`)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function show(name, { cpu, mb }, more = '') {
  console.log(`  ${name.padEnd(8)} ${cpu.toFixed(1).padStart(6)} CPU s ${mb.toFixed(0).padStart(5)} MB  ${more}`)
}
