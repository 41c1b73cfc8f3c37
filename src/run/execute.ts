import { mkdir, readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { closing } from '../stream/closing.js'
import { asDiskError, SluiceError } from '../stream/errors.js'
import { statIfThere } from '../stream/stat-if-there.js'
import { commitFolder, isTemporary, listFiles, type StoredFile } from './durable.js'
import { type Engine, localEngine } from './engines/local.js'
import { type Ledger, openLedger } from './ledger.js'
import { refuseLinks } from './links.js'
import { takeLock } from './lock.js'
import { isInPlace, type ManifestEntry, mendManifest, readManifest, rewriteManifest } from './manifest.js'
import { type RunPaths, runPaths, taskFolder } from './paths.js'
import { prepareFolders, settlePlan } from './plan.js'
import { isPublished, publish } from './publish.js'
import { checkTally, total } from './tally.js'
import type { Committed, Pass, Plan, RunEvent, Task } from './types.js'

export type ExecuteOptions = {
  /** The run folder; made when it is not there, resumed when it is. */
  out: string
  plan: Plan
  /** In order. The last one has a single task, whose files are published into `out`. */
  passes: readonly Pass[]
  /** Does tasks with failed rows again, and all passes after theirs. */
  retryFailed?: boolean
  signal?: AbortSignal
  onEvent?: (event: RunEvent) => void
  engine?: Engine
}

export type Executed = {
  readonly paths: RunPaths
  /** Committed tasks of all passes, in pass and task order. */
  readonly committed: readonly Committed[]
  /** True when nothing was left to do. */
  readonly wasDone: boolean
}

/**
 * Does a run, or what is left of it: every task not yet in the manifest, pass by pass, then publishes the last pass's
 * files. Interrupted at any instant and called again it gives the same bytes as if it had never stopped.
 */
export async function execute(options: ExecuteOptions): Promise<Executed> {
  const { out, plan, passes, retryFailed = false, engine = localEngine } = options
  const { signal = new AbortController().signal, onEvent = () => {} } = options
  const paths = runPaths(out)
  await refuseLinks(paths)
  await prepareFolders(paths)
  const unlock = await takeLock(paths.lock)
  let ledger: Ledger | undefined
  const leave = async () => {
    try {
      if (ledger?.isEmpty()) await removeTraces(paths)
    } finally {
      await unlock()
    }
  }
  const work = async () => {
    await sweep(paths)
    await mendManifest(paths.manifest)
    const manifest = await readManifest(paths.manifest)
    const entries = retryFailed ? withoutFailed(manifest, passes) : manifest
    if (entries.length < manifest.length) await rewriteManifest(paths.manifest, entries)
    const started = new Set(entries.map(({ pass }) => pass))
    await settlePlan(
      plan,
      paths,
      passes.filter(({ name }) => started.has(name)),
    )
    ledger = openLedger(plan, passes, paths, entries)
    const wasDone = await isDone(ledger, passes, paths)
    if (!wasDone) {
      for (const pass of passes) await runPass(pass, { plan, paths, ledger, signal, onEvent, engine })
      const last = ledger.committed(passes.at(-1)!.name)
      await publish(last, filesOf(ledger, last), paths)
    }
    const { committed } = ledger
    return { paths, wasDone, committed: passes.flatMap((pass) => committed(pass.name)) }
  }
  return closing({ close: leave }, work).catch((error) => {
    throw asDiskError(error, paths.state)
  })
}

/** A run that was refused before it committed anything leaves no folder behind, unless a reply or a vector was paid for. */
async function removeTraces(paths: RunPaths): Promise<void> {
  const replies = await readdir(paths.journal).catch(() => undefined)
  const vectors = await statIfThere(paths.vectors)
  if (replies?.length !== 0 || vectors !== undefined) return
  // What cannot be removed is no more than a run to resume; why it was refused is what to tell.
  await rm(paths.state, { recursive: true, force: true }).catch(() => {})
  // Fails, as it should, where the folder holds anything else.
  await rmdir(paths.out).catch(() => {})
}

/** Removes what a killed run left half-written; only the holder of the lock may. */
async function sweep(paths: RunPaths): Promise<void> {
  for (const folder of [paths.state, paths.artifacts, paths.vectors, paths.batches]) {
    if (!(await statIfThere(folder))) continue
    for (const name of await readdir(folder, { recursive: folder !== paths.state })) {
      if (isTemporary(name)) await rm(join(folder, name), { recursive: true, force: true })
    }
  }
}

async function isDone(ledger: Ledger, passes: readonly Pass[], paths: RunPaths): Promise<boolean> {
  const last = ledger.committed(passes.at(-1)!.name)
  return last.length > 0 && (await isPublished(filesOf(ledger, last), paths))
}

function filesOf(ledger: Ledger, committed: readonly Committed[]): StoredFile[] {
  return committed.flatMap(({ pass, task }) => ledger.entry(pass, task)!.files)
}

/** The committed tasks that stay when those with failed rows are to be done again: replies they had cost nothing then. */
function withoutFailed(entries: readonly ManifestEntry[], passes: readonly Pass[]): ManifestEntry[] {
  const order = new Map(passes.map(({ name }, index) => [name, index]))
  const placeOf = (entry: ManifestEntry) => order.get(entry.pass) ?? Number.POSITIVE_INFINITY
  const again = entries.filter(({ pass, tally }) => pass !== passes.at(-1)!.name && total(tally.failed) > 0)
  const first = Math.min(...again.map(placeOf))
  return entries.filter((entry) => placeOf(entry) <= first && !again.includes(entry))
}

type PassSetting = Required<Pick<ExecuteOptions, 'plan' | 'signal' | 'onEvent' | 'engine'>> & {
  paths: RunPaths
  ledger: Ledger
}

async function runPass(pass: Pass, setting: PassSetting): Promise<void> {
  const { plan, paths, ledger, signal, onEvent, engine } = setting
  const tasks = await pass.tasks({ plan, committed: ledger.committed })
  ledger.list(pass.name, tasks)
  const open: Task[] = []
  for (const task of tasks) {
    const entry = ledger.entry(pass.name, task)
    if (!entry || !(await isInPlace(entry, taskFolder(paths, pass.name, task.id)))) open.push(task)
  }
  const rows = open.reduce((sum, task) => sum + (task.rows ? task.rows.end - task.rows.start : Number.NaN), 0)
  const counted = Number.isNaN(rows) ? {} : { rows }
  onEvent({ kind: 'pass', pass: pass.name, tasks: tasks.length, committed: tasks.length - open.length, ...counted })
  await engine(open, (task) => runTask(pass, task, setting), { signal, apart: pass.apart ?? false })
}

async function runTask(pass: Pass, task: Task, setting: PassSetting): Promise<void> {
  const { plan, paths, ledger, signal, onEvent } = setting
  const final = taskFolder(paths, pass.name, task.id)
  const folder = `${final}.tmp-${process.pid}`
  try {
    // What is there was cut off between its rename and its manifest line, or has lost a file: it does not exist.
    await rm(final, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    const tally = await pass.work(task, {
      plan,
      committed: ledger.committed,
      folder,
      signal,
      progress: (rows) => onEvent({ kind: 'rows', pass: pass.name, rows }),
      warn: (text) => onEvent({ kind: 'warning', pass: pass.name, text }),
    })
    checkTally(tally, `task ${pass.name}/${task.id}`)
    const files = await listFiles(folder)
    await commitFolder(folder, final)
    await ledger.add({ pass: pass.name, task, files, tally, plan: ledger.hash(pass.name) })
    onEvent({ kind: 'task', pass: pass.name, task: task.id, tally })
  } catch (error) {
    await rm(folder, { recursive: true, force: true }).catch(() => {})
    throw error instanceof SluiceError ? error : asDiskError(error, folder)
  }
}
