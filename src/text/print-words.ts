/**
 * The words and marks of a printed text in order, none holding white space: "don't" as "do" and "n't", "(well-known)" in
 * five, addresses, numbers and program text whole where no mark of prose cuts them. Follows the rules that spaCy has for
 * English, without its lists of exceptions, since the published web filters count in its words. Linear in the text.
 */
export function printWords(text: string): string[] {
  const words: string[] = []
  for (const chunk of text.match(/\S+/gu) ?? []) {
    let parts = cache.get(chunk)
    if (parts === undefined) {
      parts = chunk.length > longestChunk ? [chunk] : cutChunk(chunk)
      if (cache.size === cachedChunks) cache.clear()
      cache.set(chunk, parts)
    }
    for (const part of parts) words.push(part)
  }
  return words
}

/** How many sentences words and marks make, a sentence ending at . ! ? and their kin, with the marks that follow. */
export function countSentences(words: readonly string[]): number {
  let sentences = 0
  let isOpen = false
  let hasEnded = true
  for (const word of words) {
    if (sentenceEnd.test(word)) {
      if (!isOpen) sentences++
      isOpen = true
      hasEnded = true
    } else if (!isOpen || (hasEnded && !onlyMarks.test(word))) {
      sentences++
      isOpen = true
      hasEnded = false
    }
  }
  return sentences
}

const sentenceEnd = /^\p{Sentence_Terminal}$/u
const onlyMarks = /^\p{P}+$/u

// Words follow Zipf's law: nearly every chunk was cut before.
const cache = new Map<string, readonly string[]>()
const cachedChunks = 65_536
/** Nothing printed is longer; what is has no words to find, and would fill the cache. */
const longestChunk = 256

const marks = String.raw`…,:;!?¿؟¡()\[\]{}<>_#*&。！？，、；：～·।،۔؛٪"'‘’“”«»‹›„‚\u0060´「」『』（）〔〕【】《》〈〉`
const prefix = new RegExp(String.raw`^(?:\.\.+|…|[§%=—–]|\+(?!\d)|[${marks}]|[\p{Sc}]|\p{So})`, 'u')
const suffix = new RegExp(
  String.raw`(?:\.\.+|…|[${marks}]|\p{So}|['’][sS]|[—–]|(?<=\d)\+|(?<=\d)\p{Sc}|(?<=\d)(?:km|cm|mm|m|kg|g|mg|kb|mb|gb|tb|ms|h|%)|(?<=[\p{Ll}\p{N}%²+\-…)\]"'’”])\.|(?<=\p{Lu}\p{Lu})\.|%)$`,
  'u',
)
const infix =
  /\.\.+|…|\p{So}|(?<=\d)[+\-*^](?=[\d-])|(?<=[\p{Ll}"'’”])\.(?=[\p{Lu}"'‘“])|(?<=\p{L}),(?=\p{L})|(?<=[\p{L}\d])(?:--+|[-–—~])(?=\p{L})|(?<=[\p{L}\d])[:<>=/](?=\p{L})/gu
const address =
  /^(?:https?:\/\/|www\.|[\w.+-]+@)\S*[\w/]$|^[\p{L}\d-]+(?:\.[\p{L}\d-]+)*\.(?:com|org|net|io|edu|gov|de|uk|eu|info|dev)(?:\/\S*)?$/iu
const contraction = /^(.+?)(n['’]t|['’](?:s|m|re|ve|ll|d))$/iu
const initials = /^(?:\p{L}\.)+$/u

/** A stretch without white space: marks are taken off its ends, one after the other, and what is left is cut inside. */
function cutChunk(chunk: string): readonly string[] {
  const front: string[] = []
  const back: string[] = []
  let rest = chunk
  while (rest !== '' && !address.test(rest) && !initials.test(rest)) {
    const split = contraction.exec(rest)
    if (split) {
      back.push(split[2]!)
      rest = split[1]!
      continue
    }
    const first = prefix.exec(rest)?.[0]
    if (first !== undefined) {
      front.push(first)
      rest = rest.slice(first.length)
      continue
    }
    const last = suffix.exec(rest)?.[0]
    if (last === undefined || last.length === rest.length) break
    back.push(last)
    rest = rest.slice(0, -last.length)
  }
  const inside = rest === '' ? [] : address.test(rest) ? [rest] : cutInside(rest)
  return [...front, ...inside, ...back.reverse()]
}

function cutInside(text: string): string[] {
  const parts: string[] = []
  let start = 0
  for (const { index, 0: mark } of text.matchAll(infix)) {
    if (index > start) parts.push(text.slice(start, index))
    parts.push(mark)
    start = index + mark.length
  }
  if (start < text.length) parts.push(text.slice(start))
  return parts
}
