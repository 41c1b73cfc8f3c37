import { join } from 'node:path'
import { SluiceError, UsageError } from '../stream/errors.js'
import type { Ledger } from './ledger.js'
import { type ManifestEntry, readManifest } from './manifest.js'
import { type RunPaths, runPaths } from './paths.js'
import { readPlan } from './plan.js'
import type { Pass, Plan, Task } from './types.js'

/** What lies in a run folder, as it is at this moment; the run may go on meanwhile. */
export type RunFolder = {
  readonly paths: RunPaths
  readonly plan: Plan
  readonly manifest: readonly ManifestEntry[]
}

/** Reads a run folder without touching it; one that no run has made is a {@link UsageError}. */
export async function readRunFolder(out: string): Promise<RunFolder> {
  const paths = runPaths(out)
  const plan = await readPlan(paths.plan)
  if (plan === undefined) {
    throw new UsageError(`${out} is not the folder of a run: it has no ${join('.sluice', 'plan.json')}`, {
      fix: 'Name the folder that was given with -o; a selection into a file leaves none.',
    })
  }
  return { paths, plan, manifest: await readManifest(paths.manifest) }
}

/** A pass of a run: what it has to do, as far as earlier passes let it be known, and what is done. */
export type PassState = {
  readonly pass: string
  /** Absent while an earlier pass is not done, or the corpus is not there. */
  readonly tasks?: number
  readonly committed: number
}

/** How far each pass of a run has come; `ledger` learns the order of its tasks. */
export async function passStates(plan: Plan, passes: readonly Pass[], ledger: Ledger): Promise<PassState[]> {
  const states: PassState[] = []
  for (const pass of passes) {
    const isKnown = states.every(({ tasks, committed }) => committed === tasks)
    const tasks = isKnown ? await tasksOf(pass, plan, ledger) : undefined
    if (tasks) ledger.list(pass.name, tasks)
    const committed = ledger.committed(pass.name).length
    states.push({ pass: pass.name, ...(tasks && { tasks: tasks.length }), committed })
  }
  return states
}

/** A pass's tasks, or nothing where they cannot be told, as when the corpus is no longer there. */
async function tasksOf(pass: Pass, plan: Plan, { committed }: Ledger): Promise<readonly Task[] | undefined> {
  try {
    return await pass.tasks({ plan, committed })
  } catch (error) {
    if (error instanceof SluiceError) return undefined
    throw error
  }
}
