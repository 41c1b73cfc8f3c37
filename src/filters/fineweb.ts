import { codePointLength } from '../text/words.js'
import type { Document } from './document.js'
import type { Rule } from './rules.js'

/**
 * The line rules that FineWeb adds to Gopher's and C4's (arXiv 2406.17557 §3.6), with its limits: few lines end a sentence, many
 * are short, lines repeat, or there are more lines than words would fill.
 */
export const fineweb: readonly Rule<Document>[] = [
  {
    reason: 'too few lines that end a sentence',
    measures: 'share of lines that end in a sentence mark',
    measure: (doc) => share(filledLines(doc), (line) => sentenceMark.test(line)),
    least: 0.12,
  },
  {
    reason: 'too many short lines',
    measures: 'share of lines of 30 characters or fewer',
    measure: (doc) => share(filledLines(doc), (line) => line.length <= 30 || codePointLength(line) <= 30),
    most: 0.67,
  },
  {
    reason: 'lines repeat, by characters',
    measures: 'characters in repeated lines',
    measure: repeatedChars,
    most: 0.01,
  },
  {
    reason: 'too many lines for the words',
    measures: 'line feeds a word',
    measure: ({ rawLines, words }) => (rawLines.length - 1) / words.length,
    most: 0.3,
  },
]

// Marks that end a sentence in any script, as Unicode has them, and quotation marks do not.
const sentenceMark = /\p{Sentence_Terminal}$/u

function filledLines({ rawLines }: Document): string[] {
  return rawLines.filter((line) => line.trim() !== '')
}

function repeatedChars(doc: Document): number {
  const seen = new Set<string>()
  let chars = 0
  for (const line of filledLines(doc)) {
    if (seen.has(line)) chars += codePointLength(line)
    else seen.add(line)
  }
  return chars / (doc.chars - (doc.rawLines.length - 1))
}

function share(lines: readonly string[], is: (line: string) => boolean): number {
  return lines.filter(is).length / lines.length
}
