import { withinLimit } from '../limits.js'
import type { RowRange } from '../types.js'
import type { ChunkBytes, Extent } from './chunk-bytes.js'
import { corrupt } from './corrupt.js'
import type { SchemaTree } from './library.js'
import { type Dictionary, decodeDictionary, decodePage, type Page, type PageCoding, valueCount } from './page.js'
import { isCount, type PageHead, walkPages } from './pages.js'
import { type LeafRows, noLeafRows } from './records.js'
import { type TextBatch, withNulls } from './texts.js'
import { countVectors, toVectors } from './vector-rows.js'

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
}

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
        if (state.seen !== chunk.values) {
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

type State = {
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
  /** Values of all pages so far, those passed over among them. */
  seen: number
}

function openChunk(source: ChunkBytes, chunk: Chunk, runs: readonly RowRange[]): State {
  const walk = walkPages(source, chunk.extent, chunk.limits)
  const { start } = chunk.extent
  const page = { page: undefined, pageAt: start, at: 0, textAt: 0, seen: 0 }
  return { chunk, runs, run: 0, row: 0, walk, dictionary: undefined, ...page }
}

const left = (state: State) => (state.page === undefined ? 0 : state.page.count - state.at)

function hold(state: State, page: Page | undefined): void {
  const { held, limits } = state.chunk
  held.bytes += (page?.bytes ?? 0) - (state.page?.bytes ?? 0)
  if (state.page?.memory !== undefined) state.chunk.buffers.takeBack(state.page.memory)
  state.page = page
  state.at = state.textAt = 0
  withinLimit('pages held at one time', held.bytes, limits, 'heldBytes')
}

/** Reads the next data page; false at the end. A page within the next `skippable` rows is passed over undecoded. */
async function nextPage(state: State, skippable: number): Promise<boolean> {
  const { chunk, walk } = state
  const ahead = skippable > 0 ? 16 << 10 : chunk.window
  hold(state, undefined)
  for (;;) {
    if (state.seen >= chunk.values) return false
    state.pageAt = walk.at
    const head = await walk.head(ahead)
    if (head === undefined) return false
    if (head.type === 'DICTIONARY_PAGE') {
      if (state.dictionary !== undefined || state.seen > 0) throw new Error('a second dictionary')
      state.dictionary = decodeDictionary(head, await walk.body(ahead), chunk)
    } else if (head.type === 'DATA_PAGE' || head.type === 'DATA_PAGE_V2') {
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
      return true
    } else walk.skip()
  }
}

/** Without lists a value is a row, so that a header alone tells how many rows its page holds. */
function isFlat({ maxRepetition, schemaPath }: Chunk): boolean {
  return maxRepetition === 0 && schemaPath.length === 2
}

function checkData(state: State, head: PageHead): number {
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

/** What version 2 says of its rows must be so; version 1 says nothing. */
function checkRows({ page, chunk }: State, { data_page_header_v2: data }: PageHead): void {
  if (data === undefined || page === undefined) return
  let rows = page.count
  if (page.repetition !== undefined) {
    rows = 0
    for (let i = 0; i < page.count; i++) if (page.repetition[i] === 0) rows++
  }
  if (isCount(data.num_rows) && data.num_rows !== rows) {
    throw new Error(`its page holds ${rows} rows where its header promises ${data.num_rows}`)
  }
  if (rows > chunk.rows) throw new Error(`its page holds ${rows} rows, its row group ${chunk.rows}`)
}

const missing = (state: State) =>
  new Error(`its pages end after ${state.seen} values, before the last row of its row group`)

const step = 64

/** Rows between the next one and the next wanted one. */
const gap = ({ runs, run, row }: State) => runs[run]!.start - row

/** Wanted rows that follow one another, once the gap before them is passed over. */
const inRun = ({ runs, run, row }: State) => runs[run]!.end - row

function passed(state: State, rows: number): void {
  state.row += rows
  if (inRun(state) === 0) state.run++
}

async function takeFlat(state: State, out: unknown[], rows: number, bytes: number): Promise<void> {
  let taken = 0
  while (out.length < rows && taken < bytes) {
    // Mostly within the page, where nothing is to be waited for.
    if (gap(state) > 0 && gap(state) < left(state)) passInPage(state, gap(state))
    else if (gap(state) > 0) await skipFlat(state)
    while (left(state) === 0) if (!(await nextPage(state, 0))) throw missing(state)
    const { definition, values } = state.page!
    const count = Math.min(rows - out.length, left(state), inRun(state), step)
    const end = state.at + count
    passed(state, count)
    if (definition === undefined) {
      taken += values.next(out, end - state.at)
      state.at = end
      continue
    }
    const most = state.chunk.maxDefinition
    while (state.at < end) {
      let run = state.at
      while (run < end && definition[run] === most) run++
      if (run > state.at) taken += values.next(out, run - state.at)
      for (; run < end && definition[run] !== most; run++) out.push(null)
      state.at = run
    }
  }
}

async function skipFlat(state: State): Promise<void> {
  while (gap(state) > 0) {
    while (left(state) === 0) if (!(await nextPage(state, gap(state)))) throw missing(state)
    passInPage(state, Math.min(gap(state), left(state)))
  }
}

function passInPage(state: State, rows: number): void {
  const { definition, values } = state.page!
  const skipped = definition === undefined ? rows : present(definition, state.at, state.at + rows, state.chunk)
  values.skip(skipped)
  state.textAt += skipped
  state.at += rows
  state.row += rows
}

async function takeTexts(state: State, rows: number): Promise<TextBatch> {
  if (gap(state) > 0) await skipFlat(state)
  while (left(state) === 0) if (!(await nextPage(state, 0))) throw missing(state)
  const { definition, texts } = state.page!
  const { values, offsets } = texts!
  const [start, from] = [state.at, state.textAt]
  const count = Math.min(rows, left(state), inRun(state))
  state.at += count
  passed(state, count)
  if (definition === undefined) {
    state.textAt += state.at - start
    return { values, offsets: offsets.subarray(from, state.textAt + 1) }
  }
  state.textAt += present(definition, start, state.at, state.chunk)
  return withNulls(texts!, from, definition.subarray(start, state.at), state.chunk.maxDefinition)
}

function present(definition: Uint8Array, start: number, end: number, { maxDefinition }: Chunk): number {
  let count = 0
  for (let i = start; i < end; i++) if (definition[i] === maxDefinition) count++
  return count
}

async function takeLevels(state: State, out: LeafRows, rows: number, bytes: number): Promise<void> {
  for (let [left, taken] = [rows, 0]; left > 0 && taken < bytes; ) {
    if (gap(state) > 0) await skipNested(state)
    const found = await gather(state, Math.min(left, inRun(state)), bytes - taken, out)
    if (found.rows === 0) throw missing(state)
    passed(state, found.rows)
    out.rows += found.rows
    left -= found.rows
    taken += found.bytes
  }
}

type Found = { rows: number; bytes: number }

/** Passes through up to `rows` rows; without `into`, over them. Answers how many there were, and what they take. */
async function gather(state: State, rows: number, bytes: number, into?: LeafRows): Promise<Found> {
  const { chunk } = state
  const weight = Math.max(1, chunk.maxDefinition - 2)
  let [found, taken, inRow] = [0, 0, 0]
  for (;;) {
    while (left(state) === 0) if (!(await nextPage(state, 0))) return { rows: found, bytes: taken }
    const { definition, repetition, values, count } = state.page!
    const start = state.at
    let run = 0
    let full = false
    for (; state.at < count; state.at++) {
      const level = repetition === undefined ? 0 : repetition[state.at]!
      if (level === 0) {
        full = found === rows || taken + 16 * (state.at - start) >= bytes
        if (full) break
        found++
        inRow = 0
      } else if (found === 0) throw new Error('its first value continues a row that is not there')
      if (++inRow * weight > chunk.limits.rowValues) withinLimit('a row', inRow * weight, chunk.limits, 'rowValues')
      const defined = definition === undefined ? chunk.maxDefinition : definition[state.at]!
      into?.definition.push(defined)
      into?.repetition.push(level)
      if (defined === chunk.maxDefinition) run++
    }
    taken += 16 * (state.at - start)
    if (into) taken += values.next(into.values, run)
    else values.skip(run)
    if (full) return { rows: found, bytes: taken }
  }
}

async function skipNested(state: State): Promise<void> {
  while (gap(state) > 0) {
    const found = await gather(state, gap(state), Number.POSITIVE_INFINITY)
    if (found.rows === 0) throw missing(state)
    state.row += found.rows
  }
}

async function takeVectorRows(state: State, out: unknown[], rows: number, bytes: number): Promise<void> {
  const first = out.length
  const vectorBytes = 4 * state.chunk.vector!
  while (out.length < rows && (out.length - first) * vectorBytes < bytes) {
    if (gap(state) > 0) await skipNested(state)
    const before = out.length
    await takeVectorRun(state, out, Math.min(rows, before + inRun(state)), bytes)
    passed(state, out.length - before)
  }
}

/** Takes vectors of rows that follow one another until `out` has so many, or fewer. */
async function takeVectorRun(state: State, out: unknown[], rows: number, bytes: number): Promise<void> {
  if (await cutVectors(state, out, rows, state.chunk.vector!)) return
  // As few as the fast path could not take: it may go on behind them.
  const gathered = noLeafRows()
  const most = Math.min(rows - out.length, state.page?.definition ? step : 1)
  const found = await gather(state, most, bytes, gathered)
  if (found.rows === 0) throw missing(state)
  toVectors(gathered, state.chunk, out)
}

/**
 * The fast path for embeddings: rows of exactly `length` floats each, with no null among them, cut out of the page as
 * they lie. Answers whether there were any.
 */
async function cutVectors(state: State, out: unknown[], rows: number, length: number): Promise<boolean> {
  while (left(state) === 0) if (!(await nextPage(state, 0))) throw missing(state)
  const { at, seen, chunk } = state
  const { definition, repetition, values, count } = state.page!
  if (definition !== undefined || repetition === undefined || values.floats === undefined) return false
  // The next page of version 1 may go on with a page's last row.
  const vectors = countVectors(repetition.subarray(0, count), at, length, rows - out.length, seen >= chunk.values)
  const end = at + vectors * length
  for (let start = at; start < end; start += length) out.push(values.floats.slice(start, start + length))
  values.skip(end - at)
  state.at = end
  return vectors > 0
}
