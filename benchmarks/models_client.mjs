// Asks a chat server as a recipe does, by the built library: validated, limited, retried and journalled.
//
//   node benchmarks/models_client.mjs URL ROWS IN_FLIGHT
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { budgeted, noSpending } from '../dist/models/budget.js'
import { openModel } from '../dist/models/index.js'
import { journalled, openJournal } from '../dist/models/journal.js'
import { limited } from '../dist/models/limit.js'
import { withRetry } from '../dist/models/retry.js'
import { mapConcurrent } from '../dist/stream/map-concurrent.js'

const [endpoint, rows, concurrency] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const filler = 'Read the passage and write the instruction that it answers. '.repeat(10)

async function* numbers() {
  for (let n = 0; n < rows; n += 100) yield Array.from({ length: Math.min(100, rows - n) }, (_, i) => n + i)
}

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
const journal = await openJournal(folder)
const bare = await openModel('openai:tiny', { endpoint, env: {} })
const model = journalled(withRetry(limited(budgeted(bare, { spent: noSpending() }), { concurrency })), journal)
const ask = (n) =>
  model.ask({
    messages: [{ role: 'user', content: `Row ${n}. ${filler}` }],
    rowId: `shard.parquet#${n}`,
    stage: 'instruct',
    ordinal: 0,
    maxTokens: 256,
    temperature: 0.7,
  })
const start = performance.now()
let answered = 0
for await (const replies of mapConcurrent(ask, { concurrency })(numbers())) {
  answered += replies.filter(({ text }) => text.length > 0).length
}
const seconds = (performance.now() - start) / 1000
await journal.close()
await rm(folder, { recursive: true })
console.log(JSON.stringify({ answered, seconds }))
