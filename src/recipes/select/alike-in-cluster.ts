import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Schema, writeRows } from '../../formats/index.js'
import { createSemanticDuplicates, type MostAlike, sameVector } from '../../select/semantic-duplicates.js'
import { nextTurn } from '../../stream/turn.js'
import { readRows } from '../pass/artifacts.js'
import type { BucketRow } from './bucket-rows.js'
import type { SortedRows } from './sorted-rows.js'

/** How like a row is to the one before it in its cluster that it is most like; -1 where none is before it. */
export type Alike = { id: string; cluster: number; distance: number; alike: number; of: string }
export const alikeSchema: Schema = { id: 'string', cluster: 'int32', distance: 'float', alike: 'double', of: 'string' }

export type CompareOptions = {
  dimensions: number
  /** Different vectors that others are compared with at a time: the kernel takes several times their room. */
  blockRows: number
  /** Where what was found so far of the rows behind a block waits. */
  folder: string
  signal: AbortSignal
}

/** Rows between two looks at the signal, and of those behind a block that are told of at a time. */
const [turnRows, batchRows] = [256, 1024]

/**
 * For every row of a cluster, in its order, the row before it that it is most like; the first of those on ties. All rows are
 * compared with one block after another: memory holds the different vectors of a block, however many rows there are.
 */
export async function* compareInBlocks(rows: SortedRows, options: CompareOptions): AsyncGenerator<readonly Alike[]> {
  const waiting = (start: number) => join(options.folder, `found-${start}.parquet`)
  const zeros: Zeros = { first: undefined }
  for (let start = 0; start < rows.count; ) {
    const path = waiting(start)
    const source = rows.from(start)
    const known = start === 0 ? withNothing(source) : sideBySide(source, readRows<Alike>(path))
    const compared = compareWithBlock(known, { ...options, zeros })
    let end = start
    try {
      let next = await compared.next()
      for (; !next.done && !next.value.isBehind; next = await compared.next()) {
        end += next.value.found.length
        yield next.value.found
      }
      if (!next.done) await writeRows(waiting(end), { schema: alikeSchema })(behind(next.value, compared))
    } finally {
      await compared.return(undefined)
    }
    if (start > 0) await rm(path)
    start = end
  }
}

async function* behind(first: Compared, others: AsyncIterable<Compared>): AsyncGenerator<readonly Alike[]> {
  yield first.found
  for await (const { found } of others) yield found
}

/** Rows, and what is known of each. */
type Known = readonly [readonly BucketRow[], readonly Alike[]]

async function* withNothing(source: AsyncIterable<readonly BucketRow[]>): AsyncGenerator<Known> {
  for await (const rows of source) {
    yield [rows, rows.map(({ id, cluster, distance }) => ({ id, cluster, distance, alike: -1, of: '' }))]
  }
}

/** The cluster's first row without a known word, once it is met. */
type Zeros = { first: string | undefined }

/** What is now found of some rows, of the block or behind it. */
type Compared = { readonly found: readonly Alike[]; readonly isBehind: boolean }

/** Tells of the rows of a block, which `source` begins with, and then of those behind it, all compared with the block's. */
async function* compareWithBlock(
  source: AsyncIterable<Known>,
  { dimensions, blockRows, signal, zeros }: CompareOptions & { zeros: Zeros },
): AsyncGenerator<Compared> {
  const compared = createSemanticDuplicates<Alike>(dimensions)
  let [found, isBehind, row]: [Alike[], boolean, number] = [[], false, 0]
  const note = (some: readonly MostAlike<Alike>[]) => {
    // On ties the first: what follows is of a later row.
    for (const { row, of, score } of some) noteAlike(row, score, of.id)
  }
  const flush = (): Compared => {
    note(compared.finish())
    const told = { found, isBehind }
    found = []
    return told
  }
  for await (const [members, alikes] of source) {
    for (const [n, { id, vector }] of members.entries()) {
      if (row++ % turnRows === 0) await nextTurn(signal)
      const isFull = compared.size >= blockRows
      if (found.length === batchRows || isFull !== isBehind) yield flush()
      isBehind = isFull
      const alike = alikes[n]!
      found.push(alike)
      const isZero = vector.every((value) => value === 0)
      // A vector of an earlier block is held there, and what is like this one is as like that one.
      const isTaken = !isBehind && alike.alike < sameVector
      if (!isZero) note(isTaken ? compared.push(alike, vector) : compared.compare(alike, vector))
      else if (!isBehind) {
        // Texts without a known word are all one to the embedder.
        if (zeros.first === undefined) zeros.first = id
        else noteAlike(alike, 1, zeros.first)
      }
    }
  }
  yield flush()
}

function noteAlike(alike: Alike, score: number, of: string): void {
  if (score > alike.alike) Object.assign(alike, { alike: score, of })
}

/** Rows with what is found of them so far, however the two sources are cut. */
async function* sideBySide(
  source: AsyncIterable<readonly BucketRow[]>,
  found: AsyncIterable<readonly Alike[]>,
): AsyncGenerator<Known> {
  const others = found[Symbol.asyncIterator]()
  const ahead: Alike[] = []
  try {
    for await (const rows of source) {
      while (ahead.length < rows.length) for (const other of (await others.next()).value as Alike[]) ahead.push(other)
      yield [rows, ahead.splice(0, rows.length)]
    }
  } finally {
    await others.return?.()
  }
}
