import type { TokenKind } from '../text/segment.js'
import { createVocabulary } from '../text/vocabulary.js'
import { createSubsequenceLength } from './lcs.js'
import { createPrefixPostings } from './prefix-postings.js'
import { rougeF } from './rouge.js'
import { createTokenStore } from './token-store.js'

export type NoveltyOptions = {
  /** ROUGE-L F above which a text is no longer new; default 0.7, as in Self-Instruct (arXiv 2212.10560, section 2.2). */
  threshold?: number
  /** Default `words`, which sees Chinese; `ascii` gives rouge-score's numbers. */
  tokens?: TokenKind
}

/** A text of the index and the ROUGE-L F between it and the one asked about. */
export type Neighbour = { readonly id: string; readonly score: number }

/** The most similar texts, best first, the earlier of equals before the later; `mean` is over all texts of the index. */
export type Neighbourhood = { readonly neighbours: readonly Neighbour[]; readonly mean: number }

export type NoveltyIndex = {
  readonly size: number
  /** The most similar text above the threshold, the earliest of equals, or `undefined` where the text is new. */
  duplicateOf(text: string): Neighbour | undefined
  /** The `limit` most similar texts and the mean; compares with every text there is. */
  nearest(text: string, options?: { limit?: number }): Neighbourhood
  /** Takes a text in, whatever it resembles. */
  add(id: string, text: string): void
}

/**
 * An index of texts that tells whether another is new, by ROUGE-L F. `duplicateOf` compares only with texts that share
 * one of their rarer tokens with it (a prefix-filter join, Chaudhuri, Ganti and Kaushik 2006), and so misses none.
 * Memory: about 100 bytes and 8 a token for every text, and each distinct token once.
 */
export function createNoveltyIndex({ threshold = 0.7, tokens = 'words' }: NoveltyOptions = {}): NoveltyIndex {
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new TypeError(`Expected \`threshold\` to be a number from 0 to 1, got \`${threshold}\``)
  }
  const vocabulary = createVocabulary(tokens)
  const common = createSubsequenceLength(() => vocabulary.size)
  const ids: string[] = []
  const texts = createTokenStore()
  const postings = createPrefixPostings(threshold, texts)
  const scoreOf = (entry: number, m: number) => {
    const [start, end] = [texts.start(entry), texts.start(entry + 1)]
    return rougeF(common.against(texts.tokens, start, end), m, end - start)
  }
  return {
    get size() {
      return ids.length
    },
    duplicateOf(text) {
      const asked = vocabulary.find(text)
      common.hold(asked)
      let best = -1
      let score = threshold
      postings.candidates(asked, (entry) => {
        const found = scoreOf(entry, asked.length)
        if (found < score || (found === score && (best === -1 || best < entry))) return
        best = entry
        score = found
      })
      return best === -1 ? undefined : { id: ids[best]!, score }
    },
    nearest(text, { limit = 10 } = {}) {
      const asked = vocabulary.find(text)
      common.hold(asked)
      const best: { entry: number; score: number }[] = []
      let sum = 0
      for (let entry = 0; entry < ids.length; entry++) {
        const score = scoreOf(entry, asked.length)
        sum += score
        if (best.length === limit && !(score > (best.at(-1)?.score ?? 1))) continue
        const place = best.findIndex((other) => other.score < score)
        best.splice(place === -1 ? best.length : place, 0, { entry, score })
        if (best.length > limit) best.pop()
      }
      const neighbours = best.map(({ entry, score }) => ({ id: ids[entry]!, score }))
      return { neighbours, mean: ids.length === 0 ? 0 : sum / ids.length }
    },
    add(id, text) {
      texts.push(vocabulary.add(text))
      ids.push(id)
      postings.add(ids.length - 1, vocabulary.size)
    },
  }
}
