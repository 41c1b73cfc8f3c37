import { type Chunk, type ChunkState, gap, inRun, left, missing, nextPage, passed } from './chunk-state.js'
import { jump } from './page-jump.js'
import { type TextBatch, withNulls } from './texts.js'

/** Values looked at at a time, so that a batch ends soon after it has its bytes. */
const step = 64

/** Appends values of a column without lists to `out` until it holds `rows`, or those added take `bytes`. */
export async function takeFlat(state: ChunkState, out: unknown[], rows: number, bytes: number): Promise<void> {
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

async function skipFlat(state: ChunkState): Promise<void> {
  if (state.chunk.locations !== undefined && gap(state) > left(state)) await jump(state)
  while (gap(state) > 0) {
    while (left(state) === 0) if (!(await nextPage(state, gap(state)))) throw missing(state)
    passInPage(state, Math.min(gap(state), left(state)))
  }
}

function passInPage(state: ChunkState, rows: number): void {
  const { definition, values } = state.page!
  const skipped = definition === undefined ? rows : present(definition, state.at, state.at + rows, state.chunk)
  values.skip(skipped)
  state.textAt += skipped
  state.at += rows
  state.row += rows
}

/** Texts of at most `rows` rows of such a column, at most those of a page. */
export async function takeTexts(state: ChunkState, rows: number): Promise<TextBatch> {
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
