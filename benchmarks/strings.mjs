// Strings of texts that are not ASCII: by the kernel that the Parquet reader decodes zstd with, and by Node itself.
//
//   npm run build:ts && node benchmarks/strings.mjs
import { readFileSync } from 'node:fs'
import { createZstdKernel } from '../dist/formats/zstd/kernel.js'
import { loadZstdPackage } from '../dist/formats/zstd/package.js'

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8')
const prose = read('../README.md').split('\n\n').join(' ')
const pieces = Array.from({ length: 400 }, (_, n) => prose.slice(n * 7, n * 7 + 1400))
const corpora = {
  'English, a curly quote at the end': pieces.map((text) => `${text}”`),
  'English, a curly quote in a hundred characters': pieces.map((text) => text.replace(/(.{99})./gs, '$1’')),
  Chinese: read('../src/recipes/self-instruct/seed-tasks-zh.jsonl').trim().split('\n'),
}

const { compress } = await loadZstdPackage()
const kernel = createZstdKernel()
for (const [name, texts] of Object.entries(corpora)) {
  const bytes = Buffer.from(texts.join(''))
  let end = 0
  const ends = texts.map((text) => (end += Buffer.byteLength(text)))
  const page = kernel.decompress(compress(bytes), bytes.length)
  const ours = cpuOf((start, end) => kernel.decodeUtf8(page, start, end), ends)
  const nodes = cpuOf((start, end) => Buffer.prototype.utf8Slice.call(page, start, end), ends)
  console.log(
    `${name}: ${(bytes.length / ours / 1e9).toFixed(2)} GB/CPU s, node / sluice = ${(nodes / ours).toFixed(2)}`,
  )
}

/** CPU seconds of one pass over the texts, the least of five measurements of many passes. */
function cpuOf(decode, ends) {
  const passes = 200
  const seconds = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage()
    for (let pass = 0; pass < passes; pass++) {
      let start = 0
      for (const end of ends) {
        decode(start, end)
        start = end
      }
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1e6 / passes
  })
  return Math.min(...seconds)
}
