// How fast is the bundled embedder, from UTF-8 bytes and from strings, beside model2vec over the same table?
//
//   npm run build:ts && SLUICE_BENCH_PYTHON=venv/bin/python node benchmarks/embed.mjs [folder…]
//
// The texts are sections of about 840 bytes cut from the .md, .txt, .jsonl and .d.ts files below the folders (node_modules unless
// given). The Python needs `pip install model2vec==0.10.0 tokenizers numpy`; without it only our figures are printed. Three rounds, in
// each of which everyone starts with empty caches on one thread; the ratio is that of the CPU seconds.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { staticEmbedder } from '../dist/embed/static/embed.js'

const rounds = 3
const mostBytes = 40e6
const sectionLength = 840
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const python = process.env.SLUICE_BENCH_PYTHON ?? 'python3'
const folders = process.argv.length > 2 ? process.argv.slice(2) : [here('../node_modules')]

const texts = readSections(folders)
const column = columnOf(texts)
const bytes = column.values.length
console.log(`${texts.length} texts, ${(bytes / 1e6).toFixed(1)} MB, one thread, MB per CPU second`)

const ours = { bytes: ['simd', column], strings: ['simd', texts], plain: ['plain', texts] }
// Other words first, so that code is compiled; each measured embedder's caches are empty.
const upper = texts.map((text) => text.toUpperCase())
for (const kind of ['simd', 'plain']) await (await staticEmbedder({ kind })).embed(upper)

let peer
for (let round = 0; round < rounds; round++) {
  peer = runPeer()
  const speed = (seconds) => (bytes / 1e6 / seconds).toFixed(1).padStart(5)
  const figures = peer === undefined ? [] : [`model2vec ${speed(peer.cpuSeconds)}`]
  for (const [name, [kind, given]] of Object.entries(ours)) {
    const embedder = await staticEmbedder({ kind })
    const seconds = await cpuSeconds(() => embedder.embed(given))
    const ratio = peer === undefined ? '' : ` (${(peer.cpuSeconds / seconds).toFixed(1)} ×)`
    figures.push(`${name} ${speed(seconds)}${ratio}`)
  }
  console.log(figures.join('   '))
}
if (peer) console.log(await agreement(peer))

function columnOf(strings) {
  const parts = strings.map((text) => Buffer.from(text))
  const offsets = new Int32Array(parts.length + 1)
  for (const [i, part] of parts.entries()) offsets[i + 1] = offsets[i] + part.length
  return { values: new Uint8Array(Buffer.concat(parts)), offsets }
}

function readSections(roots) {
  const sections = []
  let left = mostBytes
  for (const root of roots) {
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (left <= 0) return sections
      if (!entry.isFile() || !/\.(md|txt|jsonl|d\.ts)$/i.test(entry.name)) continue
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8')
      left -= Buffer.byteLength(text)
      for (let at = 0; at < text.length; ) {
        const end = text.indexOf('\n', at + sectionLength)
        const section = text.slice(at, end < 0 ? undefined : end)
        at += section.length + 1
        if (section.trim() !== '') sections.push(section)
      }
    }
  }
  return sections
}

async function cpuSeconds(work) {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

function runPeer() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  try {
    const textsFile = join(folder, 'texts.json')
    const vectorsFile = join(folder, 'vectors.f32')
    writeFileSync(textsFile, JSON.stringify(texts.map((text) => text.toWellFormed?.() ?? text)))
    const args = [here('embed_model2vec.py'), here('../src/embed/static'), textsFile, vectorsFile]
    const env = { ...process.env, TOKENIZERS_PARALLELISM: 'false', HF_HUB_OFFLINE: '1' }
    const child = spawnSync(python, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    if (child.status !== 0) {
      const reason = child.error?.message ?? child.stderr.trim().split('\n').at(-1)
      console.log(
        `model2vec  skipped: ${reason}. Name a Python that has model2vec and tokenizers in SLUICE_BENCH_PYTHON.`,
      )
      return undefined
    }
    const file = readFileSync(vectorsFile)
    const vectors = new Float32Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength))
    return { ...JSON.parse(child.stdout.trim().split('\n').at(-1)), vectors }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** How many texts have the peer's vector, both cut to the characters that the peer keeps before it counts pieces. */
async function agreement({ vectors: theirs, charactersKept, versions }) {
  const embedder = await staticEmbedder()
  const { dimensions } = embedder
  const ours = await embedder.embed(texts.map((text) => Array.from(text).slice(0, charactersKept).join('')))
  let same = 0
  let worst = 1
  for (let row = 0; row < texts.length; row++) {
    let cosine = 0
    let norms = 0
    for (let k = row * dimensions; k < (row + 1) * dimensions; k++) {
      cosine += ours[k] * theirs[k]
      norms += ours[k] * ours[k] + theirs[k] * theirs[k]
    }
    if (norms === 0) cosine = 1
    worst = Math.min(worst, cosine)
    if (cosine > 0.99999) same++
  }
  return `${JSON.stringify(versions)}: ${same} of ${texts.length} texts have the same vector (cut at ${charactersKept} characters), worst cosine ${worst.toFixed(6)}`
}
