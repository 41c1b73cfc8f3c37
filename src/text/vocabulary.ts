import { createSegmenter, type TokenKind } from './segment.js'

/** Numbers for tokens, given out in the order in which they are first met. */
export type Vocabulary = {
  readonly size: number
  /** The numbers of a text's tokens, in the text's order; unknown tokens are given the next numbers. */
  add(text: string): Int32Array
  /** The same without learning anything: an unknown token is -1. */
  find(text: string): Int32Array
}

/** Makes an empty vocabulary. */
export function createVocabulary(kind: TokenKind = 'words'): Vocabulary {
  const segment = createSegmenter(kind)
  const numbers = new Map<string, number>()
  const read = (given: string, numberOf: (token: string) => number) => {
    const { text, bounds, count } = segment(given)
    const found = new Int32Array(count)
    for (let n = 0; n < count; n++) found[n] = numberOf(text.slice(bounds[2 * n], bounds[2 * n + 1]))
    return found
  }
  const learn = (token: string) => {
    const known = numbers.get(token)
    if (known !== undefined) return known
    // A slice would keep the whole text alive for as long as the vocabulary lives.
    numbers.set(Buffer.from(token).toString(), numbers.size)
    return numbers.size - 1
  }
  return {
    get size() {
      return numbers.size
    },
    add: (text) => read(text, learn),
    find: (text) => read(text, (token) => numbers.get(token) ?? -1),
  }
}
