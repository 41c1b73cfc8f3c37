// What does near-duplicate removal cost, what does it find, and what does it take wrongly, beside datatrove?
//
//   npm run build:ts && SLUICE_BENCH_PYTHON=venv/bin/python node benchmarks/minhash.mjs [rows]
//
// The corpus is made by make-corpus.mjs: documents of about 1,350 characters. A tenth as many exact copies follow, and a tenth as many
// near ones, in which every word is swapped with a probability of 2 %. Both sides read the same Parquet file and write what
// stays as Parquet. The Python needs `pip install datatrove tokenizers spacy orjson pyarrow fasteners 'xxhash<3.6'`.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readShards } from '../dist/formats/shards.js'
import { findShards, uniform, writeRows } from '../dist/index.js'
import { metered } from './child.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const wanted = Number(process.argv[2] ?? 30_000)
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const corpus = join(folder, 'corpus.parquet')

try {
  const planted = await writeCorpus()
  const out = join(folder, 'out')
  const ours = metered(process.execPath, [
    here('../dist/cli.js'),
    'dedup',
    corpus,
    '-o',
    out,
    '--id-column',
    'id',
    '-q',
  ])
  const kept = []
  for await (const rows of readShards(await findShards([join(out, 'data')]), { columns: ['id'] })) {
    for (const { id } of rows) kept.push(id)
  }
  show('sluice', ours, kept, planted)
  const peerFolder = join(folder, 'datatrove')
  mkdirSync(peerFolder)
  const python = process.env.SLUICE_BENCH_PYTHON ?? 'python3'
  const peer = metered(python, [here('minhash_peers.py'), corpus, peerFolder])
  show('datatrove', peer, JSON.parse(peer.out).kept, planted)
  console.log(`datatrove / sluice = ${(peer.cpu / ours.cpu).toFixed(1)} in CPU seconds`)
} finally {
  rmSync(folder, { recursive: true })
}

async function writeCorpus() {
  const made = join(folder, 'made')
  execFileSync(process.execPath, [here('make-corpus.mjs'), made, String((1.4 * wanted) / 1000), '3'])
  const texts = []
  for await (const rows of readShards(await findShards([made]), { columns: ['text'] })) {
    for (const { text } of rows) texts.push(text)
  }
  texts.length = Math.min(texts.length, wanted)
  const words = [...new Set(texts.slice(0, 300).flatMap((text) => text.split(' ')))]
  const draw = (use, list) => list[Math.floor(uniform(7, use, 'minhash.mjs') * list.length)]
  const edited = (text, n) =>
    text
      .split(' ')
      .map((word, at) => (uniform(7, `${n} ${at}`, 'swap') < 0.02 ? draw(`${n} ${at}`, words) : word))
      .join(' ')
  const copies = Array.from({ length: Math.floor(texts.length / 10) }, (_, n) => [
    { id: `exact-${n}`, text: draw(`exact ${n}`, texts) },
    { id: `near-${n}`, text: edited(draw(`near ${n}`, texts), n) },
  ]).flat()
  const rows = [...texts.map((text, n) => ({ id: `base-${n}`, text })), ...copies]
  async function* batches() {
    for (let at = 0; at < rows.length; at += 1024) yield rows.slice(at, at + 1024)
  }
  await writeRows(corpus)(batches())
  return { base: texts.length, each: copies.length / 2, rows: rows.length }
}

function show(name, { cpu, mb }, kept, { base, each, rows }) {
  const left = (kind) => kept.filter((id) => id.startsWith(kind)).length
  console.log(
    `${name.padEnd(10)} ${cpu.toFixed(1).padStart(6)} CPU s, ${(rows / cpu).toFixed(0)} rows per CPU s, ${mb.toFixed(0)} MB; ` +
      `found ${each - left('exact')} of ${each} exact, ${each - left('near')} of ${each} near; ${base - left('base')} wrong of ${base}`,
  )
}
