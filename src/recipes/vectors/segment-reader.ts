import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Precision } from '../../embed/quantize.js'
import type { Embedder } from '../../embed/types.js'
import { asDiskError, CorruptInputError } from '../../stream/errors.js'
import { decodeSegment, hashWords, type Segment, type SegmentFile } from './segment.js'

export type SegmentReaderOptions = {
  embedder: Pick<Embedder, 'id' | 'dimensions'>
  precision: Precision
  warn(text: string): void
}

type Opened = Segment & { readonly last: number; at: number }

/**
 * Finds vectors by rows that rise: holds the segments that lie where the rows are, and no others. Those of float32 serve every
 * precision, rounded as fresh ones would be.
 */
export function createSegmentReader(
  folder: string,
  files: readonly SegmentFile[],
  { embedder: { id, dimensions }, precision, warn }: SegmentReaderOptions,
) {
  const ahead = files
    .filter((file) => file.precision === precision || file.precision === 'float32')
    .sort((a, b) => b.first - a.first)
  let open: Opened[] = []

  const load = async ({ name, last }: SegmentFile): Promise<Opened | undefined> => {
    const path = join(folder, name)
    try {
      return { ...decodeSegment(await readFile(path), { embedder: id, dimensions, precision }), last, at: 0 }
    } catch (error) {
      // Another run may have found it damaged at the same time.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      if (!(error instanceof CorruptInputError)) throw asDiskError(error, path)
      warn(`${path} is removed, and its vectors are made anew: ${error.message}`)
      await rm(path, { force: true })
      return undefined
    }
  }
  return {
    /** Makes ready for these rows. */
    async advance(rows: readonly number[]): Promise<void> {
      open = open.filter(({ last }) => last >= (rows[0] ?? 0))
      while (ahead.length > 0 && ahead.at(-1)!.first <= (rows.at(-1) ?? -1)) {
        const file = ahead.pop()!
        const opened = file.last >= rows[0]! ? await load(file) : undefined
        if (opened !== undefined) open.push(opened)
      }
    },
    /** The vector of a row whose text has this hash, if it is there. */
    find(row: number, high: number, low: number): Float32Array | undefined {
      for (const segment of open) {
        const { rows, hashes, vectors } = segment
        while (segment.at < rows.length && rows[segment.at]! < row) segment.at++
        const { at } = segment
        if (rows[at] !== row || hashes[hashWords * at] !== high || hashes[hashWords * at + 1] !== low) continue
        return vectors.subarray(at * dimensions, (at + 1) * dimensions)
      }
      return undefined
    },
  }
}
