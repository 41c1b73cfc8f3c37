import { join } from 'node:path'
import type { RunView } from '../../run/types.js'
import { readRows } from '../pass/artifacts.js'
import { readVectorFile, readVectorHead, vectorsFile } from './vector-file.js'

type KeptRow = { readonly id: string; readonly rank?: number }

/** Dimensions of the vectors that the scan left, or 0 where it kept no row. */
export async function readDimensions(run: RunView): Promise<number> {
  const scanned = run.committed('scan').find(({ tally }) => tally.out > 0)
  if (scanned === undefined) return 0
  return (await readVectorHead(join(scanned.folder, vectorsFile))).dimensions
}

/**
 * Every kept row's id, rank where the strategy ranks, and vector, in corpus order; each batch of vectors is overwritten by
 * the next.
 */
export async function* readKeptVectors(
  run: RunView,
  dimensions: number,
): AsyncGenerator<{ ids: string[]; ranks: (number | undefined)[]; vectors: Float32Array }> {
  for (const { folder } of run.committed('scan')) {
    const kept = readRows<KeptRow>(join(folder, 'kept.parquet'))
    for await (const { rows, vectors } of besideVectors(kept, folder, dimensions)) {
      yield { ids: rows.map(({ id }) => id), ranks: rows.map(({ rank }) => rank), vectors }
    }
  }
}

/** The rows of a scan's folder, in batches of any size, each with its vector; the vectors are overwritten by the next ones. */
export async function* besideVectors<Kept>(
  batches: AsyncIterable<readonly Kept[]>,
  folder: string,
  dimensions: number,
): AsyncGenerator<{ rows: Kept[]; vectors: Float32Array }> {
  const source = batches[Symbol.asyncIterator]()
  const ahead: Kept[] = []
  try {
    for await (const vectors of readVectorFile(join(folder, vectorsFile), dimensions)) {
      const count = vectors.length / dimensions
      while (ahead.length < count) for (const row of (await source.next()).value as Kept[]) ahead.push(row)
      yield { rows: ahead.splice(0, count), vectors }
    }
  } finally {
    await source.return?.()
  }
}
