import type { Reason } from '../stream/keep.js'
import { hash32 } from '../text/hash.js'
import { createSegmenter } from '../text/segment.js'

/** Runs of words of a test set. */
export type TestRuns = {
  /** How many different runs there are. */
  readonly size: number
  /** Takes in the runs of a text of the test set; one shorter than a run is taken in whole. */
  add(text: string): void
  /** Why a text may not be trained on: it has a run of the test set in it. */
  judge(text: string): Reason | undefined
}

/**
 * Keeps test questions out of training data: a text that shares a run of `words` words with the test set leaves (GPT-3,
 * arXiv 2005.14165 appendix C, takes 13). Words are lower-cased, of any script, a Chinese character counting one. A run is kept
 * as 53 bits of hash, about 16 bytes each: with a million of them, one run of a corpus in 10^10 is taken for one by mistake.
 */
export function testRuns({ words: length = 13 }: { words?: number } = {}): TestRuns {
  const segment = createSegmenter('words')
  const runs = new Set<number>()
  const short = new Set<number>()

  /** Hands the hash of every run of a text to `see`, until that answers true. */
  const walk = (text: string, run: number, see: (hash: number) => boolean) => {
    const { text: plain, bounds, count } = segment(text)
    const hashes = Array.from({ length: count }, (_, n) => hash32(plain.slice(bounds[2 * n], bounds[2 * n + 1])))
    for (let start = 0; start + run <= count; start++) {
      let [high, low] = [0, run]
      for (let n = start; n < start + run; n++) {
        high = (Math.imul(high, 0x01000193) ^ hashes[n]!) >>> 0
        low = (Math.imul(low, 0x5bd1e995) + hashes[n]!) >>> 0
      }
      if (see((high & 0x1fffff) * 2 ** 32 + low)) return plain.slice(bounds[2 * start], bounds[2 * (start + run) - 1])
    }
    return undefined
  }
  const countWords = (text: string) => segment(text).count

  return {
    get size() {
      return runs.size
    },
    add(text) {
      const run = Math.min(length, countWords(text))
      // A question of a word or two stands in any corpus.
      if (run < Math.min(length, shortestRun)) return
      if (run < length) short.add(run)
      walk(text, run, (hash) => {
        runs.add(hash)
        return false
      })
    },
    judge(text) {
      for (const run of [length, ...short]) {
        const found = walk(text, run, (hash) => runs.has(hash))
        if (found !== undefined) return { reason: 'in the test set', detail: found.slice(0, 200) }
      }
      return undefined
    },
  }
}

/** Fewest words of a test text that is shorter than a run and is looked for whole. */
const shortestRun = 8
