/** How many code points a string has, a lone surrogate counting one, as Python's `len` counts. */
export function codePointLength(text: string): number {
  let pairs = 0
  for (let i = 0; i < text.length - 1; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      pairs++
      i++
    }
  }
  return text.length - pairs
}

// Python counts the separators \x1c-\x1f and \x85 as white space where JavaScript does not, and U+FEFF the other way.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are white space to Python.
const notPythonSpace = /[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g

/** The words of a text as Python's `str.split()` cuts them: at runs of Unicode white space, none of them empty. */
export function splitWords(text: string): string[] {
  return text.match(notPythonSpace) ?? []
}

/** How often `part`, not empty, occurs in a text, overlaps counting once, as Python's `str.count` counts. */
export function countOccurrences(text: string, part: string): number {
  let count = 0
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) count++
  return count
}

const closers = /["'”’»)\]}」』】）》*_]/

/** Whether the text's last mark, closing quotes and brackets aside, ends a sentence: . ! ? … or 。！？ */
export function endsSentence(text: string): boolean {
  let end = text.trimEnd().length
  while (end > 0 && closers.test(text[end - 1]!)) end--
  return end > 0 && /[.!?…。！？]/.test(text[end - 1]!)
}

/**
 * Cuts a text into sentences: after . ! ? … (with their closing quotes and brackets) before white space, and after
 * 。！？ anywhere. A mark before a lower-case letter does not cut, nor one after a single letter ("e.g. this", "J. Doe").
 * Sentences come trimmed, none empty.
 */
export function splitSentences(text: string): string[] {
  const sentences: string[] = []
  let start = 0
  for (const { index, 0: mark } of text.matchAll(/[.!?…。！？]+["'”’»)\]」』】）》]*/g)) {
    const end = index + mark.length
    if (!cutsHere(text, index, end)) continue
    sentences.push(text.slice(start, end).trim())
    start = end
  }
  const rest = text.slice(start).trim()
  return rest === '' ? sentences : [...sentences, rest]
}

function cutsHere(text: string, markStart: number, markEnd: number): boolean {
  const mark = text[markStart]!
  if ('。！？'.includes(mark)) return true
  if (markEnd === text.length) return true
  if (!/\s/.test(text[markEnd]!)) return false
  let next = markEnd
  while (next < text.length && /\s/.test(text[next]!)) next++
  if (/\p{Ll}/u.test(text[next] ?? '')) return false
  return mark !== '.' || !/(?:^|[^\p{L}])\p{L}$/u.test(text.slice(Math.max(0, markStart - 2), markStart))
}

/** How many words a text has: runs between white space, and each Chinese or Japanese character one of its own. */
export function countWords(text: string): number {
  const characters = text.match(ideograph)?.length ?? 0
  return characters === 0 ? splitWords(text).length : characters + splitWords(text.replace(ideograph, ' ')).length
}

const ideograph = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu
