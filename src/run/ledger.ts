import { isDeepStrictEqual } from 'node:util'
import { appendManifest, type ManifestEntry, planHash } from './manifest.js'
import { type RunPaths, taskFolder } from './paths.js'
import type { Committed, Pass, Plan, Task } from './types.js'

/** What the manifest says is done under a plan. */
export type Ledger = {
  /** The entry of a task; one of the same id that meant other rows is none of it. */
  entry(pass: string, task: Task): ManifestEntry | undefined
  /** Puts a task on the disk's record; returns once it is there. */
  add(entry: ManifestEntry): Promise<void>
  /** Says which tasks a pass has, in order; what else the manifest names of it is none of this run. */
  list(pass: string, tasks: readonly Task[]): void
  /** The committed tasks of a pass, in its order. */
  committed(pass: string): readonly Committed[]
  /** Whether nothing is committed, under this plan or any other. */
  isEmpty(): boolean
  /** What a pass's manifest lines name their plan by. */
  hash(pass: string): string
}

/** Reads the ledger of `plan` out of a manifest's entries. */
export function openLedger(
  plan: Plan,
  passes: readonly Pass[],
  paths: RunPaths,
  manifest: readonly ManifestEntry[],
): Ledger {
  const hashes = new Map(passes.map((pass) => [pass.name, planHash(plan, pass)]))
  const entries = new Map<string, Map<string, ManifestEntry>>(passes.map(({ name }) => [name, new Map()]))
  const listed = new Map<string, readonly Task[]>()
  // Later passes ask again and again for all tasks of an earlier one.
  const cache = new Map<string, readonly Committed[]>()
  // Tasks done side by side may end at once; their lines go on the record one after another.
  let written: Promise<unknown> = Promise.resolve()
  for (const entry of manifest) {
    if (entry.plan === hashes.get(entry.pass)) entries.get(entry.pass)!.set(entry.task.id, entry)
  }
  const entryOf = (pass: string, task: Task) => {
    const entry = entries.get(pass)?.get(task.id)
    return entry && isDeepStrictEqual(entry.task, task) ? entry : undefined
  }
  const collect = (pass: string): Committed[] => {
    const tasks = listed.get(pass) ?? [...(entries.get(pass)?.values() ?? [])].map(({ task }) => task).sort(byId)
    return tasks.flatMap((task) => {
      const entry = entryOf(pass, task)
      return entry ? [{ pass, task, tally: entry.tally, folder: taskFolder(paths, pass, task.id) }] : []
    })
  }
  return {
    hash: (pass) => hashes.get(pass)!,
    isEmpty: () => manifest.length === 0 && [...entries.values()].every((tasks) => tasks.size === 0),
    entry: entryOf,
    add: async (entry) => {
      const line = written.then(() => appendManifest(paths.manifest, entry))
      written = line.catch(() => {})
      await line
      entries.get(entry.pass)!.set(entry.task.id, entry)
      cache.delete(entry.pass)
    },
    list: (pass, tasks) => {
      listed.set(pass, tasks)
      cache.delete(pass)
    },
    committed: (pass) => {
      const found = cache.get(pass) ?? collect(pass)
      cache.set(pass, found)
      return found
    },
  }
}

function byId(a: Task, b: Task): number {
  return a.id < b.id ? -1 : 1
}
