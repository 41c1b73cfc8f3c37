// How much CPU does a Parquet file of texts cost to read into strings, and to write from rows, beside pyarrow?
//
//   npm run build:ts && SLUICE_BENCH_PYTHON=venv/bin/python node benchmarks/read.mjs [rows]
//
// The Python needs `pip install pyarrow`; without it only our own figures are printed. pyarrow runs on one thread. Both
// read the file that sluice wrote (zstd) and write the same rows; a figure is the best of three runs, in CPU seconds.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findShards, readShard, writeRows } from '../dist/formats/index.js'
import { generator } from './vectors.mjs'

const count = Number(process.argv[2] ?? 60_000)
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
try {
  const rows = makeRows(count)
  const path = join(folder, 'corpus.parquet')
  const schema = { id: 'string', text: 'string', tokens: 'int64', score: 'double' }
  const write = await best(() => writeRows(path, { schema })(inBatches(rows)))
  const [shard] = await findShards([path])
  let characters = 0
  const text = await best(() => read(shard, ['text']))
  const all = await best(() => read(shard))
  const peer = pyarrow(path, join(folder, 'theirs.parquet'))
  const megabytes = rows.reduce((sum, row) => sum + row.text.length, 0) / 1e6
  console.log(`${count} rows, ${megabytes.toFixed(0)} MB of text, ${(shard.bytes / 1e6).toFixed(0)} MB on disk\n`)
  show('text column as strings', text, peer?.text)
  show('all columns as rows', all, peer?.all)
  show('write zstd from rows', write, peer?.write)
  if (peer && peer.characters !== characters)
    throw new Error(`read ${characters} characters, pyarrow ${peer.characters}`)
  console.log(`\npeak memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB, the rows to write among them`)

  async function read(from, columns) {
    characters = 0
    for await (const batch of readShard(from, { columns }))
      for (const row of batch) characters += [...row.text.slice(0, 9)].length
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Texts of made-up words with the uneven frequencies of real ones, about 1,600 characters each. */
function makeRows(rows) {
  const next = generator(11)
  const letters = 'etaoinshrdlucmfwypvbgk'
  const words = Array.from({ length: 20_000 }, () =>
    Array.from({ length: 2 + Math.floor(next() * 8) }, () => letters[Math.floor(letters.length * next() ** 2)]).join(
      '',
    ),
  )
  const word = () => words[Math.floor(words.length * next() ** 4)]
  return Array.from({ length: rows }, (_, i) => ({
    id: `corpus.parquet#${i}`,
    text: Array.from({ length: 50 + Math.floor(next() * 500) }, word).join(' '),
    tokens: Math.floor(next() * 4000),
    score: next(),
  }))
}

async function* inBatches(rows) {
  for (let start = 0; start < rows.length; start += 1024) yield rows.slice(start, start + 1024)
}

async function best(work) {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < 3; run++) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1e6)
  }
  return least
}

function show(what, ours, theirs) {
  const peer =
    theirs === undefined ? '' : `  pyarrow ${theirs.toFixed(2)} s  pyarrow / sluice = ${(theirs / ours).toFixed(2)}`
  console.log(`${what.padEnd(24)} sluice ${ours.toFixed(2)} s${peer}`)
}

function pyarrow(path, target) {
  const python = process.env.SLUICE_BENCH_PYTHON ?? 'python3'
  const script = fileURLToPath(new URL('read_pyarrow.py', import.meta.url))
  const { status, stdout, stderr } = spawnSync(python, [script, path, target], { encoding: 'utf8' })
  if (status === 0) return JSON.parse(stdout)
  console.log(`pyarrow left out: ${(stderr ?? '').trim().split('\n').at(-1) || `${python} does not run`}\n`)
  return undefined
}
