import { normalizeText } from './nfkc.js'

/**
 * What counts as a token. `words`: runs of letters, marks and digits of any script, NFKC, in lower case; a character of a
 * script that is written without spaces (Han, kana, Thai, Lao, Khmer, Burmese) is a token by itself. `ascii`: runs of
 * a-z and 0-9 in lower case, all else between them, as rouge-score without its stemmer has it.
 */
export type TokenKind = 'words' | 'ascii'

/** The tokens of a text: token `n` is `text.slice(bounds[2 * n], bounds[2 * n + 1])`. */
export type Segments = {
  /** The text as it was normalised. */
  readonly text: string
  /** Of 2 × `count` places or more; the next call of the same segmenter overwrites it. */
  readonly bounds: Int32Array
  readonly count: number
}

const separator = 0
const letter = 1
const mark = 2
/** A token by itself, with the marks that follow it. */
const character = 3
const highSurrogate = 4

/** Makes a function that cuts texts into tokens, in time linear in the text, without making a string of each. */
export function createSegmenter(kind: TokenKind = 'words'): (text: string) => Segments {
  const classes = classesOf(kind)
  let bounds = new Int32Array(1024)
  return (given) => {
    const text = (kind === 'words' ? normalizeText(given) : given).toLowerCase()
    let count = 0
    let at = 0
    while (at < text.length) {
      let found = classes[text.charCodeAt(at)]!
      const start = at++
      if (found === separator) continue
      if (found === highSurrogate) found = classOfPair(text, at++)
      if (found === separator) continue
      if (found === character) at = afterMarks(text, at, classes)
      else at = afterWord(text, at, classes)
      if (2 * count === bounds.length) bounds = grown(bounds)
      bounds[2 * count] = start
      bounds[2 * count + 1] = at
      count++
    }
    return { text, bounds, count }
  }
}

/** The tokens of a text as strings. */
export function words(text: string, kind: TokenKind = 'words'): string[] {
  const { text: normalized, bounds, count } = createSegmenter(kind)(text)
  return Array.from({ length: count }, (_, n) => normalized.slice(bounds[2 * n], bounds[2 * n + 1]))
}

function afterWord(text: string, from: number, classes: Uint8Array): number {
  let at = from
  for (; at < text.length; at++) {
    const found = classes[text.charCodeAt(at)]!
    if (found === letter || found === mark) continue
    if (found !== highSurrogate) break
    const pair = classOfPair(text, at + 1)
    if (pair !== letter && pair !== mark) break
    at++
  }
  return at
}

function afterMarks(text: string, from: number, classes: Uint8Array): number {
  let at = from
  while (at < text.length && classes[text.charCodeAt(at)] === mark) at++
  return at
}

/** The class of the pair whose second half stands at `low`; a lone surrogate separates. */
function classOfPair(text: string, low: number): number {
  const point = text.codePointAt(low - 1)!
  if (point < 0x10000) return separator
  // Planes 2 and 3 hold Han characters and nothing else.
  if (point >= 0x20000 && point < 0x40000) return character
  const pair = String.fromCodePoint(point)
  if (isWithoutSpaces.test(pair)) return character
  return isMark.test(pair) ? mark : isLetter.test(pair) ? letter : separator
}

const withoutSpaces = String.raw`(?=[\p{L}\p{N}])[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]`
const isWithoutSpaces = new RegExp(`^${withoutSpaces}`, 'u')
const isLetter = /^[\p{L}\p{N}]/u
const isMark = /^\p{M}/u

const tables = new Map<TokenKind, Uint8Array>()

/** The class of every UTF-16 unit; a few milliseconds' work, done at the first use. */
function classesOf(kind: TokenKind): Uint8Array {
  const table = tables.get(kind) ?? (kind === 'words' ? wordClasses() : asciiClasses())
  tables.set(kind, table)
  return table
}

function wordClasses(): Uint8Array {
  const table = new Uint8Array(0x10000)
  const units = Array.from({ length: 0x10000 }, (_, unit) => (isSurrogate(unit) ? ' ' : String.fromCharCode(unit)))
  const all = units.join('')
  const fill = (pattern: string, value: number) => {
    for (const { index, 0: run } of all.matchAll(new RegExp(`(?:${pattern})+`, 'gu'))) {
      table.fill(value, index, index + run.length)
    }
  }
  fill(String.raw`[\p{L}\p{N}]`, letter)
  fill(String.raw`\p{M}`, mark)
  fill(withoutSpaces, character)
  table.fill(highSurrogate, 0xd800, 0xdc00)
  return table
}

function asciiClasses(): Uint8Array {
  const table = new Uint8Array(0x10000)
  table.fill(letter, 0x30, 0x3a)
  table.fill(letter, 0x61, 0x7b)
  return table
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000
}

function grown(bounds: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * bounds.length)
  larger.set(bounds)
  return larger
}
