import { splitWords } from '../text/words.js'

export type SelfInstructFilterOptions = {
  /** `alpaca` also refuses what Alpaca's code refuses: videos, audio, music, flowcharts, diagrams. */
  keywords?: 'self-instruct' | 'alpaca'
}

// What a model of text can neither see nor make.
const selfInstructKeywords = [
  ...['image', 'images', 'graph', 'graphs', 'picture', 'pictures', 'file', 'files', 'map', 'maps'],
  ...['draw', 'plot', 'go to'],
]
const alpacaKeywords = [...selfInstructKeywords, 'video', 'audio', 'music', 'flowchart', 'diagram']

/**
 * The rules that an instruction thought up by a model must pass (Self-Instruct, arXiv 2212.10560 §2.2, as its code has
 * them): 4 to 150 words, none of the keywords, no "Write a program" at its start, and a first character that is ASCII and
 * no punctuation mark. Gives the reason why one fails, or nothing.
 */
export function selfInstructFilter({
  keywords = 'self-instruct',
}: SelfInstructFilterOptions = {}): (instruction: string) => string | undefined {
  const words = keywords === 'alpaca' ? alpacaKeywords : selfInstructKeywords
  // Python's \b, which the published code uses, knows all letters and digits; JavaScript's knows the ASCII ones.
  const keyword = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${words.join('|')})(?![\\p{L}\\p{N}_])`, 'iu')
  return (instruction) => {
    if (instruction === '') return 'empty'
    const length = splitWords(instruction).length
    if (length <= 3) return 'fewer than 4 words'
    if (length > 150) return 'more than 150 words'
    if (keyword.test(instruction)) return 'asks for more than text'
    if (instruction.startsWith('Write a program')) return 'asks for a program'
    if (/^[!-/:-@[-`{-~]/.test(instruction)) return 'begins with a punctuation mark'
    if (instruction.charCodeAt(0) > 0x7f) return 'begins with a character beyond ASCII'
    return undefined
  }
}
