// How much memory a deduplication takes as rows grow tenfold: node benchmarks/dedup-memory.mjs [rows] [megabytes]
// Exits with 1 where it takes more than so many MB (default 500), or does not find the planted copies.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeRows } from '../dist/index.js'
import { uniform } from '../dist/text/hash.js'
import { metered } from './child.mjs'

const most = Number(process.argv[2] ?? 2_000_000)
const limit = Number(process.argv[3] ?? 500)
const folder = mkdtempSync(join(tmpdir(), 'sluice-dedup-memory-'))
const cli = new URL('../dist/cli.js', import.meta.url).pathname

/** Twenty words that no other row has in this order; every tenth row is a copy of one before it. */
function textOf(row) {
  const own = row % 10 === 9 ? 10 * Math.floor(uniform(1, `${row}`, 'of') * ((row - 9) / 10)) : row
  let word = Math.floor(uniform(2, `${own}`, 'start') * 2 ** 31)
  const words = []
  for (let n = 0; n < 20; n++) {
    word = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) + n + own
    words.push(`w${(word >>> 0) % 50_000}`)
  }
  return words.join(' ')
}

async function* rows(count) {
  for (let first = 0; first < count; first += 1000) {
    yield Array.from({ length: Math.min(1000, count - first) }, (_, n) => ({ text: textOf(first + n) }))
  }
}

let isBounded = true
for (const count of [most / 10, most]) {
  const corpus = join(folder, `corpus-${count}`)
  const shards = 4
  for (let shard = 0; shard < shards; shard++) {
    const part = (async function* () {
      let n = 0
      for await (const batch of rows(count)) if (n++ % shards === shard) yield batch
    })()
    await writeRows(join(corpus, `part-${shard}.parquet`))(part)
  }
  for (const by of ['exact', 'minhash']) {
    const out = join(folder, `out-${by}-${count}`)
    const run = metered(process.execPath, [cli, 'dedup', corpus, '-o', out, '--by', by, '--json', '-q'])
    const { tally } = JSON.parse(run.out)
    const isRight = tally.out === count - count / 10
    isBounded &&= run.mb <= limit && isRight
    console.log(
      `${by.padEnd(8)} ${count.toLocaleString('en').padStart(10)} rows: ${run.mb.toFixed(0)} MB, ${run.cpu.toFixed(0)} CPU s, ` +
        `${(tally.in - tally.out).toLocaleString('en')} duplicates${isRight ? '' : `, and ${count / 10} are planted`}`,
    )
    rmSync(out, { recursive: true })
  }
  rmSync(corpus, { recursive: true })
}
rmSync(folder, { recursive: true })
console.log(isBounded ? `no more than ${limit} MB` : `more than ${limit} MB, or wrong`)
process.exitCode = isBounded ? 0 : 1
