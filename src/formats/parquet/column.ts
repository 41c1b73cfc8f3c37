import type { RowRange } from '../types.js'
import type { ChunkBytes } from './chunk-bytes.js'
import { type Chunk, hold, isFlat, left, nextPage, openChunk } from './chunk-state.js'
import { corrupt } from './corrupt.js'
import { takeFlat, takeTexts } from './flat-rows.js'
import { takeLevels, takeVectorRows } from './nested-rows.js'
import type { LeafRows } from './records.js'
import type { TextBatch } from './texts.js'

/** The wanted rows of a leaf column, read from front to back, a page in memory at a time. */
export type ColumnReader = {
  /** Appends rows of a flat or vector column to `out` until it holds `rows` or the rows added take `bytes`; at least one row. */
  take(out: unknown[], rows: number, bytes: number): Promise<void>
  /** Appends the levels and values of as many rows, whatever they are part of. */
  takeLevels(out: LeafRows, rows: number, bytes: number): Promise<void>
  /** Texts of at most `rows` rows, at least one, good until the next call; only of a chunk read as texts. */
  takeTexts(rows: number): Promise<TextBatch>
  /** Throws where pages or values are left behind the last row, which has been taken. */
  end(): Promise<void>
  close(): void
}

/**
 * Reads the rows `runs` of a chunk, counted within its row group; they rise, and no more are asked for than there are. Every
 * error is a CorruptInputError that names the page's place in the file.
 */
export function readColumn(source: ChunkBytes, chunk: Chunk, runs: readonly RowRange[]): ColumnReader {
  const state = openChunk(source, chunk, runs)
  const flat = isFlat(chunk)
  const placed = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw corrupt(`${chunk.where}, page at byte ${state.pageAt}`, error)
    }
  }
  return {
    take: (out, rows, bytes) =>
      placed(() => (flat ? takeFlat(state, out, rows, bytes) : takeVectorRows(state, out, rows, bytes))),
    takeLevels: (out, rows, bytes) => placed(() => takeLevels(state, out, rows, bytes)),
    takeTexts: (rows) => placed(() => takeTexts(state, rows)),
    end: () =>
      placed(async () => {
        if (left(state) > 0 || (await nextPage(state, 0))) throw new Error('values are left behind the last row')
        const isCounted = state.lastEnd === undefined || chunk.maxRepetition === 0
        if (isCounted && state.seen !== chunk.values) {
          throw new Error(`its pages hold ${state.seen} values where its metadata promises ${chunk.values}`)
        }
      }),
    close() {
      hold(state, undefined)
      if (state.dictionary?.memory !== undefined) chunk.buffers.takeBack(state.dictionary.memory)
      source.close()
    },
  }
}
