import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BucketRow, encodeRow, indexBucket, readBucket } from './bucket-rows.js'
import type { VectorBytes } from './vector-bytes.js'

/** Rows in order, to be read more than once. */
export type SortedRows = {
  readonly count: number
  /** All of them, where memory has room. */
  readonly held?: readonly BucketRow[]
  /** The rows from one on. */
  from(row: number): AsyncIterable<readonly BucketRow[]>
  /** Frees the disk. */
  remove(): Promise<void>
}

export type SortOptions = {
  compare(a: BucketRow, b: BucketRow): number
  vectors: VectorBytes
  /** Rows that memory has room for: no more than these stay there, and more wait in `folder`. */
  most: number
  folder: string
}

/** Bytes that are read of all sorted runs at a time, and at least of each. */
const [mergeBytes, leastBytes] = [2 * 1024 * 1024, 64 * 1024]
const batchRows = 1024
/** Rows of a file from one whose place is known to the next. */
const knownRows = 1024

/** Puts rows in order: in memory, or by sorted runs in files that are merged. */
export async function sortRows(source: AsyncIterable<readonly BucketRow[]>, options: SortOptions): Promise<SortedRows> {
  const { compare, vectors, most, folder } = options
  const runs: string[] = []
  let held: BucketRow[] = []
  const spill = async () => {
    const path = join(folder, `run-${runs.length}.bin`)
    runs.push(path)
    await writeRows(path, vectors, inBatches(held.sort(compare)))
    held = []
  }
  for await (const rows of source) {
    for (const row of rows) {
      if (held.length === most) await spill()
      held.push(row)
    }
  }
  if (runs.length === 0) return heldRows(held.sort(compare))
  await spill()
  const path = join(folder, 'sorted.bin')
  const blockBytes = Math.max(leastBytes, Math.floor(mergeBytes / runs.length))
  const merged = merge(
    runs.map((run) => readBucket(run, vectors, { blockBytes })),
    compare,
  )
  await writeRows(path, vectors, merged)
  for (const run of runs) await rm(run)
  return { ...(await rowsOfFile(path, vectors)), remove: () => rm(path) }
}

/** The rows of a file that are in order. */
export async function rowsOfFile(path: string, vectors: VectorBytes): Promise<SortedRows> {
  const { count, starts } = await indexBucket(path, vectors, knownRows)
  return {
    count,
    from: (row) => without(row % knownRows, readBucket(path, vectors, { start: starts[Math.floor(row / knownRows)]! })),
    remove: async () => {},
  }
}

/** The rows behind the first `count` of a source. */
async function* without(
  count: number,
  source: AsyncIterable<readonly BucketRow[]>,
): AsyncGenerator<readonly BucketRow[]> {
  let left = count
  for await (const rows of source) {
    const some = rows.slice(Math.min(left, rows.length))
    left -= rows.length - some.length
    if (some.length > 0) yield some
  }
}

/** Rows in memory that are in order. */
export function heldRows(rows: readonly BucketRow[]): SortedRows {
  return {
    count: rows.length,
    held: rows,
    async *from(row) {
      yield rows.slice(row)
    },
    remove: async () => {},
  }
}

function* inBatches(rows: readonly BucketRow[]): Generator<readonly BucketRow[]> {
  for (let start = 0; start < rows.length; start += batchRows) yield rows.slice(start, start + batchRows)
}

async function writeRows(
  path: string,
  vectors: VectorBytes,
  source: AsyncIterable<readonly BucketRow[]> | Iterable<readonly BucketRow[]>,
): Promise<void> {
  const file = await open(path, 'w')
  try {
    for await (const rows of source) await file.writeFile(Buffer.concat(rows.map((row) => encodeRow(row, vectors))))
  } finally {
    await file.close()
  }
}

type Cursor = { readonly source: AsyncGenerator<BucketRow[]>; rows: readonly BucketRow[]; at: number }

/** The rows of sorted sources in one order; of equal ones those of the first source first. */
async function* merge(
  sources: readonly AsyncGenerator<BucketRow[]>[],
  compare: (a: BucketRow, b: BucketRow) => number,
): AsyncGenerator<BucketRow[]> {
  let cursors: Cursor[] = []
  try {
    for (const source of sources) cursors.push({ source, rows: (await source.next()).value ?? [], at: 0 })
    let batch: BucketRow[] = []
    while (cursors.length > 0) {
      const least = cursors.reduce((a, b) => (compare(b.rows[b.at]!, a.rows[a.at]!) < 0 ? b : a))
      batch.push(least.rows[least.at++]!)
      if (least.at === least.rows.length) {
        const { value, done } = await least.source.next()
        if (done) cursors = cursors.filter((cursor) => cursor !== least)
        else Object.assign(least, { rows: value, at: 0 })
      }
      if (batch.length === batchRows) {
        yield batch
        batch = []
      }
    }
    if (batch.length > 0) yield batch
  } finally {
    for (const source of sources) await source.return(undefined)
  }
}
