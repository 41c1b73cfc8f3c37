// Does a job again and again in this process, each time with the next file-system call failing, and each time does it once more
// undisturbed; prints a line of JSON a trial. The first 60 calls set a run up and are unlike each other: of them at least
// every third fails. node failing-fs-loop.mjs run|convert|dedup CORPUS OUT CODE FROM STEP
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { failNth, outcome } from './failing-fs.mjs'

const [job = 'run', corpus = '', out = '', code = 'EIO', from = '1', step = '1'] = process.argv.slice(2)
const { startOpenAiServer } = await import('../server/openai-server.mjs')
const { curate } = await import('../../dist/recipes/curate.js')
const { convertVerb } = await import('../../dist/cli/convert.js')

// Some latency, so that replies reach the journal one by one.
const server = await startOpenAiServer({ latencyMs: 2 })

/** @type {Record<string, () => Promise<unknown>>} */
const jobs = {
  run: () => {
    const config = { selector: 'light', select: 6, coresetRows: 64, model: 'openai:toy', endpoint: server.url }
    return curate({ recipe: 'reinstruct', inputs: [corpus], out, config })
  },
  dedup: () => curate({ recipe: 'dedup', inputs: [corpus], out }),
  convert: async () => {
    const terminal = { out: () => {}, err: () => {}, json: false, quiet: true }
    await convertVerb.run([corpus], { out: join(out, 'one.parquet') }, terminal)
    await convertVerb.run([corpus], { out: join(out, 'shards'), shardRows: 15, to: 'jsonl' }, terminal)
  },
}

/** The job, or an error where it does not come to an end: this process would wait for the server for ever. */
function attempt() {
  const hangs = new Promise((_, reject) => {
    setTimeout(reject, 120_000, new Error('the job does not end')).unref()
  })
  return Promise.race([jobs[job]?.(), hangs])
}

/** The names and contents of everything that a reader of the output sees. */
async function shown() {
  const entries = await readdir(out, { recursive: true, withFileTypes: true }).catch(() => [])
  const names = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('.sluice'))
    .map((entry) => join(entry.parentPath, entry.name))
  const hashOf = async (/** @type {string} */ name) =>
    createHash('sha256')
      .update(await readFile(name))
      .digest('hex')
  return Object.fromEntries(await Promise.all(names.sort().map(async (name) => [name, await hashOf(name)])))
}

async function clear() {
  await rm(out, { recursive: true, force: true })
  if (job === 'convert') await mkdir(out)
}

await clear()
failNth(out, Number.POSITIVE_INFINITY, code)
await attempt()
const { calls } = outcome()
const expected = await shown()
const turns = []
for (let n = Number(from); n <= calls; n += n < 60 ? Math.min(3, Number(step)) : Number(step)) turns.push(n)
// The last time nothing fails.
for (const n of [...turns, Number.POSITIVE_INFINITY]) {
  await clear()
  failNth(out, n, code)
  const error = await attempt().then(
    () => undefined,
    (/** @type {any} */ caught) => caught,
  )
  const { failed } = outcome()
  failNth(out, Number.POSITIVE_INFINITY, code)
  // Whatever is to be seen is what is to stay.
  const partial = Object.entries(await shown()).filter(([name, hash]) => expected[name] !== hash)
  // What a run goes on with; a folder of shards is made whole or not at all, and not over another.
  if (job === 'convert') await clear()
  const resumed = await attempt().then(shown, (/** @type {any} */ caught) => String(caught))
  const same = JSON.stringify(resumed) === JSON.stringify(expected)
  console.log(
    JSON.stringify({
      n,
      failed,
      error: error && `${error.name}: ${error.message}`,
      exit: error?.exitCode,
      partial: partial.map(([name]) => name),
      same,
      resumed: same ? undefined : resumed,
    }),
  )
}
await server.close()
