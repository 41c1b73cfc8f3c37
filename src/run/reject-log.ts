import { asDiskError } from '../stream/errors.js'
import type { Reject } from '../stream/types.js'
import { openLines, openSortedLines } from './lost-lines.js'

/** A row that did not make it: judged away (`rejected`), or not answerable (`failed`, with what was tried). */
export type LostRow = Reject & {
  readonly outcome: 'rejected' | 'failed'
  /** How many rows it stands for, from its own on, where that is not one. */
  readonly rows?: number
  readonly attempts?: number
  /** Last HTTP status, where there was one. */
  readonly status?: number
  /** Of a duplicate: the row it is most like, and how alike they are, from 0 to 1. */
  readonly duplicate_of?: string
  readonly score?: number
}

export type RejectLog = {
  /** Notes a row that a filter judged away. */
  reject(row: Reject & Pick<LostRow, 'duplicate_of' | 'score'>): void
  /** Notes by one line the rows of a shard that could not be read: `rows` of them, 0 where nobody knows. */
  leave(row: Reject, rows: number): void
  /** Notes a row that could not be answered. */
  fail(row: Reject & { attempts?: number; status?: number }): void
  /** Rows by `stage: reason`. */
  readonly rejected: Readonly<Record<string, number>>
  readonly failed: Readonly<Record<string, number>>
  close(): void
}

/**
 * Opens a JSONL file of lost rows. Writes are synchronous, in blocks, because a stage must not wait to say no. `sorted`
 * writes them by id when it is closed: for stages side by side, which lose rows in an order of their own.
 */
export function openRejectLog(
  path: string,
  { sorted = false, onLost = () => {} }: { sorted?: boolean; onLost?: () => void } = {},
): RejectLog {
  const lines = sorted ? openSortedLines(path) : openLines(path)
  const orDiskError = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw asDiskError(error, path)
    }
  }
  const rejected: Record<string, number> = {}
  const failed: Record<string, number> = {}
  const add = (row: LostRow, counts: Record<string, number>) => {
    const key = `${row.stage}: ${row.reason}`
    counts[key] = (counts[key] ?? 0) + (row.rows ?? 1)
    orDiskError(() => lines.push(row))
    onLost()
  }
  return {
    rejected,
    failed,
    reject: (row) => add({ ...row, outcome: 'rejected' }, rejected),
    leave: (row, rows) => add({ ...row, outcome: 'rejected', rows }, rejected),
    fail: (row) => add({ ...row, outcome: 'failed' }, failed),
    close: () => orDiskError(lines.close),
  }
}
