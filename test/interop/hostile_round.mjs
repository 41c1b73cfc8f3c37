// Reads hostile files in processes of their own and prints what became of them: deaths, hangs, memory, errors that are not
// ours. Exits with 1 where there is any. The mutants are those of test/formats/hostile.test.ts, 2,000 of them or
// SLUICE_MUTANTS; further folders of bad files may be named:
//   npm run build:ts && node test/interop/hostile_round.mjs ../shared/corpora/bombs ../shared/corpora/parquet-testing/bad_data
import { fork } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formats } from '../../dist/formats/table.js'
import { SluiceError } from '../../dist/stream/errors.js'
import { uniform } from '../../dist/text/hash.js'
import { mutate } from '../formats/mutant.mjs'

const mostSeconds = 5
const mostMb = 600
const mutants = Number(process.env.SLUICE_MUTANTS ?? 2000)
/** Mutants are small, so some share a process; its peak stands for each of them. */
const perProcess = 50

if (process.send) process.on('message', async (path) => process.send(await readOne(path)))
else await round()

/** Reads a file to its end, or a million rows of it. */
async function readOne(path) {
  const before = process.cpuUsage()
  const format = formats.find(({ extensions }) => extensions.some((extension) => path.endsWith(extension)))
  let outcome = 'read'
  try {
    await format.describe(path)
    let rows = 0
    for await (const batch of format.read(path)) {
      rows += batch.length
      if (rows > 1_000_000) break
    }
  } catch (error) {
    outcome = error instanceof SluiceError ? 'refused' : 'foreign'
  }
  const { user, system } = process.cpuUsage(before)
  return { outcome, seconds: (user + system) / 1e6, mb: process.resourceUsage().maxRSS / 1024 }
}

async function round() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-hostile-'))
  const lines = []
  try {
    lines.push(['mutants', await tally(mutantFiles(folder), perProcess)])
    for (const corpus of process.argv.slice(2)) {
      const files = readdirSync(corpus).filter((name) => name.endsWith('.parquet'))
      lines.push([
        corpus.split('/').at(-1),
        await tally(
          files.map((name) => join(corpus, name)),
          1,
        ),
      ])
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  const columns = ['files', 'refused', 'read', 'foreign', 'deaths', 'hangs', 'seconds', 'mb']
  console.log(['', ...columns].map((cell) => cell.padStart(9)).join(''))
  for (const [name, told] of lines) {
    console.log([name, ...columns.map((column) => told[column])].map((cell) => String(cell).padStart(9)).join(''))
  }
  const isWrong = ([, { foreign, deaths, hangs, mb }]) => foreign + deaths + hangs > 0 || mb > mostMb
  process.exitCode = lines.some(isWrong) ? 1 : 0
}

function* mutantFiles(folder) {
  const fixtures = fileURLToPath(new URL('../../fixtures/shards/', import.meta.url))
  const originals = readdirSync(fixtures).filter((name) => name.endsWith('.parquet'))
  const path = join(folder, 'mutant.parquet')
  for (let i = 0; i < mutants; i++) {
    const name = originals[i % originals.length]
    writeFileSync(path, mutate(readFileSync(join(fixtures, name)), uniform, 7, `${name}#${i}`))
    yield path
  }
}

async function tally(paths, each) {
  const told = { files: 0, refused: 0, read: 0, foreign: 0, deaths: 0, hangs: 0, seconds: 0, mb: 0 }
  let child
  for (const path of paths) {
    if (told.files % each === 0) child?.kill()
    if (told.files % each === 0 || child?.killed || child?.exitCode !== null)
      child = fork(fileURLToPath(import.meta.url))
    const { outcome, seconds, mb } = await ask(child, path)
    told.files++
    told[outcome]++
    if (outcome !== 'hangs' && seconds > mostSeconds) told.hangs++
    told.seconds = Math.max(told.seconds, Math.ceil(seconds * 10) / 10)
    told.mb = Math.max(told.mb, Math.round(mb))
  }
  child?.kill()
  return told
}

/** What a child says of a file; it is ended where it says nothing for a minute, on however busy a machine. */
function ask(child, path) {
  return new Promise((resolve) => {
    const done = (told) => {
      clearTimeout(timer)
      child.removeAllListeners()
      resolve({ seconds: 0, mb: 0, ...told })
    }
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      done({ outcome: 'hangs', seconds: 60 })
    }, 60_000)
    child.once('message', done)
    child.once('exit', () => done({ outcome: 'deaths' }))
    child.send(path)
  })
}
