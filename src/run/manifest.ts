import { createHash } from 'node:crypto'
import { readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { asDiskError, CorruptInputError } from '../stream/errors.js'
import { statIfThere } from '../stream/stat-if-there.js'
import { writeDurably } from '../stream/write-durably.js'
import { appendLineDurably, type StoredFile } from './durable.js'
import { requireInside } from './paths.js'
import type { Tally } from './tally.js'
import type { Pass, Plan, PlannedShard, Task } from './types.js'

/** One committed task. What is not in the manifest does not exist. */
export type ManifestEntry = {
  readonly pass: string
  readonly task: Task
  readonly files: readonly StoredFile[]
  readonly tally: Tally
  /** {@link planHash} of the plan the task was done under. */
  readonly plan: string
}

/**
 * The hash by which manifest lines name the plan they were done under, as far as their pass depends on it; machine paths
 * and file times do not enter it.
 */
export function planHash(plan: Plan, { settings }: Pick<Pass, 'settings'>): string {
  const config = Object.entries(plan.config).filter(([key]) => settings?.includes(key) ?? true)
  const name = ({ name, bytes, format }: PlannedShard) => ({ name, bytes, format })
  const files = Object.entries(plan.files ?? {}).filter(([key]) => settings?.includes(key) ?? true)
  const shards = plan.shards.map(name)
  return createHash('sha256')
    .update(
      JSON.stringify({
        format: plan.format,
        recipe: plan.recipe,
        config,
        shards,
        files: files.map(([key, each]) => [key, each.map(name)]),
      }),
    )
    .digest('hex')
}

/**
 * Reads the manifest of a run, for which it need not be locked. A last line that is cut is left out, because the task it
 * names is not yet committed; a bad line anywhere else is an error.
 */
export async function readManifest(path: string): Promise<ManifestEntry[]> {
  const text = await readText(path)
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const where = `${path}:${index + 1}`
      try {
        const entry = JSON.parse(line) as ManifestEntry
        for (const name of [entry.pass, entry.task.id, ...entry.files.map(({ name }) => name)])
          requireInside(name, where)
        return entry
      } catch (cause) {
        if (cause instanceof CorruptInputError) throw cause
        throw new CorruptInputError(`${where} is not a manifest line: ${(cause as Error).message}`, {
          cause,
          fix: 'Remove the output folder and run again; replies in its journal can be reused with --journal.',
        })
      }
    })
}

/** Cuts off a last line that a crash left unfinished, so that the next one begins on its own; only under the lock. */
export async function mendManifest(path: string): Promise<void> {
  const text = await readText(path)
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) await truncate(path, Buffer.byteLength(whole))
}

/** Takes committed tasks back, all others staying; a crash leaves the old manifest or the new one. */
export async function rewriteManifest(path: string, entries: readonly ManifestEntry[]): Promise<void> {
  await writeDurably(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw asDiskError(error, path)
  }
}

/** Adds a committed task; returns once the line is on the disk. */
export async function appendManifest(path: string, entry: ManifestEntry): Promise<void> {
  await appendLineDurably(path, JSON.stringify(entry))
}

/** Whether every file of a manifest entry is still in place with the size it was committed with. */
export async function isInPlace(entry: ManifestEntry, folder: string): Promise<boolean> {
  for (const file of entry.files) {
    const found = await statIfThere(join(folder, file.name))
    if (found?.size !== file.bytes) return false
  }
  return true
}
