// How much CPU and memory does a Parquet corpus of texts cost to read: the text column as bytes, as strings, all columns as
// rows, beside pyarrow?
//
//   npm run build:ts && node benchmarks/make-corpus.mjs CORPUS 600
//   SLUICE_BENCH_PYTHON=venv/bin/python node benchmarks/read.mjs CORPUS [megabytes=500]
//
// The Python needs `pip install pyarrow`, which also lays the corpus out anew: nine columns, zstd level 3, pyarrow's default
// encodings, as row groups of 1,000 rows, as one row group, as 1,000 row groups, and as conversations. Every case runs alone
// in a process, ours and pyarrow's in turns, three readings a time and twice each; the best counts. pyarrow runs on one thread. One
// case runs without the packages that `npm install --omit=optional` leaves out.
//
// The readers in JavaScript, three readings each, are taken from the node_modules of the folder that SLUICE_BENCH_PEERS names:
// `npm install parquet-wasm apache-arrow @duckdb/node-api parquetjs-lite`. What is missing or fails is left out, with the reason.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [corpus, megabytes = '500'] = process.argv.slice(2)
if (!corpus) throw new Error('Expected the folder of a corpus: node benchmarks/read.mjs CORPUS')
const python = process.env.SLUICE_BENCH_PYTHON ?? 'python3'
const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const peers = ['parquet-wasm', 'duckdb', 'parquetjs-lite']
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
try {
  console.log(run(python, here('read_files.py'), corpus, folder, megabytes))
  for (const [file, what, cases] of [
    ['groups', 'row groups of 1,000 rows', ['bytes', 'strings', 'rows']],
    ['one', 'one row group', ['bytes', 'rows']],
    ['thousand', '1,000 row groups', ['bytes', 'rows']],
  ]) {
    console.log(`\n${what}`)
    for (const name of cases) compare(name, join(folder, `${file}.parquet`))
  }
  console.log('\nrow groups of 1,000 rows, without optional packages')
  compare('strings', join(folder, 'groups.parquet'), ['--import', here('without_optional.mjs')])
  console.log('\nconversations')
  compare('rows', join(folder, 'nested.parquet'))
  console.log('\nrow groups of 1,000 rows, other readers in JavaScript')
  for (const name of ['strings', 'rows']) for (const peer of peers) compareOnce(peer, name)
  const [tenth, whole] = ['tenth', 'groups'].map((file) => ours(['strings', join(folder, `${file}.parquet`)]).mb)
  console.log(`\npeak memory, strings: ${tenth.toFixed(0)} MB of a tenth of the rows, ${whole.toFixed(0)} MB of all`)
  const shards = [0, 1, 2, 3].map((shard) => join(folder, 'shards', `${shard}.parquet`))
  const turns = [0, 1].map(() => [1, 2].map((count) => ours(['workers', count, ...shards])))
  const [one, two] = [0, 1].map((at) => turns.map((turn) => turn[at]).reduce((a, b) => (b.wall < a.wall ? b : a)))
  const cpu = (two.cpu / one.cpu).toFixed(2)
  console.log(
    `strings of 4 shards, wall: 1 worker / 2 workers = ${(one.wall / two.wall).toFixed(2)}, at ${cpu} of the CPU`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function compare(name, path, flags = []) {
  const best = (results) => results.reduce((a, b) => (b.cpu < a.cpu ? b : a))
  const turns = [0, 1].map(() => [
    ours([name, path], flags),
    JSON.parse(run(python, here('read_pyarrow.py'), name, path)),
  ])
  const [mine, theirs] = [0, 1].map((at) => best(turns.map((turn) => turn[at])))
  if (mine.said !== theirs.said) throw new Error(`${name}: sluice read ${mine.said}, pyarrow ${theirs.said}`)
  const show = ({ cpu, mb }) => `${cpu.toFixed(2).padStart(5)} s ${mb.toFixed(0).padStart(4)} MB`
  const ratio = (theirs.cpu / mine.cpu).toFixed(2)
  console.log(`  ${name.padEnd(8)} sluice ${show(mine)}   pyarrow ${show(theirs)}   pyarrow / sluice = ${ratio}`)
}

function compareOnce(peer, name) {
  const path = join(folder, 'groups.parquet')
  const mine = ours([name, path])
  try {
    const theirs = JSON.parse(run(process.execPath, here('read_peers.mjs'), peer, name, path))
    if (mine.said !== theirs.said) throw new Error(`${theirs.said} rows instead of ${mine.said}`)
    const [cpu, ratio] = [theirs.cpu.toFixed(2), (theirs.cpu / mine.cpu).toFixed(1)]
    console.log(`  ${name.padEnd(8)} ${peer} ${cpu} s ${theirs.mb.toFixed(0)} MB   ${peer} / sluice = ${ratio}`)
  } catch (error) {
    console.log(`  ${name.padEnd(8)} ${peer} left out: ${error.message}`)
  }
}

function ours(words, flags = []) {
  return JSON.parse(run(process.execPath, ...flags, here('read_cases.mjs'), ...words.map(String)))
}

function run(command, ...words) {
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${words[0]}: ${(stderr ?? '').trim().split('\n').at(-1)}`)
  return stdout.trim()
}
