import { withinLimit } from '../limits.js'
import { type ChunkState, gap, inRun, left, missing, nextPage, passed } from './chunk-state.js'
import { jump } from './page-jump.js'
import { type LeafRows, noLeafRows } from './records.js'
import { countVectors, toVectors } from './vector-rows.js'

/** Rows taken at a time where some among them are null. */
const step = 64

/** Appends levels and values of `rows` rows to `out`, or of fewer that take `bytes`. */
export async function takeLevels(state: ChunkState, out: LeafRows, rows: number, bytes: number): Promise<void> {
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
async function gather(state: ChunkState, rows: number, bytes: number, into?: LeafRows): Promise<Found> {
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

async function skipNested(state: ChunkState): Promise<void> {
  if (state.chunk.locations !== undefined) await jump(state)
  while (gap(state) > 0) {
    const found = await gather(state, gap(state), Number.POSITIVE_INFINITY)
    if (found.rows === 0) throw missing(state)
    state.row += found.rows
  }
}

/** Appends rows of a column of vectors to `out` until it holds `rows`, or those added take `bytes`. */
export async function takeVectorRows(state: ChunkState, out: unknown[], rows: number, bytes: number): Promise<void> {
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
async function takeVectorRun(state: ChunkState, out: unknown[], rows: number, bytes: number): Promise<void> {
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
async function cutVectors(state: ChunkState, out: unknown[], rows: number, length: number): Promise<boolean> {
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
