/** Tokens that may begin a sequence without standing for any of its text. */
const mostBefore = 2
/** A token is short; only a hostile server's is not. */
const mostInParts = 64

/**
 * The first of a text's tokens that holds any of its `continuation`, as an index; `undefined` where the tokens do not spell
 * `prompt + continuation`. The text itself is compared, not the offsets that servers send: those go wrong after a token
 * that begins a sequence or holds a part of a character. One or two tokens before the text (`<s>`) are passed over, a token
 * may lack the space before it or show it as `▁`, and a part of a character may come as `�` or as its byte.
 */
export function continuationStart(tokens: readonly string[], prompt: string, continuation: string): number | undefined {
  const text = prompt + continuation
  const endsAfter = (index: number, at: number) => {
    const ends = endsOf(tokens[index]!, text, at)
    return ends.length === 0 && at === 0 && index < mostBefore ? [0] : ends
  }
  // Where the text may stand before each token, and after the last: several places only where characters are in parts.
  const places = [[0]]
  for (let index = 0; index < tokens.length; index++) {
    places.push([...new Set(places[index]!.flatMap((at) => endsAfter(index, at)))])
  }
  if (!places.at(-1)!.includes(text.length)) return undefined
  // Back again, as only places that lead to the end count.
  let reached = [text.length]
  for (let index = tokens.length - 1; index > 0; index--) {
    const leading = places[index]!.filter((at) => endsAfter(index, at).some((end) => reached.includes(end)))
    if (Math.max(...leading) <= prompt.length) return index
    reached = leading
  }
  return 0
}

/** Where `token` may end in the text if it starts at `at`; none where it cannot stand there. */
function endsOf(token: string, text: string, at: number): number[] {
  const spelled = token.replaceAll('▁', ' ')
  for (const form of [token, spelled]) if (text.startsWith(form, at)) return [at + form.length]
  // SentencePiece sets a space before a text that has none.
  if (at === 0 && token.startsWith('▁') && text.startsWith(spelled.slice(1))) return [spelled.length - 1]
  if (text[at] === ' ' && text.startsWith(token, at + 1)) return [at + 1 + token.length]
  if (/^<0x[\da-f]{2}>$/i.test(token)) return partEnds('\ufffd', text, at)
  return token.includes('\ufffd') && token.length <= mostInParts ? partEnds(spelled, text, at) : []
}

/** The ends of a token in which each `�` is a part of a character: its last one, or one with more to come. */
function partEnds(token: string, text: string, at: number): number[] {
  let ends = [at]
  for (const char of token) {
    const next = ends.flatMap((end) => {
      if (char !== '\ufffd') return text.startsWith(char, end) ? [end + char.length] : []
      const here = text.codePointAt(end)
      return here === undefined ? [] : [end, end + String.fromCodePoint(here).length]
    })
    ends = [...new Set(next)]
  }
  return ends
}
