// How much CPU and memory does a Parquet file cost to write from rows, and how large is it, beside other writers?
//
//   npm run build:ts && SLUICE_BENCH_PYTHON=venv/bin/python SLUICE_BENCH_PEERS=folder node benchmarks/write.mjs [megabytes]
//
// Three tables: texts with the columns of a web corpus, conversations, vectors of 256 floats. Every writer runs alone in a
// process that loads a tenth of the rows and writes them ten times over; only the writing is timed, the best of three, on
// one thread, with zstd level 3 unless a line says otherwise. pyarrow is given dicts by from_pylist in the same row groups.
// The Python needs `pip install pyarrow`. The peers in JavaScript are taken from the folder's node_modules:
// `npm install parquet-wasm apache-arrow @duckdb/node-api parquetjs-lite`. What is missing is left out, and said so.
import { spawnSync } from 'node:child_process'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { describeShard } from '../dist/formats/index.js'
import { generator } from './vectors.mjs'
import { times } from './write_peers.mjs'

const megabytes = Number(process.argv[2] ?? 500)
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const python = process.env.SLUICE_BENCH_PYTHON ?? 'python3'
const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const node = [process.execPath, '--expose-gc', here('write_peers.mjs')]
const writers = {
  sluice: [...node, 'sluice'],
  'without page CRC': [...node, 'sluice-without-crc'],
  pyarrow: [python, here('write_pyarrow.py'), 'pyarrow'],
  'with page CRC': [python, here('write_pyarrow.py'), 'pyarrow-with-crc'],
  'parquet-wasm (level 1)': [...node, 'parquet-wasm'],
  duckdb: [...node, 'duckdb'],
  'parquetjs-lite (snappy)': [...node, 'parquetjs-lite'],
}
const missing = new Set()
try {
  const word = makeWords()
  for (const [table, row] of Object.entries({ texts: textRow, messages: messagesRow, vectors: vectorRow })) {
    const source = join(folder, `${table}.jsonl`)
    const rows = await makeRows(source, row, (megabytes * 1e6) / times)
    console.log(`\n${table}: ${rows * times} rows`)
    let ours
    for (const [name, command] of Object.entries(writers)) {
      const result = await best(command, table, source, rows * times)
      if (name === 'sluice') ours = result
      if (result) show(name, result, ours)
    }
  }

  function textRow(next, n) {
    const text = Array.from({ length: 50 + Math.floor(next() * 500) }, () => word(next)).join(' ')
    return {
      text: n % 3 === 0 ? text.replaceAll(' e', ' “e') : text,
      id: `<urn:uuid:${Math.floor(next() * 2 ** 52).toString(16)}>`,
      dump: 'CC-MAIN-2024-10',
      url: `https://example.com/articles/${Math.floor(next() * 1e9)}.html`,
      date: '2024-02-21T05:08:11Z',
      file_path: `s3://commoncrawl/crawl-data/CC-MAIN-2024-10/segments/${n % 100}/warc/${n % 9000}.warc.gz`,
      language: 'en',
      language_score: next(),
      token_count: text.length >> 2,
    }
  }
  function messagesRow(next) {
    const messages = Array.from({ length: 2 + 2 * Math.floor(next() * 3) }, (_, turn) => ({
      role: turn % 2 ? 'assistant' : 'user',
      content: Array.from({ length: 10 + Math.floor(next() * 60) }, () => word(next)).join(' '),
    }))
    return { messages, source: 'corpus', score: next() }
  }
  function vectorRow(next, n) {
    return { id: `corpus#${n}`, vector: Array.from({ length: 256 }, () => Math.fround(next() - 0.5)) }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Made-up words with the uneven frequencies of real ones. */
function makeWords() {
  const next = generator(11)
  const letters = 'etaoinshrdlucmfwypvbgk'
  const letter = () => letters[Math.floor(letters.length * next() ** 2)]
  const words = Array.from({ length: 20_000 }, () =>
    Array.from({ length: 2 + Math.floor(next() * 8) }, letter).join(''),
  )
  return (draw) => words[Math.floor(words.length * draw() ** 4)]
}

async function makeRows(path, makeRow, bytes) {
  const output = createWriteStream(path)
  const next = generator(5)
  let rows = 0
  for (let written = 0; written < bytes; rows++) {
    const line = `${JSON.stringify(makeRow(next, rows))}\n`
    written += line.length
    if (!output.write(line)) await new Promise((resolve) => output.once('drain', resolve))
  }
  await finished(output.end())
  return rows
}

async function best([command, ...args], table, source, rows) {
  const name = args.at(-1)
  if (missing.has(name)) return undefined
  const target = join(folder, 'written.parquet')
  const runs = []
  for (let run = 0; run < 3; run++) {
    const env = { ...process.env, UV_THREADPOOL_SIZE: '1' }
    const { status, stdout, stderr } = spawnSync(command, [...args, table, source, target], { encoding: 'utf8', env })
    if (status !== 0) {
      console.log(`  ${name} left out: ${(stderr ?? '').trim().split('\n').at(-1) || `${command} does not run`}`)
      missing.add(name)
      return undefined
    }
    runs.push(JSON.parse(stdout))
    const { rows: found } = await describeShard({ path: target, format: 'parquet' })
    if (found !== rows) throw new Error(`${name} wrote ${found} rows of ${rows}`)
  }
  return runs.sort((a, b) => a.cpu - b.cpu)[0]
}

/** Memory is the peak of the process and, in brackets, what it held before it wrote: the library and the rows. */
function show(name, { cpu, peakMb, beforeMb, bytes }, ours) {
  const size = `${(bytes / 1e6).toFixed(0)} MB`
  const memory = `${peakMb.toFixed(0)} (${beforeMb.toFixed(0)}) MB`
  const ratio = ours?.cpu === cpu ? '' : `${name} / sluice = ${(cpu / ours.cpu).toFixed(2)}`
  console.log(
    `  ${name.padEnd(24)}${cpu.toFixed(2).padStart(7)} CPU s${memory.padStart(16)}${size.padStart(9)}   ${ratio}`,
  )
}
