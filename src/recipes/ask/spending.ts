import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { type BudgetOptions, noSpending, type Spending } from '../../models/budget.js'
import { addSpending, segmentSpending } from '../../models/journal-spending.js'
import { asDiskError, CorruptInputError } from '../../stream/errors.js'
import { statIfThere } from '../../stream/stat-if-there.js'
import { nextTurn } from '../../stream/turn.js'
import { writeDurably } from '../../stream/write-durably.js'

/** How often what a run has spent is written down. */
const everyMs = 500

export type SpendingRecord = {
  /** What the run had spent when this command began. */
  readonly before: Readonly<Spending>
  /** Told of each segment of the journal before this command writes to it. */
  onSegment(path: string): Promise<void>
  /** Writes down what is spent by now, for the last time. */
  close(): Promise<void>
}

/**
 * What the file says: all that is spent and, by a command that was not over yet, how much of that has gone into segments of the
 * journal, and how many requests were under way. Paths are relative to the file.
 */
type Recorded = Spending & { readonly journalled?: Journalled }
type Journalled = Spending & { readonly segments: readonly string[]; readonly underWay?: number }

/**
 * Adds to `spent` what earlier commands of a run have spent, by the record at `path`, and keeps that record up to date: a
 * limit is one of the run, however many commands it takes. Of a command that was killed every reply in the journal counts, and
 * as many requests as were under way half a second before at most, each taken to have cost what a reply of it did, if there was
 * one. `appended` is what those replies took that went to the journal.
 */
export async function recordSpending(
  path: string,
  { spent, underWay }: Required<Pick<BudgetOptions, 'spent' | 'underWay'>>,
  appended: Readonly<Spending>,
): Promise<SpendingRecord> {
  const before = await spentBefore(path)
  addSpending(spent, before, 1)
  const segments: string[] = []
  let written = JSON.stringify(before)
  let writing: Promise<void> = Promise.resolve()
  const write = async (recorded: Recorded) => {
    const now = JSON.stringify(recorded)
    if (now === written) return
    await writeDurably(path, now).catch((error) => {
      // A run that was refused before it began leaves no folder to write in.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    })
    written = now
  }
  const writeNow = () => {
    const next = writing.then(async () => {
      // A reply on its way from the one count to the other would be in both.
      await nextTurn()
      const journalled = { ...appended, segments, underWay: underWay.requests }
      await write(segments.length === 0 ? spent : { ...spent, journalled })
    })
    // What fails here fails again at the end, where somebody waits for it.
    writing = next.catch(() => {})
    return next
  }
  const timer = setInterval(() => void writeNow().catch(() => {}), everyMs)
  timer.unref()
  return {
    before,
    onSegment(segment) {
      segments.push(relative(dirname(path), segment))
      return writeNow()
    },
    close: async () => {
      clearInterval(timer)
      await writing
      await write(spent)
    },
  }
}

/**
 * What commands before have spent: as recorded, but for replies in the journal of one that was killed, which are counted there.
 * What it had under way was sent and may have to be paid for, so a limit is rather reached too early than passed.
 */
async function spentBefore(path: string): Promise<Spending> {
  const { journalled, ...sum }: Recorded = (await readSpending(path)) ?? noSpending()
  if (journalled === undefined) return sum
  const { segments, underWay = 0, ...recorded } = journalled
  const paths = segments.map((segment) => resolve(dirname(path), segment))
  // Where the journal was moved away the record has to do.
  if (!(await Promise.all(paths.map(statIfThere))).every(Boolean)) return sum
  const kept = noSpending()
  for (const segment of paths) addSpending(kept, await segmentSpending(segment), 1)
  const counted = { ...sum }
  addSpending(counted, recorded, -1)
  addSpending(counted, kept, 1)
  // Their requests are in the sum.
  const perReply = underWay / Math.max(1, kept.requests)
  counted.promptTokens += Math.round(perReply * kept.promptTokens)
  counted.completionTokens += Math.round(perReply * kept.completionTokens)
  // A reply may have been recorded that never came to the disk.
  for (const key of keys) sum[key] = Math.max(sum[key], counted[key])
  return sum
}

const keys = ['requests', 'promptTokens', 'completionTokens'] as const

async function readSpending(path: string): Promise<Recorded | undefined> {
  const text = await readFile(path, 'utf8').catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw asDiskError(error, path)
  })
  if (text === undefined) return undefined
  try {
    const recorded = JSON.parse(text) as Recorded
    if (areCounts(recorded) && (recorded.journalled === undefined || isWhole(recorded.journalled))) return recorded
  } catch {
    // Told below.
  }
  throw new CorruptInputError(`${path} does not say what the run has spent`, {
    fix: 'Remove it: limits then count from zero.',
  })
}

function isWhole(journalled: Journalled): boolean {
  const { segments, underWay = 0 } = journalled
  return (
    areCounts(journalled) && Number.isSafeInteger(underWay) && segments.every((segment) => typeof segment === 'string')
  )
}

function areCounts(spending: Spending): boolean {
  return keys.every((key) => Number.isSafeInteger(spending[key]))
}
