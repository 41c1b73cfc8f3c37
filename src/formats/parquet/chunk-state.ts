import { withinLimit } from '../limits.js'
import type { RowRange } from '../types.js'
import type { ChunkBytes, Extent } from './chunk-bytes.js'
import type { SchemaTree } from './library.js'
import { type Dictionary, decodeDictionary, decodePage, type Page, type PageCoding, valueCount } from './page.js'
import type { PageLocation } from './page-locations.js'
import { isCount, type PageHead, walkPages } from './pages.js'

/** One leaf column of one row group: where its pages lie and how they decode. */
export type Chunk = PageCoding & {
  /** For errors: file, row group and column. */
  where: string
  extent: Extent
  /** From the root to the leaf. */
  schemaPath: SchemaTree[]
  /** The encodings that its metadata names; no page has another. */
  encodings: readonly (string | undefined)[]
  /** Rows of the row group. */
  rows: number
  /** Values and nulls that its metadata promises. */
  values: number
  /** Length of its fixed-size lists of floats, where it is one. */
  vector?: number
  /** Bytes worth fetching at once. */
  window: number
  /** Decompressed bytes that all open columns hold together. */
  held: { bytes: number }
  /** Reads where its pages lie, where the file tells; undefined where that is not to be believed. */
  locations: (() => Promise<readonly PageLocation[] | undefined>) | undefined
}

/** How far a chunk has been read: its page in memory, and the wanted rows still to come. */
export type ChunkState = {
  chunk: Chunk
  /** Wanted rows, the first of these runs that was not yet taken whole, and the row that comes next. */
  runs: readonly RowRange[]
  run: number
  row: number
  walk: ReturnType<typeof walkPages>
  dictionary: Dictionary | undefined
  /** Texts of the page that were taken or passed over. */
  textAt: number
  page: Page | undefined
  pageAt: number
  /** The next value of the page. */
  at: number
  /** Values of all pages so far, those passed over among them; of lists not those that were jumped over. */
  seen: number
  /** What the index says of the page that comes next, where others were jumped over to it. */
  promised: { bytes: number; rows: number } | undefined
  /** Where the last page ends, once pages were jumped over. */
  lastEnd: number | undefined
}

/** A chunk of which nothing was read. */
export function openChunk(source: ChunkBytes, chunk: Chunk, runs: readonly RowRange[]): ChunkState {
  const walk = walkPages(source, chunk.extent, chunk.limits)
  const { start } = chunk.extent
  const page = { page: undefined, pageAt: start, at: 0, textAt: 0, seen: 0, promised: undefined, lastEnd: undefined }
  return { chunk, runs, run: 0, row: 0, walk, dictionary: undefined, ...page }
}

/** Values of its page that are still to come. */
export const left = (state: ChunkState) => (state.page === undefined ? 0 : state.page.count - state.at)

/** Puts a page in the place of the one before, whose memory goes back. */
export function hold(state: ChunkState, page: Page | undefined): void {
  const { held, limits } = state.chunk
  held.bytes += (page?.bytes ?? 0) - (state.page?.bytes ?? 0)
  if (state.page?.memory !== undefined) state.chunk.buffers.takeBack(state.page.memory)
  state.page = page
  state.at = state.textAt = 0
  withinLimit('pages held at one time', held.bytes, limits, 'heldBytes')
}

/** Reads the next data page; false at the end. A page within the next `skippable` rows is passed over undecoded. */
export async function nextPage(state: ChunkState, skippable: number): Promise<boolean> {
  const { chunk, walk } = state
  const ahead = skippable > 0 ? 16 << 10 : chunk.window
  hold(state, undefined)
  for (;;) {
    if (state.seen >= chunk.values || (state.lastEnd !== undefined && walk.at >= state.lastEnd)) return false
    state.pageAt = walk.at
    const head = await walk.head(ahead)
    if (head === undefined) return false
    if (head.type === 'DICTIONARY_PAGE') await takeDictionary(state, head, ahead)
    else if (head.type === 'DATA_PAGE' || head.type === 'DATA_PAGE_V2') {
      const count = checkData(state, head)
      state.seen += count
      if (count <= skippable && isFlat(chunk)) {
        walk.skip()
        state.page = { count, bytes: 0, values: { next: () => 0, skip() {} } }
        return true
      }
      // Decided before it is decompressed, when only its header has been believed.
      withinLimit('pages held at one time', chunk.held.bytes + head.uncompressed_page_size, chunk.limits, 'heldBytes')
      hold(state, decodePage(head, await walk.body(chunk.window), chunk, state.dictionary))
      checkRows(state, head)
      checkPromise(state, head)
      return true
    } else walk.skip()
  }
}

/** Reads the dictionary, of which there is one at most, before all values. */
export async function takeDictionary(state: ChunkState, head: PageHead, ahead: number): Promise<void> {
  if (state.dictionary !== undefined || state.seen > 0) throw new Error('a second dictionary')
  state.dictionary = decodeDictionary(head, await state.walk.body(ahead), state.chunk)
}

/** Without lists a value is a row, so that a header alone tells how many rows its page holds. */
export function isFlat({ maxRepetition, schemaPath }: Chunk): boolean {
  return maxRepetition === 0 && schemaPath.length === 2
}

function checkData(state: ChunkState, head: PageHead): number {
  const { chunk, seen } = state
  const data = head.type === 'DATA_PAGE' ? head.data_page_header : head.data_page_header_v2
  if (data === undefined) throw new Error('its page header does not belong to its type')
  const count = valueCount(head)
  if (count > chunk.values - seen) throw new Error(`its page of ${count} values is more than its column promises`)
  if (chunk.encodings.length > 0 && !chunk.encodings.includes(data.encoding)) {
    throw new Error(`its encoding ${data.encoding} is none that its column names`)
  }
  return count
}

/** A page that was jumped to must be the one that the index told of. */
function checkPromise(state: ChunkState, { bytes }: PageHead): void {
  const { promised, page } = state
  if (promised === undefined || page === undefined) return
  if (bytes !== promised.bytes || rowsOf(page) !== promised.rows) {
    throw new Error('it is not the page that its offset index tells of')
  }
  state.promised = undefined
}

/** Rows that begin in a page. */
function rowsOf({ count, repetition }: Page): number {
  if (repetition === undefined) return count
  let rows = 0
  for (let i = 0; i < count; i++) if (repetition[i] === 0) rows++
  return rows
}

/** What version 2 says of its rows must be so; version 1 says nothing. */
function checkRows({ page, chunk }: ChunkState, { data_page_header_v2: data }: PageHead): void {
  if (data === undefined || page === undefined) return
  const rows = rowsOf(page)
  if (isCount(data.num_rows) && data.num_rows !== rows) {
    throw new Error(`its page holds ${rows} rows where its header promises ${data.num_rows}`)
  }
  if (rows > chunk.rows) throw new Error(`its page holds ${rows} rows, its row group ${chunk.rows}`)
}

/** The error of pages that end too early. */
export const missing = (state: ChunkState) =>
  new Error(`its pages end after ${state.seen} values, before the last row of its row group`)

/** Rows between the next one and the next wanted one. */
export const gap = ({ runs, run, row }: ChunkState) => runs[run]!.start - row

/** Wanted rows that follow one another, once the gap before them is passed over. */
export const inRun = ({ runs, run, row }: ChunkState) => runs[run]!.end - row

/** Counts wanted rows that were taken. */
export function passed(state: ChunkState, rows: number): void {
  state.row += rows
  if (inRun(state) === 0) state.run++
}
