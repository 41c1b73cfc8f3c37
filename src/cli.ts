#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { convertVerb } from './cli/convert.js'
import { demoVerb } from './cli/demo.js'
import { describeFailure } from './cli/failure.js'
import { headVerb } from './cli/head.js'
import { modelsVerb } from './cli/models.js'
import { runProgram } from './cli/program.js'
import { recipesVerb } from './cli/recipes.js'
import { runVerb } from './cli/run.js'
import { selectVerb } from './cli/select.js'
import { statsVerb } from './cli/stats.js'
import type { Verb } from './cli/verb.js'

/** Every verb, in the order of `--help`. A new one is a file and a line here. */
const verbs: readonly Verb[] = [
  runVerb,
  selectVerb,
  convertVerb,
  headVerb,
  statsVerb,
  recipesVerb,
  modelsVerb,
  demoVerb,
]

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

function fail(error: unknown): never {
  const { text, exitCode } = describeFailure(error)
  if (text !== '') process.stderr.write(`${text}\n`)
  process.exit(exitCode)
}

process.on('unhandledRejection', fail)
process.on('uncaughtException', fail)
// A reader that has seen enough (`| head`) closes the pipe; that is no failure of ours.
process.stdout.on('error', fail)

runProgram(verbs, version, process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode
}, fail)
