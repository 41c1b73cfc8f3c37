import { countOccurrences } from '../text/words.js'
import type { Document } from './document.js'
import type { Rule } from './rules.js'

const stopWords = new Set(['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'])

/**
 * The quality rules of Gopher (arXiv 2112.11446, table A1 and appendix A.1.1), with its limits and in the order that
 * datatrove applies them. Made for English: other languages lack its stop words.
 */
export const gopherQuality: readonly Rule<Document>[] = [
  { reason: 'fewer than 50 words', measures: 'words that are not marks alone', measure: plainWordCount, least: 50 },
  {
    reason: 'more than 100,000 words',
    measures: 'words that are not marks alone',
    measure: plainWordCount,
    most: 100_000,
  },
  { reason: 'words too short', measures: 'mean length of a word', measure: meanWordLength, least: 3 },
  { reason: 'words too long', measures: 'mean length of a word', measure: meanWordLength, most: 10 },
  {
    reason: 'too many #',
    measures: 'signs # a word',
    measure: ({ text, words }) => countOccurrences(text, '#') / words.length,
    most: 0.1,
  },
  {
    reason: 'too many ellipses',
    measures: 'ellipses a word',
    measure: ({ text, words }) => (countOccurrences(text, '...') + countOccurrences(text, '…')) / words.length,
    most: 0.1,
  },
  {
    reason: 'too many bullets',
    measures: 'share of lines that begin with a bullet',
    measure: ({ lines }) => shareOf(lines, (line) => /^\s*[•-]/.test(line)),
    most: 0.9,
  },
  {
    reason: 'too many lines that trail off',
    measures: 'share of lines that end in an ellipsis',
    measure: ({ lines }) => shareOf(lines, (line) => /(?:\.\.\.|…)$/.test(line.trimEnd())),
    most: 0.3,
  },
  {
    reason: 'too few words with a letter',
    measures: 'share of words and marks with a letter',
    measure: ({ words }) => shareOf(words, (word) => /\p{L}/u.test(word)),
    least: 0.8,
  },
  {
    reason: 'too few stop words',
    measures: 'different ones of: the be to of and that have with',
    measure: ({ words }) => new Set(words.filter((word) => stopWords.has(word))).size,
    least: 2,
  },
]

function plainWordCount({ plainWords }: Document): number {
  return plainWords.length
}

function meanWordLength({ plainWords }: Document): number {
  let chars = 0
  for (const word of plainWords) chars += word.length
  return chars / plainWords.length
}

function shareOf<T>(items: readonly T[], is: (item: T) => boolean): number {
  let count = 0
  for (const item of items) if (is(item)) count++
  return count / items.length
}
