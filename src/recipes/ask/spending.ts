import { readFile } from 'node:fs/promises'
import { noSpending, type Spending } from '../../models/budget.js'
import { writeDurably } from '../../run/durable.js'
import { asDiskError, CorruptInputError } from '../../stream/errors.js'

/** How often what a run has spent is written down: a process that is killed forgets no more than this. */
const everyMs = 500

export type SpendingRecord = {
  /** What the run had spent when this command began. */
  readonly before: Readonly<Spending>
  /** Writes down what is spent by now, for the last time. */
  close(): Promise<void>
}

/**
 * Adds to `spent` what earlier commands of a run have spent, by the record at `path`, and keeps that record up to date: a
 * limit is one of the run, however many commands it takes.
 */
export async function recordSpending(path: string, spent: Spending): Promise<SpendingRecord> {
  const before = (await readSpending(path)) ?? noSpending()
  for (const key of keys) spent[key] += before[key]
  let written = JSON.stringify(before)
  let writing: Promise<void> = Promise.resolve()
  const write = async () => {
    const now = JSON.stringify(spent)
    if (now === written) return
    await writeDurably(path, now)
    written = now
  }
  const timer = setInterval(() => {
    // What fails here fails again at the end, where somebody waits for it.
    writing = writing.then(write).catch(() => {})
  }, everyMs)
  timer.unref()
  return {
    before,
    close: async () => {
      clearInterval(timer)
      await writing
      await write().catch((error) => {
        // A run that was refused before it began leaves no folder to write in.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      })
    },
  }
}

const keys = ['requests', 'promptTokens', 'completionTokens'] as const

async function readSpending(path: string): Promise<Spending | undefined> {
  const text = await readFile(path, 'utf8').catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw asDiskError(error, path)
  })
  if (text === undefined) return undefined
  try {
    const spending = JSON.parse(text) as Spending
    if (keys.every((key) => Number.isSafeInteger(spending[key]))) return spending
  } catch {
    // Told below.
  }
  throw new CorruptInputError(`${path} does not say what the run has spent`, {
    fix: 'Remove it: limits then count from zero.',
  })
}
