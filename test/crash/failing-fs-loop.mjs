// Curates a small corpus again and again in this process, each time with the next file-system call failing, and each time
// resumes; prints a line of JSON a trial. The first 60 calls set the run up and are unlike each other: of them at least
// every third fails. node failing-fs-loop.mjs FOLDER CODE FROM STEP
import { createHash } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { failNth, outcome } from './failing-fs.mjs'

const [folder = '', code = 'EIO', from = '1', step = '1'] = process.argv.slice(2)
const { curate } = await import('../../dist/recipes/curate.js')
const recording = join(folder, 'recording.jsonl')
const out = join(folder, 'out')
const run = () => {
  const config = { selector: 'light', select: 6, coresetRows: 64, model: `replay:${recording}` }
  return curate({ recipe: 'reinstruct', inputs: [join(folder, 'corpus')], out, config })
}

/** The sum of everything that a reader of the output sees. */
async function shown() {
  const entries = await readdir(out, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('.sluice'))
    .map((entry) => join(entry.parentPath, entry.name))
  const hash = createHash('sha256')
  for (const name of names.sort()) hash.update(name).update(await readFile(name))
  return hash.digest('hex')
}

await rm(out, { recursive: true, force: true })
failNth(out, Number.POSITIVE_INFINITY, code)
await run()
const { calls } = outcome()
const expected = await shown()
const turns = []
for (let n = Number(from); n <= calls; n += n < 60 ? Math.min(3, Number(step)) : Number(step)) turns.push(n)
// Past the last call nothing fails.
for (const n of [...turns, calls + 1]) {
  await rm(out, { recursive: true, force: true })
  failNth(out, n, code)
  const error = await run().then(
    () => undefined,
    (/** @type {any} */ caught) => caught,
  )
  const { failed } = outcome()
  failNth(out, Number.POSITIVE_INFINITY, code)
  const resumed = await run().then(shown, (/** @type {any} */ caught) => String(caught))
  const same = resumed === expected
  console.log(
    JSON.stringify({
      n,
      failed,
      error: error && `${error.name}: ${error.message}`,
      exit: error?.exitCode,
      same,
      resumed: same ? undefined : resumed,
    }),
  )
}
