#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { describeFailure } from './cli/failure.js'
import { letHeapGrow } from './cli/heap.js'
import { runProgram } from './cli/program.js'
import type { VerbEntry } from './cli/verb.js'
import { asDiskError } from './stream/errors.js'

letHeapGrow(20)

/** Every verb, in the order of `--help`. A new one is a file and a line here. */
const verbs: readonly VerbEntry[] = [
  {
    name: 'run',
    summary: 'run a recipe over shards into a folder of curated Parquet',
    load: async () => (await import('./cli/run.js')).runVerb,
  },
  {
    name: 'plan',
    summary: 'rows, calls, tokens and price of a run, before a call is made',
    load: async () => (await import('./cli/plan.js')).planVerb,
  },
  {
    name: 'select',
    summary: 'choose a diverse subset of rows, every column as it was',
    load: async () => (await import('./cli/select.js')).selectVerb,
  },
  {
    name: 'embed',
    summary: 'the vectors of a corpus, an id and a vector for each text',
    load: async () => (await import('./cli/embed.js')).embedVerb,
  },
  {
    name: 'dedup',
    summary: 'leave out duplicates: equal, nearly equal, or alike in meaning',
    load: async () => (await import('./cli/dedup.js')).dedupVerb,
  },
  {
    name: 'filter',
    summary: 'leave out what published quality rules throw out; --sweep tries limits on a sample',
    load: async () => (await import('./cli/filter.js')).filterVerb,
  },
  {
    name: 'convert',
    summary: 'write shards of any format as one file, or as a folder of shards',
    load: async () => (await import('./cli/convert.js')).convertVerb,
  },
  {
    name: 'head',
    summary: 'print the first rows as JSON lines',
    load: async () => (await import('./cli/head.js')).headVerb,
  },
  {
    name: 'stats',
    summary: 'rows, bytes, columns, row groups and codecs of shards; nulls and lengths with --full',
    load: async () => (await import('./cli/stats.js')).statsVerb,
  },
  {
    name: 'bench',
    summary: 'what reading, filtering, embedding, writing and selecting take on this machine, of your corpus',
    load: async () => (await import('./cli/bench.js')).benchVerb,
  },
  {
    name: 'status',
    summary: 'how far the run in a folder has come',
    load: async () => (await import('./cli/status.js')).statusVerb,
  },
  {
    name: 'verify',
    summary: 'compare everything a run has written with its checksums',
    load: async () => (await import('./cli/verify.js')).verifyVerb,
  },
  {
    name: 'explain',
    summary: 'where a row came from, what was decided about it, and what the model was asked and said',
    load: async () => (await import('./cli/explain.js')).explainVerb,
  },
  {
    name: 'retry',
    summary: 'ask again about the rows of a run that failed, and about no others',
    load: async () => (await import('./cli/retry.js')).retryVerb,
  },
  {
    name: 'recipes',
    summary: 'list the recipes',
    load: async () => (await import('./cli/recipes.js')).recipesVerb,
  },
  {
    name: 'models',
    summary: 'fetch and list small models that run on this machine',
    load: async () => (await import('./cli/models.js')).modelsVerb,
  },
  {
    name: 'demo',
    summary: 'the whole job on documentation that is already on this machine',
    load: async () => (await import('./cli/demo.js')).demoVerb,
  },
]

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

function fail(error: unknown): never {
  const { text, exitCode } = describeFailure(error)
  process.stderr.write(`${text}\n`)
  process.exit(exitCode)
}

process.on('unhandledRejection', fail)
process.on('uncaughtException', fail)
// A reader that has seen enough (`| head`) closes the pipe; that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  fail(asDiskError(error, 'to stdout'))
})

let isOver = false
// A promise that nobody will settle any more would otherwise end in silence and exit code 0.
process.on('beforeExit', () => {
  if (!isOver) fail(new Error('nothing is left to wait for, and the command has not ended'))
})

runProgram(verbs, version, process.argv.slice(2)).then((exitCode) => {
  isOver = true
  process.exitCode = exitCode
}, fail)
