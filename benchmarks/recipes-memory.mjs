// Does the memory of a recipe that asks a model stay as its rows grow tenfold? Each runs by the command line over texts or
// pairs that no two are alike, against a server on this machine that answers at once what the recipe's readers take.
//
//   node benchmarks/recipes-memory.mjs [rows = 2000,20000] [recipe ...]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { recipes, uniform, writeRows } from '../dist/index.js'
import { metered } from './child.mjs'

const sluice = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

const syllables = 'ba de fi go hu ka le mi no pu ra se ti vo wu za'.split(' ')
const words = Array.from({ length: 2048 }, (_, n) => [n >> 7, n >> 3, n].map((part) => syllables[part % 16]).join(''))

/** As many words as asked for, the same for the same key. */
function prose(key, count) {
  const word = (at) => words[Math.floor(uniform(1, key, `${at}`) * words.length)]
  return Array.from({ length: count }, (_, at) => word(at) + (at % 12 === 11 ? '.' : '')).join(' ')
}

/** The rows of either kind of corpus. */
const rowsOf = {
  texts: (n) => ({ text: `The ${prose(`text ${n}`, 150)}.` }),
  pairs: (n) => ({
    instruction: `Explain how ${prose(`asked ${n}`, 12)}?`,
    output: `It is ${prose(`said ${n}`, 60)}.`,
  }),
}

const tenth = (n) => ['--select', `${n / 10}`]
/** Of random words all vectors are alike, so none may be too like another. */
const tenthOfAlike = (n) => [...tenth(n), '--max-cosine', '1']

const cases = {
  reinstruct: { takes: 'texts', args: (n) => ['--select', `${n}`, '--selector', 'light'] },
  'back-and-forth': { takes: 'texts', args: (n) => ['--select', `${n}`] },
  kun: { takes: 'texts', args: (n) => ['--select', `${n}`, '--language', 'en'] },
  'evol-instruct': { takes: 'pairs', args: () => [] },
  deita: { takes: 'pairs', args: tenthOfAlike },
  ifd: { takes: 'pairs', args: tenthOfAlike },
  magpie: { takes: 'pairs', args: tenth },
  humpback: { takes: 'pairs', args: () => [] },
  'select-llm': { takes: 'pairs', args: tenth },
}

/** What the model says: the stage is the one that its system prompt belongs to. */
function replyOf(recipe) {
  const texts = Object.entries(recipes[recipe].prompts ?? {})
  return ({ messages }) => {
    const [system, last] = [messages[0].content, messages.at(-1).content]
    const stage = texts.find(([, wording]) => wording.system === system)?.[0] ?? ''
    const picks = /Pick (\d+) of these/.exec(last)
    if (picks) return `[${Array.from({ length: Number(picks[1]) }, (_, n) => n + 1).join(', ')}]`
    if (recipe === 'magpie') return stage.startsWith('quality') ? 'Quality: good' : 'Difficulty: medium'
    if (stage.startsWith('point')) return '[Good]'
    if (stage === 'judge') return 'Not Equal'
    if (/score|complexity|quality/.test(stage)) return `Score: ${1 + Math.floor(uniform(2, last, 'score') * 5)}`
    return /instruct|label/.test(stage) ? `How do ${prose(last, 10)}?` : `In short, ${prose(last, 40)}.`
  }
}

async function serve(recipe) {
  const { startOpenAiServer } = await import('../test/server/openai-server.mjs')
  const { url } = await startOpenAiServer({ reply: replyOf(recipe) })
  process.send(url)
}

async function measure(sizes, names) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-recipes-memory-'))
  const corpusOf = (takes, size) => join(folder, `${takes}-${size}.parquet`)
  try {
    for (const [takes, rowOf] of Object.entries(rowsOf)) {
      for (const size of sizes) await writeRows(corpusOf(takes, size))(batches(rowOf, size))
    }
    for (const name of names) {
      const { takes, args } = cases[name]
      const server = spawn(process.execPath, [fileURLToPath(import.meta.url), 'serve', name], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      const [url] = await once(server, 'message')
      try {
        const figures = sizes.map((size) => {
          const run = ['run', name, corpusOf(takes, size), ...args(size), '-o', join(folder, `${name}-${size}`)]
          const model = [
            '--model',
            'openai:toy',
            '--endpoint',
            url,
            '--concurrency',
            '64',
            '--max-failed',
            '1',
            '--json',
          ]
          const { mb, cpu, out } = metered(process.execPath, [sluice, ...run, ...model])
          return `${size} rows ${mb.toFixed(0)} MB ${cpu.toFixed(1)} CPU s ${JSON.parse(out).tally.out} out`
        })
        console.log(`${name.padEnd(15)} ${figures.join('   ')}`)
      } finally {
        server.kill()
      }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function* batches(rowOf, size) {
  for (let start = 0; start < size; start += 1000) {
    yield Array.from({ length: Math.min(1000, size - start) }, (_, n) => rowOf(start + n))
  }
}

const [first = '2000,20000', ...names] = process.argv.slice(2)
if (first === 'serve') await serve(names[0])
else await measure(first.split(',').map(Number), names.length > 0 ? names : Object.keys(cases))
