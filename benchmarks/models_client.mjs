// Asks a chat server about rows as a recipe does, by the built library: validated, limited, retried and journalled.
//
// With `echo` every reply must be the one about its own row, `Echo ID.`, and the others are counted as wrong.
//
//   node benchmarks/models_client.mjs URL ROWS IN_FLIGHT [echo]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask } from '../dist/recipes/ask/ask.js'
import { openAsking } from '../dist/recipes/ask/asking.js'
import { openResources } from '../dist/recipes/resources.js'

const [endpoint, rows, concurrency] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const isEcho = process.argv[5] === 'echo'
const filler = 'Read the passage and write the instruction that it answers. '.repeat(10)

const stage = {
  name: 'instruct',
  prompt: { write: ({ id }) => [{ role: 'user', content: `Row ${id}. ${filler}` }], read: (reply) => ({ reply }) },
  sampling: { maxTokens: 256, temperature: 0.7 },
}

async function* numbered() {
  for (let n = 0; n < rows; n += 100) {
    yield Array.from({ length: Math.min(100, rows - n) }, (_, i) => ({ id: `shard.parquet#${n + i}` }))
  }
}

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
const machine = { concurrency, timeout: 2, journal: join(folder, 'journal') }
const { resources, close } = openResources({ model: 'openai:tiny', endpoint }, folder, machine)
const context = { folder, signal: new AbortController().signal, progress() {}, warn() {} }
const asking = await openAsking(context, resources)
const start = performance.now()
let answered = 0
const wrong = []
for await (const replies of ask(stage, asking)(numbered())) {
  answered += replies.length
  if (isEcho) for (const { id, reply } of replies) if (reply !== `Echo ${id}.`) wrong.push(id)
}
const seconds = (performance.now() - start) / 1000
const failed = Object.values(asking.log.failed).reduce((sum, count) => sum + count, 0)
await asking.close()
await close()
await rm(folder, { recursive: true })
console.log(JSON.stringify({ answered, failed, wrong: wrong.length, seconds }))
