import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { findShards, writeRows } from '../formats/index.js'
import { readShards, schemaOf } from '../formats/shards.js'
import { selectRecipe } from '../recipes/select/index.js'
import type { Recipe } from '../recipes/types.js'
import { asDiskError, ResumeMismatchError, UsageError } from '../stream/errors.js'
import { statIfThere } from '../stream/stat-if-there.js'
import { syncFolder } from '../stream/sync-folder.js'
import { localOut, refuseOwnInput } from './local-out.js'
import { recipeFlags } from './recipe-flags.js'
import { report, runRecipe } from './run.js'
import type { Flag, Flags, Terminal, Verb } from './verb.js'
import type { RunOutcome } from './watch-run.js'

const flags: readonly Flag[] = recipeFlags(selectRecipe as unknown as Recipe).map((flag) => {
  if (flag.name === 'out') return { ...flag, description: 'file of the chosen rows, or the folder of a run' }
  return flag.name === 'select' ? { ...flag, short: 'n' } : flag
})

export const selectVerb: Verb = {
  operands: '<shards...>',
  example: "sluice select 'corpus/*.parquet' -n 10000 -o picked.parquet",
  flags,
  run: async (inputs, given, terminal) => {
    const named = localOut(given.out, 'an output file or folder', 'picked.parquet')
    const out = resolve(named)
    return /\.\w+$/.test(basename(out)) && !/[\\/]$/.test(named)
      ? selectToFile(inputs, given, out, terminal)
      : selectToFolder(inputs, { ...given, out }, terminal)
  },
}

async function selectToFolder(
  inputs: readonly string[],
  given: Flags & { out: string },
  terminal: Terminal,
): Promise<number> {
  const outcome = await runRecipe('select', inputs, given, terminal)
  if ('exitCode' in outcome) return outcome.exitCode
  report(outcome, terminal)
  return 0
}

/** Works in a folder beside the file, so that an interrupted selection resumes, and removes it at the end. */
async function selectToFile(inputs: readonly string[], given: Flags, out: string, terminal: Terminal): Promise<number> {
  // Asked before any work: a name that no format writes should not cost a run.
  writeRows(out)
  const before = await statIfThere(out)
  if (before?.isDirectory())
    throw new UsageError(`${out} is a folder.`, { fix: 'Name another file with -o, or remove it.' })
  if (before) await refuseOwnInput(out, await findShards(inputs))
  const run = join(dirname(out), `.${basename(out)}.sluice`)
  await mkdir(dirname(out), { recursive: true }).catch((error) => {
    throw asDiskError(error, out)
  })
  const outcome = await resumeOrStartOver(inputs, { ...given, out: run }, terminal)
  if ('exitCode' in outcome) return outcome.exitCode
  const shards = await findShards([join(run, 'data')])
  // The run lies beside the file, so that its only shard can become it.
  if (shards.length === 1 && out.endsWith('.parquet')) await moveTo(shards[0]!.path, out)
  else await writeRows(out, { schema: await schemaOf(shards) })(readShards(shards))
  await rm(run, { recursive: true })
  report({ ...outcome, curated: { ...outcome.curated, out } }, terminal)
  return 0
}

/** For good before the run, which could make it again, is removed. */
async function moveTo(from: string, out: string): Promise<void> {
  try {
    await rename(from, out)
    await syncFolder(dirname(out))
  } catch (error) {
    throw asDiskError(error, out)
  }
}

/** What an earlier selection of other settings left under this name is of no use, and nobody knows of it. */
async function resumeOrStartOver(
  inputs: readonly string[],
  flags: Flags & { out: string },
  terminal: Terminal,
): Promise<RunOutcome> {
  try {
    return await runRecipe('select', inputs, flags, terminal)
  } catch (error) {
    if (!(error instanceof ResumeMismatchError)) throw error
    await rm(flags.out, { recursive: true, force: true })
    return runRecipe('select', inputs, flags, terminal)
  }
}
