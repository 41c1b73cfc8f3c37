import { codePointLength } from '../text/words.js'
import type { Document } from './document.js'
import type { Rule } from './rules.js'

/**
 * The repetition rules of Gopher (arXiv 2112.11446, table A1), with its limits: how much of a text stands in lines, in
 * paragraphs and in runs of words that came before. Measured in characters of the text, as datatrove measures.
 */
export const gopherRepetition: readonly Rule<Document>[] = [
  {
    reason: 'paragraphs repeat',
    measures: 'share of repeated paragraphs',
    measure: (doc) => paragraphs(doc).items,
    most: 0.3,
  },
  {
    reason: 'paragraphs repeat, by characters',
    measures: 'characters of repeated paragraphs',
    measure: (doc) => paragraphs(doc).chars,
    most: 0.2,
  },
  { reason: 'lines repeat', measures: 'share of repeated lines', measure: (doc) => lines(doc).items, most: 0.3 },
  {
    reason: 'lines repeat, by characters',
    measures: 'characters of repeated lines',
    measure: (doc) => lines(doc).chars,
    most: 0.2,
  },
  ...(
    [
      [2, 0.2],
      [3, 0.18],
      [4, 0.16],
    ] as const
  ).map(([n, most]) => ({
    reason: `one run of ${n} words too often`,
    measures: `characters in the most frequent run of ${n} words`,
    measure: (doc: Document) => topRun(doc, n),
    most,
  })),
  ...(
    [
      [5, 0.15],
      [6, 0.14],
      [7, 0.13],
      [8, 0.12],
      [9, 0.11],
      [10, 0.1],
    ] as const
  ).map(([n, most]) => ({
    reason: `runs of ${n} words repeat`,
    measures: `characters in repeated runs of ${n} words`,
    measure: (doc: Document) => repeatedRuns(doc, n),
    most,
  })),
]

function paragraphs({ text, chars }: Document) {
  return repeated(text.trim().split(/\n{2,}/), chars)
}

function lines({ text, chars }: Document) {
  return repeated(text.split(/\n+/), chars)
}

/** The share of items that came before, and the characters they take of all. */
function repeated(items: readonly string[], allChars: number): { items: number; chars: number } {
  const seen = new Set<string>()
  let [count, chars] = [0, 0]
  for (const item of items) {
    if (seen.has(item)) {
      count++
      chars += codePointLength(item)
    } else seen.add(item)
  }
  return { items: count / items.length, chars: chars / allChars }
}

/** Characters, blanks included, of the run of n words that comes most often: the first one of equals. */
function topRun(doc: Document, n: number): number {
  const { numbers, lengthAt } = runsOf(doc).of(n)
  const counts = new Uint32Array(numbers.length)
  for (const number of numbers) counts[number]!++
  let [most, length] = [0, 0]
  for (let at = 0; at < numbers.length; at++) {
    const count = counts[numbers[at]!]!
    if (count <= most) continue
    most = count
    length = lengthAt(at) + n - 1
  }
  return (most * length) / doc.chars
}

/** Characters of runs of n words that came before; a run that is counted is stepped over whole. */
function repeatedRuns(doc: Document, n: number): number {
  const { numbers, lengthAt } = runsOf(doc).of(n)
  const seen = new Uint8Array(numbers.length)
  let chars = 0
  for (let at = 0; at < numbers.length; ) {
    const number = numbers[at]!
    if (seen[number] === 1) {
      chars += lengthAt(at)
      at += n
    } else {
      seen[number] = 1
      at++
    }
  }
  return chars / doc.chars
}

/** For the run that begins at each word its number, the same for equal runs and below how many there are; and its characters. */
type Runs = { readonly numbers: Uint32Array; lengthAt(at: number): number }

const runsOfDocument = new WeakMap<Document, { of(n: number): Runs }>()

function runsOf(doc: Document): { of(n: number): Runs } {
  const known = runsOfDocument.get(doc)
  if (known !== undefined) return known
  const { words } = doc
  const starts = new Uint32Array(words.length + 1)
  for (let at = 0; at < words.length; at++) starts[at + 1] = starts[at]! + codePointLength(words[at]!)
  const byLength = [numberWords(words)]
  const runs = {
    of(n: number): Runs {
      while (byLength.length < n) byLength.push(numberLonger(byLength.at(-1)!, byLength[0]!, byLength.length))
      return { numbers: byLength[n - 1]!, lengthAt: (at) => starts[at + n]! - starts[at]! }
    },
  }
  runsOfDocument.set(doc, runs)
  return runs
}

function numberWords(words: readonly string[]): Uint32Array {
  const numbers = new Map<string, number>()
  return Uint32Array.from(words, (word) => {
    const number = numbers.get(word) ?? numbers.size
    if (number === numbers.size) numbers.set(word, number)
    return number
  })
}

/** Numbers the runs of one word more: a run is the pair of the run without its last word, and that word. */
function numberLonger(shorter: Uint32Array, words: Uint32Array, length: number): Uint32Array {
  const longer = new Uint32Array(Math.max(0, shorter.length - 1))
  const bits = 33 - Math.clz32(Math.max(1, longer.length))
  const mask = 2 ** bits - 1
  // Open addressing: where a run with that number first stands, counted from 1.
  const table = new Uint32Array(2 ** bits)
  let count = 0
  for (let at = 0; at < longer.length; at++) {
    const [run, word] = [shorter[at]!, words[at + length]!]
    let slot = (Math.imul(run, 0x9e3779b1) ^ Math.imul(word, 0x85ebca6b)) >>> (32 - bits)
    let first = table[slot]!
    while (first !== 0 && (shorter[first - 1] !== run || words[first - 1 + length] !== word)) {
      slot = (slot + 1) & mask
      first = table[slot]!
    }
    if (first === 0) {
      table[slot] = at + 1
      longer[at] = count++
    } else longer[at] = longer[first - 1]!
  }
  return longer
}
