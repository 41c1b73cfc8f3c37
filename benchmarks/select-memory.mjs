// Does a selection's memory grow with its corpus, and does --max-memory hold?
//
//   npm run build:ts && node benchmarks/make-corpus.mjs corpus 1000
//   node benchmarks/select-memory.mjs corpus [--max-memory 512m] [copies of the corpus for the last case=5]
//
// A corpus is made larger by links: the same shards under other names, rows with other ids. The first two cases differ tenfold
// in rows; the last is all copies under the bound, for which a corpus of 1 GB of text makes 5 GB.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { describeShard, findShards } from '../dist/formats/index.js'
import { metered } from './child.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'max-memory': { type: 'string', default: '512m' }, only: { type: 'string' } },
})
const [corpus, copies = '5'] = positionals
if (!corpus) throw new Error('Expected a folder of Parquet shards: node benchmarks/select-memory.mjs FOLDER')
const shards = await findShards([resolve(corpus)])
const rowsOf = await Promise.all(shards.map(async (shard) => (await describeShard(shard)).rows))
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'sluice-memory-'))
try {
  const small = Math.max(1, Math.round(shards.length / 4))
  const cases = { small, large: 10 * small, bounded: Number(copies) * shards.length }
  const peaks = {}
  for (const [name, count] of Object.entries(cases)) {
    if (values.only && name !== values.only) continue
    peaks[name] = select(name, count, name === 'bounded' ? ['--max-memory', values['max-memory']] : [])
  }
  const bound = Number.parseFloat(values['max-memory']) * (values['max-memory'].endsWith('g') ? 1024 : 1)
  if (peaks.bounded > bound) throw new Error(`--max-memory ${values['max-memory']} took ${peaks.bounded.toFixed(0)} MB`)
  if (peaks.small && peaks.large) console.log(`large / small: ${(peaks.large / peaks.small).toFixed(3)}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Peak memory in MB of a selection from so many shards. */
function select(name, count, flags) {
  const links = join(folder, name)
  mkdirSync(links)
  let rows = 0
  for (let n = 0; n < count; n++) {
    symlinkSync(shards[n % shards.length].path, join(links, `part-${String(n).padStart(4, '0')}.parquet`))
    rows += rowsOf[n % shards.length]
  }
  const out = join(folder, `${name}.parquet`)
  const { mb, cpu } = metered(process.execPath, [cli, 'select', links, '-n', '10000', '-o', out, '-q', ...flags])
  console.log(
    `${name.padEnd(8)} ${rows.toLocaleString('en').padStart(10)} rows  ${mb.toFixed(0)} MB  ${cpu.toFixed(0)} CPU s`,
    ...flags,
  )
  return mb
}
