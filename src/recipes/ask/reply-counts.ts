import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Reply } from '../../models/types.js'
import type { RunView } from '../../run/types.js'
import type { Unread } from '../types.js'

/** What a stage's replies were, taken from the journal or not: the same for every run of the same bytes. */
export type StageCounts = {
  replies: number
  /** Of them, those the stage's reader could read. */
  read: number
  promptTokens: number
  completionTokens: number
  /** Replies that came without a count of tokens. */
  uncounted: number
}

export type ReplyCounts = {
  /** Counts a reply; `unread` is why it could not be read. */
  add(stage: string, reply: Reply, unread?: Unread): void
  /** By stage, in the order of their first replies. */
  readonly stages: ReadonlyMap<string, StageCounts>
}

/** Replies of a stage after which it is said aloud that none could be read: early, as all further ones cost too. */
const tellAfter = 20

/** Counts from nothing; `tell` is told, once a stage, when none of its first replies could be read, with one of them. */
export function createReplyCounts(tell: (text: string) => void): ReplyCounts {
  const stages = new Map<string, StageCounts>()
  return {
    stages,
    add: (stage, { text, usage }, unread) => {
      const counts = stages.get(stage) ?? noReplies()
      stages.set(stage, counts)
      counts.replies++
      if (unread === undefined) counts.read++
      if (usage === undefined) counts.uncounted++
      counts.promptTokens += usage?.promptTokens ?? 0
      counts.completionTokens += usage?.completionTokens ?? 0
      if (counts.replies === tellAfter && counts.read === 0) {
        const shown = JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text)
        tell(`${stage}: 0 of ${tellAfter} replies could be read. The last one (${unread?.unread}): ${shown}`)
      }
    },
  }
}

/** What a task that asked a model leaves beside its rows. */
export const repliesFile = 'replies.json'

/** Leaves the counts of a task beside its rows. */
export async function writeReplyCounts(folder: string, { stages }: ReplyCounts): Promise<void> {
  const sorted = [...stages].sort(([a], [b]) => (a < b ? -1 : 1))
  await writeFile(join(folder, repliesFile), JSON.stringify(Object.fromEntries(sorted)))
}

/** The counts of all tasks of some passes, by stage. */
export async function readReplyCounts(run: RunView, passes: readonly string[]): Promise<Map<string, StageCounts>> {
  const sum = new Map<string, StageCounts>()
  for (const { folder } of passes.flatMap((pass) => run.committed(pass))) {
    const text = await readFile(join(folder, repliesFile), 'utf8').catch((error) => {
      if (error.code === 'ENOENT') return '{}'
      throw error
    })
    for (const [stage, counts] of Object.entries(JSON.parse(text) as Record<string, StageCounts>)) {
      sum.set(stage, addCounts(sum.get(stage) ?? noReplies(), counts))
    }
  }
  return sum
}

/** The counts of a stage that has no reply yet. */
export function noReplies(): StageCounts {
  return { replies: 0, read: 0, promptTokens: 0, completionTokens: 0, uncounted: 0 }
}

/** The counts of two sets of replies together. */
export function addCounts(a: StageCounts, b: StageCounts): StageCounts {
  const sum = { ...a }
  for (const key of Object.keys(sum) as (keyof StageCounts)[]) sum[key] += b[key]
  return sum
}
