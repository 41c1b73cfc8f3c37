// How much memory do reading and writing take, whatever the size of the corpus and however slow its reader?
//
//   npm run build:ts && node benchmarks/memory.mjs [megabytes=500]
//
// Every figure is the peak memory of a `sluice` process of its own. Slow pipe: 200 MB of JSONL converted into a pipe that
// nobody reads for five seconds. Flat: all rows of a tenth of the texts and of all of them read (`stats --full`), and
// written (`convert` out of JSONL), in every format.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeRows } from '../dist/formats/index.js'
import { metered } from './child.mjs'
import { generator } from './vectors.mjs'

const megabytes = Number(process.argv[2] ?? 500)
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const formats = ['parquet', 'arrow', 'jsonl', 'csv', 'json']
const at = (name) => join(folder, name)
const show = (mb) => `${mb.toFixed(0).padStart(4)} MB`
try {
  await makeRows(at('200.jsonl'), 200)
  await makeRows(at('tenth.jsonl'), megabytes / 10)
  await makeRows(at('whole.jsonl'), megabytes)
  console.log('200 MB of JSONL into a pipe that nobody reads for five seconds')
  for (const format of formats) {
    const pipe = `"$1" "$2" convert -q "$3" -o - --to ${format} | (sleep 5; cat >"$4")`
    const { mb } = metered('sh', ['-c', pipe, 'sh', process.execPath, cli, at('200.jsonl'), '/dev/null'])
    console.log(`  ${format.padEnd(8)} ${show(mb)}`)
  }
  console.log(`\n${megabytes / 10} MB and ${megabytes} MB, written and read again`)
  for (const format of formats) {
    const written = ['tenth', 'whole'].map((name) => {
      const { mb } = sluice('convert', '-q', at(`${name}.jsonl`), '-o', at(`${name}-copy.${format}`))
      return mb
    })
    const read = ['tenth', 'whole'].map((name) => sluice('stats', '--full', at(`${name}-copy.${format}`)).mb)
    for (const name of ['tenth', 'whole']) rmSync(at(`${name}-copy.${format}`))
    const [to, from] = [written, read].map(([small, large]) => `${show(small)} →${show(large)}`)
    console.log(`  ${format.padEnd(8)} written ${to}   read ${from}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function sluice(...args) {
  return metered(process.execPath, [cli, ...args])
}

/** Rows of texts of about 2 kB, some with characters beyond Latin. */
async function makeRows(path, size) {
  const next = generator(3)
  const word = () => (next() * 36 ** 6).toString(36).slice(0, 3 + Math.floor(next() * 6))
  const paragraphs = Array.from({ length: 200 }, () => Array.from({ length: 60 }, word).join(' '))
  await writeRows(path)(
    (async function* () {
      for (let bytes = 0, n = 0; bytes < size * 1e6; ) {
        const rows = Array.from({ length: 256 }, () => {
          const parts = Array.from({ length: 2 + Math.floor(next() * 7) }, () => paragraphs[Math.floor(next() * 200)])
          return { id: `row-${n++}`, text: parts.join(n % 3 === 0 ? ' “…” ' : '\n'), language: 'en', score: next() }
        })
        for (const { text } of rows) bytes += text.length
        yield rows
      }
    })(),
  )
}
