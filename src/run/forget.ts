import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { closing } from '../stream/closing.js'
import { asDiskError, UsageError } from '../stream/errors.js'
import { writeDurably } from '../stream/write-durably.js'
import { refuseLinks } from './links.js'
import { takeLock } from './lock.js'
import { type ManifestEntry, readManifest } from './manifest.js'
import { type RunPaths, runPaths } from './paths.js'
import { readPlan, refuseDifferences } from './plan.js'
import type { Plan } from './types.js'

export type ForgetOptions = {
  /** The plan that is to come; it may differ from the run's in `setting` alone. */
  plan: Plan
  setting: string
  /** The passes that depend on the setting, in order; the last one has published what people see. */
  passes: readonly string[]
}

/**
 * Takes back what the last passes of a run have committed and published, so that `execute` does them under another setting
 * and finds all before them done. What stops it halfway leaves a run that can be resumed under either.
 */
export async function forgetPasses(out: string, { plan, setting, passes }: ForgetOptions): Promise<void> {
  const paths = runPaths(out)
  const before = await readPlan(paths.plan)
  if (!before) throw new UsageError(`${out} holds no run`, { fix: 'Name the folder of a run that was made before.' })
  refuseDifferences(before, plan, paths, (key) => key !== setting)
  await refuseLinks(paths)
  const unlock = await takeLock(paths.lock)
  const forget = async () => {
    const entries = await readManifest(paths.manifest)
    // What people see goes first: a run whose files are gone is one to go on with.
    await unpublish(
      entries.filter(({ pass }) => pass === passes.at(-1)),
      paths,
    )
    const kept = entries.filter(({ pass }) => !passes.includes(pass))
    await writeDurably(paths.manifest, kept.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  }
  await closing({ close: unlock }, forget).catch((error) => {
    throw asDiskError(error, paths.out)
  })
}

async function unpublish(entries: readonly ManifestEntry[], paths: RunPaths): Promise<void> {
  const names = entries.flatMap(({ files }) => files.map(({ name }) => name.split('/')[0]!))
  for (const name of new Set(names)) await rm(join(paths.out, name), { recursive: true, force: true })
}
