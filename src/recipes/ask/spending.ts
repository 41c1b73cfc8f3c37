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
 * What the file says: all that is spent, and how much of that comes into segments of the journal, by a command that was not
 * over yet: replies that have gone there, and requests under way. Paths are relative to the file.
 */
type Recorded = Spending & { readonly journalled?: Spending & { readonly segments: readonly string[] } }

/**
 * Adds to `spent` what earlier commands of a run have spent, by the record at `path`, and keeps that record up to date: a
 * limit is one of the run, however many commands it takes. Of a command that was killed every reply in the journal counts; of
 * requests that brought none those of the last half second may be missing, and so may as many as were under way. `appended` is
 * what those replies took that went to the journal.
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
      const requests = appended.requests + underWay.requests
      await write(segments.length === 0 ? spent : { ...spent, journalled: { ...appended, requests, segments } })
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

/** What commands before have spent: as recorded, but for replies in the journal of one that was killed, which are counted there. */
async function spentBefore(path: string): Promise<Spending> {
  const { journalled, ...sum }: Recorded = (await readSpending(path)) ?? noSpending()
  if (journalled === undefined) return sum
  const { segments, ...recorded } = journalled
  const paths = segments.map((segment) => resolve(dirname(path), segment))
  // Where the journal was moved away the record has to do.
  if (!(await Promise.all(paths.map(statIfThere))).every(Boolean)) return sum
  const counted = { ...sum }
  addSpending(counted, recorded, -1)
  for (const segment of paths) addSpending(counted, await segmentSpending(segment), 1)
  // What was under way and never came is in the one and not in the other.
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
    const { journalled = { ...recorded, segments: [] } } = recorded
    const isWhole = [recorded, journalled].every((each) => keys.every((key) => Number.isSafeInteger(each[key])))
    if (isWhole && journalled.segments.every((segment) => typeof segment === 'string')) return recorded
  } catch {
    // Told below.
  }
  throw new CorruptInputError(`${path} does not say what the run has spent`, {
    fix: 'Remove it: limits then count from zero.',
  })
}
