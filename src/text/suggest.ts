/** The candidate most like `word`, or `undefined` where none is near: for "did you mean" in errors. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    // The distance is at least the difference in length; so a long word against a short one costs nothing.
    if (Math.abs(word.length - candidate.length) >= bestDistance) continue
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    // Words that share no letter are not alike, however short.
    if (distance < bestDistance && distance < Math.max(word.length, candidate.length)) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein distance, a transposition of neighbours counting one (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const width = b.length + 1
  const table = new Uint16Array((a.length + 1) * width)
  for (let i = 0; i <= a.length; i++) table[i * width] = i
  for (let j = 0; j <= b.length; j++) table[j] = j
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const at = i * width + j
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min(table[at - width]! + 1, table[at - 1]! + 1, table[at - width - 1]! + change)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, table[at - 2 * width - 2]! + 1)
      }
      table[at] = cost
    }
  }
  return table[a.length * width + b.length]!
}
