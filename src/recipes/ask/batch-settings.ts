import { UsageError } from '../../stream/errors.js'

/** How calls are batched. */
export type BatchSettings = {
  /** Where the run keeps what it needs to find its batches again. */
  readonly folder: string
  /** Most requests of a batch. */
  readonly requests: number
  /** Longest pause between two looks at a batch. */
  readonly pollMs: number | undefined
  readonly note: (text: string) => void
}

type BatchFlags = {
  readonly batch?: boolean | undefined
  readonly batchSize?: number | undefined
  readonly batchPoll?: number | undefined
  readonly alsoAt?: string | undefined
  readonly tokensPerMinute?: number | undefined
}

/** The settings of a run in batches, nothing for another; what holds for single calls alone is a UsageError then. */
export function batchSettings(
  folder: string,
  { batch, batchSize: requests = 10_000, batchPoll, ...others }: BatchFlags,
  note: (text: string) => void,
): BatchSettings | undefined {
  if (!batch) return undefined
  for (const name of ['alsoAt', 'tokensPerMinute'] as const) {
    if (others[name] === undefined) continue
    throw new UsageError(`\`${name}\` is of single calls, and batches are sent whole`, {
      fix: 'Leave one of the two out.',
    })
  }
  return { folder, requests, pollMs: batchPoll === undefined ? undefined : batchPoll * 1000, note }
}
