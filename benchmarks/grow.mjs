// Does Self-Instruct's growing pool keep its memory and its pace? Grows tasks against a seeded server on this machine, and
// prints CPU seconds and resident memory along the way.
// node benchmarks/grow.mjs [tasks]
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { curate, uniform } from '../dist/index.js'

/** Words without sense, enough of them for new tasks without end. */
const words = Array.from({ length: 4000 }, (_, n) => {
  const syllable = (of) => 'bcdfghklmnprstvz'[of % 16] + 'aeiou'[(of >> 4) % 5]
  return syllable(n) + syllable(n >> 3) + syllable(n >> 6)
})

/** A task of seven to fourteen words; one in eight says again, nearly, what a task shown said. */
function task(asked, n) {
  const lot = (use) => uniform(1, `${asked.slice(-400)} ${n}`, use)
  const shown = asked.match(/^\d\. .+$/gm) ?? []
  if (lot('again') < 1 / 8 && shown.length > 0) return shown[n % shown.length].slice(3)
  const length = 7 + Math.floor(lot('length') * 8)
  return Array.from({ length }, (_, at) => words[Math.floor(lot(`word ${at}`) * words.length)]).join(' ')
}

function reply({ messages }) {
  const asked = messages.at(-1).content
  // What is asked stands first, above the examples that are shown.
  const [{ content: first }] = messages
  if (first.includes('Yes or No')) return 'No'
  if (first.includes('Invent examples')) return 'Output: An answer.'
  return Array.from({ length: 8 }, (_, n) => `${n + 9}. ${task(asked, n)}`).join('\n')
}

async function serve() {
  const { startOpenAiServer } = await import('../test/server/openai-server.mjs')
  const { url } = await startOpenAiServer({ reply })
  process.send(url)
}

async function grow(target) {
  const server = spawn(process.execPath, [fileURLToPath(import.meta.url), 'serve'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const endpoint = await new Promise((resolve) => server.once('message', resolve))
  const out = mkdtempSync(join(tmpdir(), 'sluice-grow-'))
  let grown = 0
  let next = target / 8
  const show = (what) => {
    const { user, system } = process.cpuUsage()
    const mb = process.memoryUsage().rss / 2 ** 20
    console.log(
      `${what.padStart(14)} ${((user + system) / 1e6).toFixed(1).padStart(6)} CPU s ${mb.toFixed(0).padStart(5)} MB`,
    )
  }
  try {
    const config = { instructions: target, lookahead: 64, model: 'openai:toy', endpoint, seed: 1 }
    const { tally } = await curate({
      ...{ recipe: 'self-instruct', inputs: [], out, config, machine: { concurrency: 64 } },
      onEvent: (event) => {
        if (event.kind !== 'rows' || event.pass !== 'grow') return
        grown += event.rows
        if (grown < next) return
        show(`${grown} seen`)
        next += target / 8
      },
    })
    show('done')
    console.log(`${tally.out} rows; peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`)
    if (tally.out < target) throw new Error(`${target} tasks were to be grown`)
    for (const [reason, count] of Object.entries(tally.rejected)) console.log(`  ${count} × ${reason}`)
  } finally {
    server.kill()
    rmSync(out, { recursive: true })
  }
}

if (process.argv[2] === 'serve') await serve()
else await grow(Number(process.argv[2] ?? 20_000))
