// How fast is a sentence encoder in ONNX, one text at a time, beside Python's onnxruntime, and does it give the same vectors?
//
//   npm run build:ts && npm install --ignore-scripts --prefix peers @huggingface/transformers@4.3.1
//   SLUICE_BENCH_PEERS=peers SLUICE_BENCH_PYTHON=venv/bin/python node benchmarks/embed-onnx.mjs MODEL 'corpus/*.parquet' [rows=512] [dtype=fp32]
//
// MODEL is a folder laid out as on the hub (bert_to_onnx.py makes one). The Python needs `pip install onnxruntime tokenizers numpy`; without
// it only our figures are printed. One thread each, the same texts and cut; the ratio is that of the CPU seconds.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { onnxEmbedder } from '../dist/embed/onnx/embed.js'
import { findShards, readShards } from '../dist/index.js'

const [model, corpus, rows = '512', dtype = 'fp32'] = process.argv.slice(2)
if (corpus === undefined) throw new Error('Expected the folder of a model and a corpus')
const tokens = 256
const library = join(resolve(process.env.SLUICE_BENCH_PEERS ?? '.'), 'node_modules/@huggingface/transformers')
const load = () => import(pathToFileURL(join(library, 'dist/transformers.node.mjs')).href)

const texts = []
for await (const batch of readShards(await findShards([corpus]), {
  columns: ['text'],
  rows: { start: 0, end: Number(rows) },
})) {
  texts.push(...batch.map(({ text }) => text))
}
const embedder = await onnxEmbedder(`${model}?dtype=${dtype}&pooling=mean&tokens=${tokens}`, { load, threads: 1 })
await embedder.embed(texts.slice(0, 8))
const before = process.cpuUsage()
const vectors = await embedder.embed(texts)
const { user, system } = process.cpuUsage(before)
const seconds = (user + system) / 1e6
const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
console.log(
  `${texts.length} texts of ${Math.round(bytes / texts.length)} bytes, cut at ${tokens} tokens, ${dtype}, one thread`,
)
console.log(`sluice            ${(texts.length / seconds).toFixed(1)} texts a CPU second, peak ${peakMb()} MB`)

const peer = runPeer()
if (peer !== undefined) {
  for (const [name, cpu] of [
    ['32 at a time', peer.batched],
    ['one at a time', peer.alone],
  ]) {
    console.log(
      `Python ${name.padEnd(13)} ${(texts.length / cpu).toFixed(1)}, peak ${Math.round(peer.peakMb)} MB (${(cpu / seconds).toFixed(2)} ×)`,
    )
  }
  console.log(`with Python's one at a time: ${agreement(vectors, peer.vectors[1])}`)
  console.log(`Python's 32 at a time with its own one at a time: ${agreement(peer.vectors[32], peer.vectors[1])}`)
}

function agreement(a, b) {
  const { dimensions } = embedder
  let [most, least] = [0, 1]
  for (let row = 0; row < texts.length; row++) {
    let cosine = 0
    for (let k = row * dimensions; k < (row + 1) * dimensions; k++) {
      most = Math.max(most, Math.abs(a[k] - b[k]))
      cosine += a[k] * b[k]
    }
    least = Math.min(least, cosine)
  }
  return `components within ${most.toExponential(1)}, cosine at least ${least.toFixed(6)}`
}

function peakMb() {
  return Math.round(process.resourceUsage().maxRSS / 1024)
}

function runPeer() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-onnx-'))
  try {
    const [given, made] = ['texts.json', 'vectors.f32'].map((name) => join(folder, name))
    writeFileSync(given, JSON.stringify(texts))
    const script = fileURLToPath(new URL('embed_onnx_peer.py', import.meta.url))
    const weights = dtype === 'fp32' ? 'model.onnx' : 'model_quantized.onnx'
    const child = spawnSync(
      process.env.SLUICE_BENCH_PYTHON ?? 'python3',
      [script, model, weights, String(tokens), given, made],
      {
        env: { ...process.env, OMP_NUM_THREADS: '1', TOKENIZERS_PARALLELISM: 'false' },
        encoding: 'utf8',
      },
    )
    if (child.status !== 0) {
      console.log(`peer skipped: ${child.error?.message ?? child.stderr.trim().split('\n').at(-1)}`)
      return undefined
    }
    const read = (size) => new Float32Array(new Uint8Array(readFileSync(`${made}.${size}`)).buffer)
    return { ...JSON.parse(child.stdout), vectors: { 32: read(32), 1: read(1) } }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
