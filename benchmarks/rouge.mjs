// How fast is ROUGE-L novelty beside rouge-score and rapidfuzz?
//
//   npm run build:ts && SLUICE_BENCH_PYTHON=venv/bin/python node benchmarks/rouge.mjs [texts]
//
// The texts are sentences of 4 to 60 words from the documentation and comments of the installed packages, in the order of a hash;
// each is kept when its ROUGE-L F with every kept one is at most 0.7. The Python needs `pip install rouge-score rapidfuzz numpy`.
// rapidfuzz runs as a careful user would run it: its Indel similarity (the same quotient) over token numbers held as
// strings, a block of texts against all kept ones at a time. rouge-score is timed on 20,000 pairs, tokens cut beforehand,
// and its time for as many pairs as a loop over the kept ones would take is worked out from those.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createNoveltyIndex } from '../dist/select/novelty.js'
import { hash32 } from '../dist/text/hash.js'
import { plainProse } from '../dist/text/sections.js'
import { splitSentences, splitWords } from '../dist/text/words.js'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const wanted = Number(process.argv[2] ?? 20_000)
const threshold = 0.7

const texts = readSentences(wanted)
console.log(`${texts.length} texts, ${(texts.join(' ').length / texts.length).toFixed(0)} characters on average`)

// Code is compiled on other texts, so that the measured run is what a long one is.
keptOf(texts.slice(0, 2000).map((text) => text.toUpperCase()))
const before = process.cpuUsage()
const { kept, pairs } = keptOf(texts)
const { user, system } = process.cpuUsage(before)
const seconds = (user + system) / 1e6
console.log(`sluice       ${seconds.toFixed(2)} CPU s   ${kept.length} kept of ${texts.length}, ${pairs} pairs`)
runPeers()

function keptOf(given) {
  const index = createNoveltyIndex({ threshold, tokens: 'ascii' })
  const rows = []
  let compared = 0
  for (const [n, text] of given.entries()) {
    compared += index.size
    if (index.duplicateOf(text) !== undefined) continue
    index.add(String(n), text)
    rows.push(n)
  }
  return { kept: rows, pairs: compared }
}

function readSentences(count) {
  const found = new Set()
  const root = here('../node_modules')
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(md|d\.ts)$/i.test(entry.name)) continue
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8')
    const comments = text.match(/^\s*\*+ [A-Z].*/gm)?.map((line) => line.replace(/^\s*\*+ /, ''))
    for (const sentence of entry.name.endsWith('.md') ? splitSentences(plainProse(text)) : (comments ?? [])) {
      const words = splitWords(sentence)
      if (words.length >= 4 && words.length <= 60) found.add(words.join(' '))
    }
  }
  const byHash = [...found].map((text) => ({ text, hash: hash32(text, 7) })).sort((a, b) => a.hash - b.hash)
  return byHash.slice(0, count).map(({ text }) => text)
}

function runPeers() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  try {
    const file = join(folder, 'texts.json')
    writeFileSync(file, JSON.stringify(texts.map((text) => text.toWellFormed?.() ?? text)))
    const args = [here('rouge_peers.py'), file, String(threshold), String(pairs)]
    const child = spawnSync(process.env.SLUICE_BENCH_PYTHON ?? 'python3', args, {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    })
    if (child.status !== 0) {
      console.log(`peers left out: ${child.error?.message ?? child.stderr.trim().split('\n').at(-1)}`)
      return
    }
    const peers = JSON.parse(child.stdout)
    const same = JSON.stringify(peers.kept) === JSON.stringify(kept)
    const show = (name, cpu, more) =>
      console.log(
        `${name.padEnd(12)} ${cpu.toFixed(2)} CPU s   ${name} / sluice = ${(cpu / seconds).toFixed(1)}${more}`,
      )
    show('rapidfuzz', peers.rapidfuzz, same ? ', the same rows kept' : ', OTHER ROWS KEPT')
    show('rouge-score', peers.rougeScore, `, worked out from ${peers.rougeScorePairs} pairs`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
