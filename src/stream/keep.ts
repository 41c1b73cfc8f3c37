import type { Reject, Row, Stage } from './types.js'

/** Why a row must leave, or `undefined` when it stays. */
export type Judge<R> = (row: R) => Reason | undefined
export type Reason = string | { reason: string; detail?: string }

/**
 * Lets a row through when `judge` has nothing to say of it; otherwise hands `onReject` the row's id with the stage and
 * the reason. A judge answers with a reason rather than `false`, so that no row can leave unexplained.
 */
export function keep<R extends Row>(stage: string, judge: Judge<R>, onReject: (reject: Reject) => void): Stage<R, R> {
  return async function* (source) {
    for await (const rows of source) {
      const kept = rows.filter((row) => {
        const verdict = judge(row)
        if (verdict === undefined) return true
        const { reason, detail } = typeof verdict === 'string' ? { reason: verdict, detail: undefined } : verdict
        onReject({ id: row.id, stage, reason, ...(detail === undefined ? {} : { detail }) })
        return false
      })
      if (kept.length > 0) yield kept
    }
  }
}
