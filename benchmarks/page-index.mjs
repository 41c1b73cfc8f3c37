// What does an OffsetIndex save where a few rows of a large row group are read by their numbers?
//
//   npm run build:ts && SLUICE_BENCH_PYTHON=python node benchmarks/page-index.mjs
//
// pyarrow writes the same 300,000 rows twice, as one row group of zstd pages, with and without a page index. 5 and 50 rows, spread
// over the group, are read of a column of texts and of one of conversations: CPU seconds of the reading alone, the least of five processes,
// and the ratio, above 1 where the index saves some.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { metered } from './child.mjs'

const rows = 300_000
const write = `
import random, sys
import pyarrow as pa
import pyarrow.parquet as pq
folder, rows = sys.argv[1], int(sys.argv[2])
random.seed(1)
words = [f"w{n}" for n in range(5000)]
text = lambda count: " ".join(random.choices(words, k=count))
turns = lambda: [{"role": "user", "content": text(12)}, {"role": "assistant", "content": text(25)}]
table = pa.table({"text": [text(30) for _ in range(rows)], "messages": [turns() for _ in range(rows)]})
for name, index in (("with", True), ("without", False)):
    pq.write_table(table, f"{folder}/{name}.parquet", write_page_index=index, compression="zstd", row_group_size=rows, data_page_size=2**18)
`
const read = `
import { readShard } from '${new URL('../dist/formats/index.js', import.meta.url)}'
const [path, column, count] = process.argv.slice(1)
const only = Array.from({ length: Number(count) }, (_, n) => Math.floor((${rows} * (n + 0.5)) / count))
let found = 0
const before = process.cpuUsage()
for await (const batch of readShard({ path, format: 'parquet' }, { only, columns: [column] })) found += batch.length
const { user, system } = process.cpuUsage(before)
if (found !== only.length) throw new Error(found + ' rows')
console.log((user + system) / 1e6)
`
const python = process.env.SLUICE_BENCH_PYTHON
if (python === undefined) throw new Error('SLUICE_BENCH_PYTHON names no Python with pyarrow')
const folder = mkdtempSync(join(tmpdir(), 'sluice-pages-'))
try {
  metered(python, ['-c', write, folder, String(rows)])
  const cpu = (name, column, count) => {
    const args = ['--input-type=module', '-e', read, join(folder, `${name}.parquet`), column, String(count)]
    return Math.min(...Array.from({ length: 5 }, () => Number(metered(process.execPath, args).out)))
  }
  for (const column of ['text', 'messages']) {
    for (const count of [5, 50]) {
      const [without, indexed] = [cpu('without', column, count), cpu('with', column, count)]
      const ratio = `without / with = ${(without / indexed).toFixed(2)}`
      console.log(`${column}, ${count} rows: ${without.toFixed(3)} and ${indexed.toFixed(3)} CPU s   ${ratio}`)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
