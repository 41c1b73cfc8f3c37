import { printWords } from '../text/print-words.js'
import { codePointLength } from '../text/words.js'

/** A text as the web filters look at it; each view is made when a rule first asks for it, and once. */
export type Document = {
  readonly text: string
  /** Code points. */
  readonly chars: number
  /** Words and marks, as {@link printWords} gives them. */
  readonly words: readonly string[]
  /** Those that are not marks alone. */
  readonly plainWords: readonly string[]
  /** As Python's `splitlines` cuts: at any line end, none after the last one. */
  readonly lines: readonly string[]
  /** As cut at line feeds alone. */
  readonly rawLines: readonly string[]
}

/** The views of a text. */
export function documentOf(text: string): Document {
  const chars = once(() => codePointLength(text))
  const words = once(() => printWords(text))
  const plainWords = once(() => words().filter((word) => /[\p{L}\p{N}\p{M}]/u.test(word)))
  const lines = once(() => splitLines(text))
  const rawLines = once(() => text.split('\n'))
  return {
    text,
    get chars() {
      return chars()
    },
    get words() {
      return words()
    },
    get plainWords() {
      return plainWords()
    },
    get lines() {
      return lines()
    },
    get rawLines() {
      return rawLines()
    },
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they end lines to Python.
const lineEnd = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/

function splitLines(text: string): string[] {
  const lines = text.split(lineEnd)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
