import { buildTrie, classBits, slotOf } from './trie.js'

/** A growing list of piece ids; the id `pieces.length` stands for a run of characters that are in no piece. */
export type PieceIds = { ids: Uint16Array; count: number }

/**
 * Splits `units[0..length)`, a word that already starts with ▁, into the pieces of highest total log-probability and
 * appends their ids to `out`, stopping early once it holds `maxPieces` or more.
 */
export type Segmenter = (units: Uint16Array, length: number, out: PieceIds, maxPieces: number) => void

// Scores are whole numbers of 1/10,000, as the table gives them: their sums are exact, so a tie is a tie everywhere.
const scoreUnit = 10_000
const unknownCost = 25 * scoreUnit
const windowUnits = 4096

/**
 * A unigram (SentencePiece) segmenter over the given pieces. A code unit in no piece costs 25; an unbroken run of them
 * is one unknown piece, as in the `tokenizers` library. Time is linear in the word's length. A word longer than 4,096
 * units is taken in windows that end where no piece crosses; only where there is no such place can the cut matter.
 */
export function unigramSegmenter(pieces: readonly string[], logProbabilities: Float64Array): Segmenter {
  const { classes, roots, pieceAt, keys, nodes } = buildTrie(pieces)
  const lastSlot = keys.length - 1
  const unknownPiece = pieces.length
  const longest = pieces.reduce((most, piece) => Math.max(most, piece.length), 1)
  const scores = Float64Array.from(logProbabilities, (value) => Math.round(value * scoreUnit))
  // The best path to each position of the window: its score, where its last piece starts, and which piece that is.
  const best = new Float64Array(windowUnits + 1)
  const start = new Int32Array(windowUnits + 1)
  const piece = new Uint16Array(windowUnits + 1)
  const path = new Uint16Array(windowUnits)

  /** Finds the best path to every position up to `length`; answers with the last one that every path goes through. */
  function findPaths(units: Uint16Array, base: number, length: number): number {
    best.fill(Number.NEGATIVE_INFINITY, 1, length + 1)
    let furthest = 0
    let crossing = 0
    for (let at = 0; at < length; at++) {
      // Near the window's end a piece may reach past it unseen, so no position there is known to be crossed by none.
      if (furthest <= at && at + longest <= length) crossing = at
      const score = best[at]!
      const single = score - unknownCost
      let node = roots[classes[units[base + at]!]!]!
      let end = at + 1
      let known = false
      while (node !== 0) {
        const id = pieceAt[node]!
        if (id >= 0) {
          const total = score + scores[id]!
          if (end === at + 1) known = true
          if (end > furthest) furthest = end
          if (total > best[end]!) {
            best[end] = total
            start[end] = at
            piece[end] = id
          }
        }
        if (end === length) break
        const unitClass = classes[units[base + end]!]!
        if (unitClass === 0) break
        const key = (node << classBits) | unitClass
        let slot = slotOf(key)
        while (keys[slot] !== key && keys[slot] !== 0) slot = (slot + 1) & lastSlot
        node = nodes[slot]!
        end++
      }
      if (!known && single > best[at + 1]!) {
        best[at + 1] = single
        start[at + 1] = at
        piece[at + 1] = unknownPiece
      }
    }
    return crossing
  }

  /** Appends the pieces of the best path to position `end`. */
  function append(end: number, out: PieceIds): void {
    let steps = 0
    for (let at = end; at > 0; at = start[at]!) path[steps++] = piece[at]!
    reserve(out, steps)
    while (steps-- > 0) {
      const id = path[steps]!
      // A word starts with ▁, which is a piece, so this never joins runs of two words.
      if (id === unknownPiece && out.count > 0 && out.ids[out.count - 1] === unknownPiece) continue
      out.ids[out.count++] = id
    }
  }

  return (units, length, out, maxPieces) => {
    for (let base = 0; base < length && out.count < maxPieces; ) {
      const rest = length - base
      const crossing = findPaths(units, base, Math.min(rest, windowUnits))
      const end = rest <= windowUnits ? rest : crossing || windowUnits
      append(end, out)
      base += end
    }
  }
}

/** Makes room for `more` ids. */
export function reserve(list: PieceIds, more: number): void {
  if (list.count + more <= list.ids.length) return
  const grown = new Uint16Array(2 * (list.count + more))
  grown.set(list.ids.subarray(0, list.count))
  list.ids = grown
}
