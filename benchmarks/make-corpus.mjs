// Makes a corpus of any size out of the documentation of the installed packages: real sentences, dealt out anew by a seed,
// with every tenth word swapped for another, so that no two rows are alike and zstd finds about what it finds in web text.
//
//   node benchmarks/make-corpus.mjs FOLDER [MEGABYTES_OF_TEXT=1000] [SHARDS=12] [SEED=1]
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findShards } from '../dist/formats/index.js'
import { listFiles } from '../dist/formats/listing.js'
import { cutSections, plainProse, uniform, writeRows } from '../dist/index.js'
import { splitSentences } from '../dist/text/words.js'

const [folder, megabytes = '1000', shards = '12', seed = '1'] = process.argv.slice(2)
if (!folder) throw new Error('Expected a folder to write to: node benchmarks/make-corpus.mjs FOLDER')

const { paths } = await listFiles(new URL('../node_modules', import.meta.url).pathname)
const sentences = paths
  .filter((path) => /\.md$/i.test(path))
  .flatMap((path) => cutSections(readFileSync(path, 'utf8')))
  .flatMap(({ text }) => splitSentences(plainProse(text)))
  .map((sentence) => sentence.trim())
  .filter((sentence) => sentence.length > 30 && sentence.length < 400)
const words = [...new Set(sentences.flatMap((sentence) => sentence.split(' ')))].filter((word) =>
  /^[a-z]{4,}$/.test(word),
)

function document(id) {
  const pick = (use, list) => list[Math.floor(uniform(Number(seed), id, use) * list.length)]
  const length = 3 + Math.floor(uniform(Number(seed), id, 'length') ** 2 * 30)
  const parts = Array.from({ length }, (_, n) =>
    pick(`sentence ${n}`, sentences)
      .split(' ')
      .map((word, at) => (uniform(Number(seed), id, `swap ${n} ${at}`) < 0.1 ? pick(`word ${n} ${at}`, words) : word))
      .join(' '),
  )
  return { text: parts.join(' '), url: `https://example.org/${id}`, score: uniform(Number(seed), id, 'score') }
}

const perShard = (Number(megabytes) * 1e6) / Number(shards)
async function* rows(shard) {
  let bytes = 0
  for (let at = 0; bytes < perShard; at += 256) {
    const batch = Array.from({ length: 256 }, (_, n) => document(`${shard}-${at + n}`))
    for (const { text } of batch) bytes += text.length
    yield batch
  }
}

await mkdir(folder, { recursive: true })
for (let shard = 0; shard < Number(shards); shard++) {
  const name = `docs-${String(shard).padStart(4, '0')}.parquet`
  const schema = { text: 'string', url: 'string', score: 'double' }
  await writeRows(join(folder, name), { schema })(rows(shard))
}
const made = await findShards([folder])
console.log(
  `${made.length} shards, ${made.reduce((sum, { bytes }) => sum + bytes, 0).toLocaleString('en')} bytes in ${folder}`,
)
