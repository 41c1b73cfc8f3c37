import { createVocabulary } from '../text/vocabulary.js'
import { lazyGreedy } from './lazy-greedy.js'
import { createSubsequenceLength } from './lcs.js'
import { rougeF } from './rouge.js'
import { createTokenStore } from './token-store.js'
import { compareIds } from './weighted-rows.js'

export type RougeDiversity = {
  /** Texts held. */
  readonly size: number
  /** Tokens held. */
  readonly tokens: number
  /** About how many bytes they take, with room to grow, and each distinct one, and what is known of the texts beside. */
  readonly bytes: number
  add(id: string, text: string): void
  /**
   * Chooses k texts, that of id `first` to begin with: each time the one whose largest ROUGE-L F with those chosen is least,
   * the lowest id on ties. `scores` are those F; of the first 0.
   */
  choose(options: {
    k: number
    first: string
    signal?: AbortSignal
  }): Promise<{ readonly ids: readonly string[]; readonly scores: Float64Array }>
  /** The largest ROUGE-L F of a text with any that is held but the one of its own id. */
  largest(id: string, text: string): number
}

/** Bytes of a token while its store grows, of a distinct one, and of a text beside its tokens. */
const [tokenBytes, wordBytes, textBytes] = [12, 120, 150]

/** Texts that are to differ, by ROUGE-L F over words of any script. Memory: 4 bytes a token, and each distinct one once. */
export function createRougeDiversity(): RougeDiversity {
  const vocabulary = createVocabulary()
  const ids: string[] = []
  const texts = createTokenStore()
  const common = createSubsequenceLength(() => vocabulary.size)
  /** The larger of `least` and F of the text that `common` holds, of `length` tokens, with another. */
  const larger = (least: number, length: number, other: number) => {
    const [start, end] = [texts.start(other), texts.start(other + 1)]
    const n = end - start
    // No common subsequence is longer than the shorter text.
    if (rougeF(Math.min(length, n), length, n) <= least) return least
    return Math.max(least, rougeF(common.against(texts.tokens, start, end), length, n))
  }
  return {
    get size() {
      return texts.size
    },
    get tokens() {
      return texts.start(texts.size)
    },
    get bytes() {
      return tokenBytes * texts.start(texts.size) + wordBytes * vocabulary.size + textBytes * texts.size
    },
    add(id, text) {
      texts.push(vocabulary.add(text))
      ids.push(id)
    },
    async choose({ k, first, signal }) {
      const order = Uint32Array.from(ids.keys()).sort((a, b) => compareIds(ids[a]!, ids[b]!))
      const chosen: number[] = []
      const scores = new Float64Array(ids.length)
      const compared = new Uint32Array(ids.length)
      const { rows } = await lazyGreedy({
        rows: ids.length,
        k,
        signal,
        value(row) {
          const text = order[row]!
          if (chosen.length === 0) return ids[text] === first ? 1 : 0
          const tokens = texts.tokens.subarray(texts.start(text), texts.start(text + 1))
          common.hold(tokens)
          for (; compared[row]! < chosen.length; compared[row]!++) {
            scores[row] = larger(scores[row]!, tokens.length, chosen[compared[row]!]!)
          }
          return -scores[row]!
        },
        take: (row) => chosen.push(order[row]!),
      })
      return {
        ids: Array.from(rows, (row) => ids[order[row]!]!),
        scores: Float64Array.from(rows, (row) => scores[row]!),
      }
    },
    largest(id, text) {
      const tokens = vocabulary.find(text)
      common.hold(tokens)
      let most = 0
      for (const [other, its] of ids.entries()) if (its !== id) most = larger(most, tokens.length, other)
      return most
    },
  }
}
