import type { PieceIds } from './viterbi.js'

/**
 * A bounded memory of short words and their pieces. It answers only for a word that is equal unit by unit, so nothing
 * but speed depends on what it holds, and a search looks at four entries at most, so no text can make it slow.
 */
export type WordCache = {
  /** Where the word `text[from..to)` of this hash is held, or -1. */
  find(hash: number, text: string, from: number, to: number): number
  /** Appends the pieces of an entry that `find` gave; `list` must have room for `maxCachedPieces` more. */
  appendTo(list: PieceIds, entry: number): void
  /** Remembers `list.ids[first..count)` as the word's pieces, in place of the entry of its set that has waited longest. */
  remember(hash: number, text: string, from: number, to: number, list: PieceIds, first: number): void
}

export const maxCachedUnits = 20
export const maxCachedPieces = 10
const ways = 4
// An entry is 32 16-bit cells, a cache line: the word's length, the number of its pieces, its units, its pieces.
const entryCells = 2 + maxCachedUnits + maxCachedPieces

/** A cache of `words` entries of 68 bytes; `words` is a power of two from 4 up. */
export function wordCache(words: number): WordCache {
  if (!Number.isInteger(Math.log2(words)) || words < ways) {
    throw new TypeError(`Expected \`cachedWords\` to be a power of two from 4 up, got \`${words}\` (${typeof words})`)
  }
  const cells = new Uint16Array(words * entryCells)
  const hashes = new Int32Array(words)
  const oldest = new Uint8Array(words / ways)
  const setShift = 32 - Math.log2(words / ways)
  // A multiplication mixes low bits upwards, so the set comes from the top; `>>> 32` would shift by nothing.
  const setOf = (hash: number) => (setShift === 32 ? 0 : Math.imul(hash, 0x9e3779b1) >>> setShift)

  return {
    find(hash, text, from, to) {
      const first = setOf(hash) * ways
      const length = to - from
      for (let entry = first; entry < first + ways; entry++) {
        if (hashes[entry] !== hash) continue
        const cell = entry * entryCells
        if (cells[cell] !== length) continue
        let i = 0
        while (i < length && cells[cell + 2 + i] === text.charCodeAt(from + i)) i++
        if (i === length) return entry
      }
      return -1
    },
    appendTo(list, entry) {
      const cell = entry * entryCells
      const count = cells[cell + 1]!
      const at = cell + 2 + maxCachedUnits
      for (let i = 0; i < count; i++) list.ids[list.count + i] = cells[at + i]!
      list.count += count
    },
    remember(hash, text, from, to, list, first) {
      const set = setOf(hash)
      const entry = set * ways + oldest[set]!
      oldest[set] = (oldest[set]! + 1) % ways
      const cell = entry * entryCells
      hashes[entry] = hash
      cells[cell] = to - from
      cells[cell + 1] = list.count - first
      for (let i = from; i < to; i++) cells[cell + 2 + i - from] = text.charCodeAt(i)
      for (let i = first; i < list.count; i++) cells[cell + 2 + maxCachedUnits + i - first] = list.ids[i]!
    },
  }
}
