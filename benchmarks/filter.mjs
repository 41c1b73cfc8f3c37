// The Gopher and C4 rules beside datatrove's: CPU seconds on the same texts, and on how many the two decide alike, rule by rule.
// node benchmarks/filter.mjs FILE [rows]    FILE: a corpus with a column `text`, such as of make-corpus.mjs
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { c4, documentOf, findShards, gopherQuality, gopherRepetition, judgeBy, readShards } from '../dist/index.js'

const [file, wanted = '3000'] = process.argv.slice(2)
if (file === undefined) throw new Error('Name a corpus: node benchmarks/filter.mjs FILE [rows]')

const texts = []
for await (const rows of readShards(await findShards([file]), { columns: ['text'] })) {
  for (const { text } of rows) if (typeof text === 'string' && text.trim() !== '') texts.push(text)
  if (texts.length >= Number(wanted)) break
}
texts.length = Math.min(texts.length, Number(wanted))

const reasonOf = (verdict) => (verdict === undefined ? '' : typeof verdict === 'string' ? verdict : verdict.reason)
const families = {
  'gopher quality': (text) => reasonOf(judgeBy(gopherQuality)(documentOf(text))),
  'gopher repetition': (text) => reasonOf(judgeBy(gopherRepetition)(documentOf(text))),
  c4: (text) => {
    const verdict = c4(documentOf(text))
    return 'text' in verdict ? '' : reasonOf(verdict.reason)
  },
}

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const python = process.env.SLUICE_BENCH_PYTHON
const peer = fileURLToPath(new URL('filter_datatrove.py', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'sluice-filter-'))
try {
  const lines = join(folder, 'texts.jsonl')
  writeFileSync(lines, texts.map((text) => JSON.stringify(text)).join('\n'))
  const theirs = askPeer(lines, join(folder, 'verdicts.json'))
  console.log(`${texts.length} texts of ${file}`)
  for (const [name, judge] of Object.entries(families)) {
    for (const text of texts.slice(0, 200)) judge(text)
    const start = cpuSeconds()
    const verdicts = texts.map(judge)
    const rate = texts.length / (cpuSeconds() - start)
    const kept = verdicts.filter((reason) => reason === '').length
    console.log(`${name}: ${rate.toFixed(0)} rows a CPU second, ${kept} kept`)
    if (theirs === undefined) continue
    const { verdicts: others, cpu } = theirs[name]
    const alike = verdicts.filter((reason, at) => (reason === '') === (others[at] === '')).length
    const ratio = rate / (texts.length / cpu)
    console.log(
      `  sluice / datatrove = ${ratio.toFixed(1)}; kept or not alike on ${((100 * alike) / texts.length).toFixed(2)} %`,
    )
    for (const [pair, count] of disagreements(verdicts, others)) console.log(`  ${count} × ${pair}`)
  }
} finally {
  rmSync(folder, { recursive: true })
}

function askPeer(lines, out) {
  if (python === undefined) {
    console.log('datatrove left out: set SLUICE_BENCH_PYTHON to a Python that has datatrove and spacy')
    return undefined
  }
  const { status, stderr } = spawnSync(python, [peer, lines, out], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1))
  return JSON.parse(readFileSync(out, 'utf8'))
}

function disagreements(ours, theirs) {
  const counts = new Map()
  for (const [at, reason] of ours.entries()) {
    if ((reason === '') === (theirs[at] === '')) continue
    const pair = `sluice: ${reason || 'kept'}, datatrove: ${theirs[at] || 'kept'}`
    counts.set(pair, (counts.get(pair) ?? 0) + 1)
  }
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, 6)
}
