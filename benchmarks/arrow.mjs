// How much CPU and memory does an Arrow file of texts cost to read into rows, beside pyarrow?
//
//   npm run build:ts && SLUICE_BENCH_PYTHON=venv/bin/python node benchmarks/arrow.mjs [megabytes]
//
// pyarrow writes the files: one stream, plain, LZ4 and zstd, a thousand rows a batch. Each reader runs in a process of its
// own; a figure is the best of three in CPU seconds, start-up taken off. Both make every row: an object here, a dict there.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { show, timed } from './child.mjs'

const [mode, ...args] = process.argv.slice(2)
if (mode === 'text' || mode === 'all') await read(mode, args[0])
else compare(Number(mode ?? 250))

async function read(what, file) {
  const { readShard } = await import('../dist/formats/index.js')
  let [rows, characters] = [0, 0]
  const columns = what === 'text' ? ['text'] : undefined
  for await (const batch of readShard({ path: file, format: 'arrow' }, { columns })) {
    rows += batch.length
    for (const row of batch) characters += row.text.length
  }
  console.log(JSON.stringify({ rows, characters }))
}

function compare(megabytes) {
  const python = process.env.SLUICE_BENCH_PYTHON ?? 'python3'
  const script = fileURLToPath(new URL('arrow_pyarrow.py', import.meta.url))
  const self = fileURLToPath(import.meta.url)
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  try {
    const { status, stderr } = spawnSync(python, [script, 'make', folder, String(megabytes)], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`pyarrow makes the files, and does not run: ${stderr.trim().split('\n').at(-1)}`)
    const empty = join(folder, 'empty.arrows')
    for (const codec of ['plain', 'lz4', 'zstd']) {
      const file = join(folder, `${codec}.arrows`)
      for (const what of ['text', 'all']) {
        console.log(
          `${codec}, ${(statSync(file).size / 1e6).toFixed(0)} MB, ${what === 'text' ? 'texts' : 'all columns'}`,
        )
        const ours = timed(process.execPath, [self, what], file, empty)
        show('sluice', ours)
        show('pyarrow', timed(python, [script, what], file, empty), ours)
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
