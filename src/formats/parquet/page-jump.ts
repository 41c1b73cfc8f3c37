import { type ChunkState, hold, takeDictionary } from './chunk-state.js'
import { locationOf } from './page-locations.js'

/**
 * Goes on at the page that holds the next wanted row, where the chunk's index tells of one beyond the page in memory: the
 * pages between, and of lists their values, need not be looked at.
 */
export async function jump(state: ChunkState): Promise<void> {
  const { chunk, runs, run, walk } = state
  const locations = await chunk.locations?.()
  if (locations === undefined) return
  const target = locationOf(locations, runs[run]!.start)
  if (target.firstRow <= state.row || target.start < walk.at) return
  while (walk.at < locations[0]!.start) {
    const head = await walk.head(chunk.window)
    if (head?.type === 'DICTIONARY_PAGE') await takeDictionary(state, head, chunk.window)
    else walk.skip()
  }
  hold(state, undefined)
  walk.jump(target.start)
  state.row = target.firstRow
  // Of lists nobody knows how many values were passed over.
  if (chunk.maxRepetition === 0) state.seen = target.firstRow
  const next = locations[locations.indexOf(target) + 1]
  const rows = (next?.firstRow ?? chunk.rows) - target.firstRow
  state.promised = { bytes: target.end - target.start, rows }
  state.lastEnd = locations.at(-1)!.end
}
