const longestAtOnce = 1024

/**
 * NFKC in linear time. The engine's own takes time with the square of a run of combining marks (a megabyte of them:
 * minutes), so more than 1,024 units are normalised in parts, cut before a character that nothing combines with from
 * the left. Only where 1,024 units hold no such character can a cut change the result.
 */
export function normalizeText(text: string): string {
  if (text.length <= longestAtOnce) return text.normalize('NFKC')
  let normalized = ''
  for (let from = 0; from < text.length; ) {
    const to = partEnd(text, from)
    normalized += text.slice(from, to).normalize('NFKC')
    from = to
  }
  return normalized
}

function partEnd(text: string, from: number): number {
  const limit = from + longestAtOnce
  if (limit >= text.length) return text.length
  for (let at = limit; at > from; at--) if (startsAnew(text.charCodeAt(at))) return at
  const isLow = (text.charCodeAt(limit) & 0xfc00) === 0xdc00
  const followsHigh = (text.charCodeAt(limit - 1) & 0xfc00) === 0xd800
  return isLow && followsHigh ? limit - 1 : limit
}

/** Latin, Greek and Cyrillic letters, Han and Hangul syllables: none of them composes with what stands before it. */
function startsAnew(unit: number): boolean {
  return (
    unit < 0x300 ||
    (unit >= 0x388 && unit <= 0x481) ||
    (unit >= 0x3400 && unit <= 0x9fff) ||
    (unit >= 0xac00 && unit <= 0xd7a3)
  )
}
