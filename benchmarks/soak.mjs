// Does anything pile up over a long run at a server that fails? Rounds of calls, three in ten of them faulty in every usual way, are
// asked as a recipe does, in one process. Its memory must level off, and once it is idle it must hold no more files, sockets and timers
// than at the start. Throws where that is not so, and where a row is lost.
//
//   node --expose-gc benchmarks/soak.mjs [minutes = 5] [in flight = 32]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ask } from '../dist/recipes/ask/ask.js'
import { openAsking } from '../dist/recipes/ask/asking.js'
import { openResources } from '../dist/recipes/resources.js'
import { usualFaults } from '../test/server/openai-server.mjs'

const [minutes, concurrency] = [Number(process.argv[2] ?? 5), Number(process.argv[3] ?? 32)]
const rowsInRound = 40 * concurrency
/** MB a minute, over five minutes and more. */
const mostSlope = 1
/** Idle connections are closed after four seconds. */
const idleMs = 8000

process.on('unhandledRejection', (error) => {
  throw error
})
const faults = usualFaults.map((kind) => `${kind}=${0.3 / usualFaults.length}`).join(',')
const server = spawn(
  process.execPath,
  [fileURLToPath(new URL('../test/server/openai-server.mjs', import.meta.url)), '--latency', '50', '--faults', faults],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
const endpoint = /http:\S+/.exec(String((await once(server.stdout, 'data'))[0]))[0]
const folder = await mkdtemp(join(tmpdir(), 'sluice-soak-'))
const stage = {
  name: 'soak',
  prompt: {
    write: ({ id }) => [{ role: 'user', content: `Row ${id}. ${'x'.repeat(500)}` }],
    read: (reply) => ({ reply }),
  },
  sampling: { maxTokens: 64 },
}
const rounds = []
const before = await held()
try {
  const started = performance.now()
  const elapsed = () => (performance.now() - started) / 60_000
  for (let round = 0; elapsed() < minutes || rounds.length < 3; round++) {
    const failed = await askRound(round)
    global.gc?.()
    const [minute, mb] = [elapsed(), process.memoryUsage.rss() / 2 ** 20]
    rounds.push([minute, mb])
    console.log(
      `${minute.toFixed(1).padStart(5)} min ${mb.toFixed(0).padStart(5)} MB, ${failed} of ${rowsInRound} rows failed`,
    )
  }
  await delay(idleMs)
  const after = await held()
  // The first third is for warming up.
  const slope = slopeOf(rounds.slice(Math.floor(rounds.length / 3)))
  console.log(
    `${slope.toFixed(2)} MB a minute; files ${before.files}, then ${after.files}; timers ${before.timers}, then ${after.timers}`,
  )
  if (minutes >= 5 && slope > mostSlope) throw new Error(`memory grows by ${slope.toFixed(2)} MB a minute`)
  if (after.files > before.files || after.timers > before.timers) throw new Error('files or timers pile up')
} finally {
  server.kill()
  await rm(folder, { recursive: true, force: true })
}

/** What this process has open. */
async function held() {
  const files = (await readdir('/proc/self/fd')).length
  return { files, timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length }
}

/** Asks about the rows of a round, with a journal and a model of its own; tells how many failed. */
async function askRound(round) {
  const out = join(folder, String(round))
  const { resources, close } = openResources({ model: 'openai:tiny', endpoint }, out, {
    ...{ concurrency, timeout: 1, journal: join(out, 'journal') },
  })
  const context = { folder, signal: new AbortController().signal, progress() {}, warn() {} }
  const asking = await openAsking(context, resources)
  async function* numbered() {
    yield Array.from({ length: rowsInRound }, (_, n) => ({ id: `${round}#${n}` }))
  }
  let answered = 0
  for await (const replies of ask(stage, asking)(numbered())) answered += replies.length
  const failed = Object.values(asking.log.failed).reduce((sum, count) => sum + count, 0)
  await asking.close()
  await close()
  await rm(out, { recursive: true })
  if (answered + failed !== rowsInRound) throw new Error(`${answered} and ${failed} are not ${rowsInRound} rows`)
  return failed
}

/** The slope of the line through points by least squares. */
function slopeOf(points) {
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  return over / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
}
