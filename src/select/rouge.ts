import type { TokenKind } from '../text/segment.js'
import { createVocabulary } from '../text/vocabulary.js'
import { createSubsequenceLength } from './lcs.js'

/** ROUGE-L of a prediction against a target, each from 0 to 1. */
export type RougeL = { readonly precision: number; readonly recall: number; readonly f: number }

/**
 * ROUGE-L (Lin 2004): the longest common subsequence of tokens as a share of the prediction (precision) and of the target
 * (recall). With the default `ascii` tokens it equals rouge-score's, without stemmer, to the last bit.
 */
export function rougeL(target: string, prediction: string, { tokens = 'ascii' }: { tokens?: TokenKind } = {}): RougeL {
  const vocabulary = createVocabulary(tokens)
  const [a, b] = [vocabulary.add(target), vocabulary.add(prediction)]
  const common = createSubsequenceLength(() => vocabulary.size)
  common.hold(a)
  const length = common.against(b, 0, b.length)
  if (length === 0) return { precision: 0, recall: 0, f: 0 }
  return { precision: length / b.length, recall: length / a.length, f: rougeF(length, a.length, b.length) }
}

/**
 * F of a common subsequence of `length` tokens of texts of `m` and `n`. As a fraction it is 2 · length / (m + n); the
 * published tools round on the way there, and a threshold such as 0.7 is met on the side that this formula says.
 */
export function rougeF(length: number, m: number, n: number): number {
  if (length === 0) return 0
  const precision = length / n
  const recall = length / m
  return (2 * precision * recall) / (precision + recall)
}
