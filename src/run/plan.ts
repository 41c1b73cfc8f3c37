import { mkdir, readdir, readFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { asDiskError, CorruptInputError, ResumeMismatchError, UsageError } from '../stream/errors.js'
import { statIfThere } from '../stream/stat-if-there.js'
import { writeDurably } from '../stream/write-durably.js'
import { makeFolder } from './durable.js'
import type { RunPaths } from './paths.js'
import type { Pass, Plan, PlannedShard } from './types.js'

/**
 * Fixes the plan of a run: written while nothing is committed, compared once something is. A corpus that changed, or a
 * setting that a committed pass depends on, is then a {@link ResumeMismatchError} that lists the differences.
 */
export async function settlePlan(plan: Plan, paths: RunPaths, committed: readonly Pass[]): Promise<void> {
  const before = await readPlan(paths.plan)
  if (before !== undefined && committed.length > 0) {
    refuseDifferences(before, plan, paths, (key) => committed.some(({ settings }) => settings?.includes(key) ?? true))
  }
  if (!isDeepStrictEqual(before, plan)) await writeDurably(paths.plan, `${JSON.stringify(plan, null, 2)}\n`)
}

/** Throws a {@link ResumeMismatchError} with what differs between two plans, of the config only the keys that are fixed. */
export function refuseDifferences(before: Plan, plan: Plan, paths: RunPaths, isFixed: (key: string) => boolean): void {
  const differences = planDifferences(before, plan, isFixed)
  if (differences.length > 0) {
    throw new ResumeMismatchError(
      `${paths.out} holds a run of another plan:\n${differences.map((line) => `  ${line}`).join('\n')}`,
      { fix: 'Run with the old settings to resume it, or choose another output folder.' },
    )
  }
}

/** The plan of a run folder, or `undefined` where there is none. */
export async function readPlan(path: string): Promise<Plan | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw asDiskError(error, path)
  }
  try {
    return JSON.parse(text) as Plan
  } catch (cause) {
    throw new CorruptInputError(`${path} is not a plan: ${(cause as Error).message}`, { cause })
  }
}

/** What differs between two plans, a line each: `seed: 7, now 8`; of the config only the keys that are fixed. */
export function planDifferences(before: Plan, now: Plan, isFixed: (key: string) => boolean): string[] {
  const lines: string[] = []
  const compare = (name: string, a: unknown, b: unknown) => {
    if (!isDeepStrictEqual(a, b)) lines.push(`${name}: ${JSON.stringify(a)}, now ${JSON.stringify(b)}`)
  }
  compare('plan format', before.format, now.format)
  compare('recipe', before.recipe, now.recipe)
  for (const key of new Set([...Object.keys(before.config), ...Object.keys(now.config)])) {
    if (isFixed(key)) compare(key, before.config[key], now.config[key])
  }
  for (const [key, files] of Object.entries(now.files ?? {})) {
    const same = isDeepStrictEqual(before.files?.[key]?.map(fingerprint), files.map(fingerprint))
    if (isFixed(key) && !same) lines.push(`${key}: the file has changed since`)
  }
  const found = new Map(now.shards.map((shard) => [shard.name, shard]))
  for (const shard of before.shards) {
    const other = found.get(shard.name)
    found.delete(shard.name)
    if (!other) lines.push(`shard ${shard.name}: no longer given`)
    else if (!isDeepStrictEqual(fingerprint(shard), fingerprint(other)))
      lines.push(`shard ${shard.name}: the file has changed since`)
  }
  for (const name of found.keys()) lines.push(`shard ${name}: not part of the run before`)
  return lines
}

/** What tells whether a file is still the one it was; where it lies is none of it. */
function fingerprint({ name, bytes, modifiedMs, format, etag }: PlannedShard): unknown[] {
  return [name, bytes, modifiedMs, format, etag]
}

/** Makes the folders of a run; a folder that holds anything else is a {@link UsageError}. */
export async function prepareFolders(paths: RunPaths): Promise<void> {
  try {
    const existing = await statIfThere(paths.out)
    if (existing && !existing.isDirectory()) {
      throw new UsageError(`Expected the output ${paths.out} to be a folder, and it is a file`, {
        fix: 'Choose another output path.',
      })
    }
    if (existing && !(await statIfThere(paths.state)) && (await readdir(paths.out)).length > 0) {
      throw new UsageError(`${paths.out} is not empty, and no sluice run made it`, {
        fix: 'Choose a new or an empty folder for the output.',
      })
    }
    await makeFolder(paths.artifacts)
    // Prompts and replies may hold what others should not read.
    await mkdir(paths.journal, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw asDiskError(error, paths.out)
  }
}
