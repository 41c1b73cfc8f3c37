import type { Stage } from './types.js'

export type BatchOptions = {
  /** Most rows in a batch; default 1,024. */
  rows?: number
  /** Most bytes in a batch, a row that is larger alone travelling by itself; default 8 MiB. */
  bytes?: number
}

/** Regroups rows into batches that end at `rows` rows or before `bytes` bytes, whichever comes first. */
export function batch<R>({ rows: maxRows = 1024, bytes: maxBytes = 8 * 1024 * 1024 }: BatchOptions = {}): Stage<R, R> {
  if (!Number.isInteger(maxRows) || maxRows < 1) {
    throw new TypeError(`Expected \`rows\` to be an integer from 1 up, got \`${maxRows}\` (${typeof maxRows})`)
  }
  return async function* (source) {
    let held: R[] = []
    let heldBytes = 0
    for await (const rows of source) {
      for (const row of rows) {
        const bytes = byteSize(row)
        if (held.length > 0 && heldBytes + bytes > maxBytes) {
          yield held
          held = []
          heldBytes = 0
        }
        held.push(row)
        heldBytes += bytes
        if (held.length === maxRows) {
          yield held
          held = []
          heldBytes = 0
        }
      }
    }
    if (held.length > 0) yield held
  }
}

/** About how many bytes a value keeps alive; a string counts one byte a UTF-16 unit, as V8 holds Latin text. */
export function byteSize(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (value === null || typeof value !== 'object') return 8
  if (ArrayBuffer.isView(value)) return value.byteLength
  let bytes = 16
  for (const part of Array.isArray(value) ? value : Object.values(value)) bytes += 8 + byteSize(part)
  return bytes
}
