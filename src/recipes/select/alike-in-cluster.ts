import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Schema, writeRows } from '../../formats/index.js'
import { createSemanticDuplicates, type MostAlike } from '../../select/semantic-duplicates.js'
import { nextTurn } from '../../stream/turn.js'
import { readRows } from '../pass/artifacts.js'
import type { BucketRow } from './bucket-rows.js'
import type { SortedRows } from './sorted-rows.js'

/** How like a row is to the one before it in its cluster that it is most like; -1 where none is before it. */
export type Alike = { id: string; cluster: number; distance: number; alike: number; of: string }
export const alikeSchema: Schema = { id: 'string', cluster: 'int32', distance: 'float', alike: 'double', of: 'string' }

export type CompareOptions = {
  dimensions: number
  /** Rows that others are compared with at a time: the kernel takes several times the room of their vectors. */
  blockRows: number
  /** Where what was found so far of the rows behind a block waits. */
  folder: string
  signal: AbortSignal
}

/** Rows between two looks at the signal, and of those behind a block that are told of at a time. */
const [turnRows, batchRows] = [256, 1024]

/**
 * For every row of a cluster, in its order, the row before it that it is most like; the first of those on ties. All rows are
 * compared with one block after another: memory holds a block, however many rows there are.
 */
export async function* compareInBlocks(rows: SortedRows, options: CompareOptions): AsyncGenerator<readonly Alike[]> {
  const { blockRows, folder } = options
  const waiting = (start: number) => join(folder, `found-${start}.parquet`)
  let empty: string | undefined
  for (let start = 0; start < rows.count; start += blockRows) {
    const next = start + blockRows
    const before = start === 0 ? notFound(rows.from(0)) : readRows<Alike>(waiting(start))
    const compared = compareWithBlock(rows.from(start), before, { ...options, empty })
    try {
      const { found, empty: first } = (await compared.next()).value!
      empty = first
      yield found
      if (next < rows.count) await writeRows(waiting(next), { schema: alikeSchema })(behind(compared))
    } finally {
      await compared.return(undefined)
    }
    if (start > 0) await rm(waiting(start))
  }
}

async function* behind(compared: AsyncIterable<Compared>): AsyncGenerator<readonly Alike[]> {
  for await (const { found } of compared) yield found
}

async function* notFound(source: AsyncIterable<readonly BucketRow[]>): AsyncGenerator<Alike[]> {
  for await (const rows of source) {
    yield rows.map(({ id, cluster, distance }) => ({ id, cluster, distance, alike: -1, of: '' }))
  }
}

/** What is now found of some rows, and the id of the cluster's first row without a known word. */
type Compared = { readonly found: readonly Alike[]; readonly empty: string | undefined }

/** Tells of the rows of a block, which `source` begins with, and then of those behind it, all compared with the block's. */
async function* compareWithBlock(
  source: AsyncIterable<readonly BucketRow[]>,
  before: AsyncIterable<readonly Alike[]>,
  { dimensions, blockRows, signal, empty }: CompareOptions & Pick<Compared, 'empty'>,
): AsyncGenerator<Compared> {
  const compared = createSemanticDuplicates(dimensions)
  const blockIds: string[] = []
  let [found, first, row]: [Alike[], number, number] = [[], 0, 0]
  const note = (some: readonly MostAlike[]) => {
    // On ties the first: what follows is of a later row.
    for (const { row, of, score } of some) noteAlike(found[row - first]!, score, blockIds[of]!)
  }
  const flush = (): Compared => {
    note(compared.finish())
    const told = { found, empty }
    ;[found, first] = [[], row]
    return told
  }
  for await (const [members, alikes] of sideBySide(source, before)) {
    for (const [n, member] of members.entries()) {
      if (row % turnRows === 0) await nextTurn(signal)
      if (row === blockRows || (row > blockRows && found.length === batchRows)) yield flush()
      found.push({ ...alikes[n]! })
      const isEmpty = member.vector.every((value) => value === 0)
      if (row >= blockRows) {
        if (!isEmpty) note(compared.compare(row, member.vector))
      } else {
        blockIds.push(member.id)
        if (!isEmpty) note(compared.push(row, member.vector))
        // Texts without a known word are all one to the embedder.
        else if (empty !== undefined) noteAlike(found[row]!, 1, empty)
        else empty = member.id
      }
      row++
    }
  }
  yield flush()
}

function noteAlike(alike: Alike, score: number, of: string): void {
  if (score > alike.alike) Object.assign(alike, { alike: score, of })
}

/** Batches of rows with what stands beside them in another source, however that is cut. */
async function* sideBySide<A, B>(
  left: AsyncIterable<readonly A[]>,
  right: AsyncIterable<readonly B[]>,
): AsyncGenerator<readonly [readonly A[], readonly B[]]> {
  const others = right[Symbol.asyncIterator]()
  const ahead: B[] = []
  try {
    for await (const rows of left) {
      while (ahead.length < rows.length) for (const other of (await others.next()).value as B[]) ahead.push(other)
      yield [rows, ahead.splice(0, rows.length)]
    }
  } finally {
    await others.return?.()
  }
}
