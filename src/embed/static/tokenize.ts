import { normalizeText } from '../../text/nfkc.js'
import { type PieceIds, reserve, unigramSegmenter } from './viterbi.js'
import { maxCachedPieces, maxCachedUnits, wordCache } from './word-cache.js'

/** The piece ids of a text, at most `maxPieces` of them. The list is the tokenizer's own and the next call reuses it. */
export type Tokenizer = (text: string, maxPieces: number) => Readonly<PieceIds>

export type TokenizerOptions = {
  /** How many words to remember the pieces of, a power of two from 4 up; default 131,072 (9 MB). */
  cachedWords?: number
}

const space = 0x20
const wordStart = 0x2581 // ▁
const lastPlain = 0x7e

/**
 * A tokenizer over the given unigram pieces: splits on white space (≤ U+0020), brings a word with a character above
 * U+007E into NFKC (which may split it again), puts ▁ before each word and takes the pieces of highest probability.
 * A run of characters in no piece is one id, `pieces.length`, and counts towards `maxPieces` like any other.
 */
export function unigramTokenizer(
  pieces: readonly string[],
  logProbabilities: Float64Array,
  { cachedWords = 131_072 }: TokenizerOptions = {},
): Tokenizer {
  const segment = unigramSegmenter(pieces, logProbabilities)
  const cache = wordCache(cachedWords)
  const list: PieceIds = { ids: new Uint16Array(4096), count: 0 }
  let units = new Uint16Array(256)

  function appendWord(text: string, from: number, to: number, maxPieces: number): void {
    if (units.length < to - from + 1) units = new Uint16Array(2 * (to - from + 1))
    units[0] = wordStart
    for (let i = from; i < to; i++) units[i - from + 1] = text.charCodeAt(i)
    segment(units, to - from + 1, list, maxPieces)
  }

  // Normalising a stretch between two white spaces by itself is exact: nothing composes across ASCII white space.
  function appendNormalized(stretch: string, maxPieces: number): void {
    const text = normalizeText(stretch)
    for (let at = 0; at < text.length && list.count < maxPieces; at++) {
      const from = at
      while (at < text.length && text.charCodeAt(at) > space) at++
      if (at > from) appendWord(text, from, at, maxPieces)
    }
  }

  return (text, maxPieces) => {
    list.count = 0
    for (let at = 0; at < text.length && list.count < maxPieces; at++) {
      const from = at
      let hash = 0
      let highest = 0
      for (; at < text.length; at++) {
        const unit = text.charCodeAt(at)
        if (unit <= space) break
        hash = Math.imul(hash ^ unit, 0x01000193)
        if (unit > highest) highest = unit
      }
      if (at === from) continue
      const short = at - from <= maxCachedUnits
      const entry = short ? cache.find(hash, text, from, at) : -1
      reserve(list, maxCachedPieces)
      if (entry >= 0) {
        cache.appendTo(list, entry)
        continue
      }
      const first = list.count
      if (highest > lastPlain) appendNormalized(text.slice(from, at), maxPieces)
      else appendWord(text, from, at, maxPieces)
      // Of a stretch that fills the list only the first words may have been taken.
      const isWhole = list.count < maxPieces && list.count - first <= maxCachedPieces
      if (short && isWhole) cache.remember(hash, text, from, at, list, first)
    }
    if (list.count > maxPieces) list.count = maxPieces
    return list
  }
}
