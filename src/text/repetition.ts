/**
 * The shortest unit of which more than `times` stand at the start of a text, end to end; `undefined` where there is none.
 * Time grows with the length of the text.
 */
export function prefixRepetition(text: string, times: number): string | undefined {
  const shared = zFunction(text)
  for (let period = 1; (times + 1) * period <= text.length; period++) {
    if (shared[period]! >= times * period) return text.slice(0, period)
  }
  return undefined
}

/**
 * The same anywhere in a text: a unit, among the shortest, of which more than `times` (at least 2) stand end to end. Time
 * grows as n log n for a given `times`: for units of `size` to twice that, it is enough to look at every `size`-th character, because a
 * repetition is longer than that on either side of one.
 */
export function anyRepetition(text: string, times: number): string | undefined {
  for (let size = 1; (times + 1) * size <= text.length; size *= 2) {
    for (let anchor = 0; anchor + 2 * size < text.length; anchor += size) {
      const unit = repetitionAround(text, anchor, { size, times })
      if (unit !== undefined) return unit
    }
  }
  return undefined
}

function repetitionAround(
  text: string,
  anchor: number,
  { size, times }: { size: number; times: number },
): string | undefined {
  const shared = zFunction(text.slice(anchor, anchor + 4 * size))
  for (let period = size; period < 2 * size && period < shared.length; period++) {
    // What repeats at this anchor does so for one unit more at least, or it is too short for three of them.
    if (shared[period]! < Math.min(size, shared.length - period)) continue
    const wanted = (times + 1) * period
    let [start, end] = [anchor, anchor + period]
    while (start > 0 && end - start < wanted && text[start - 1] === text[start - 1 + period]) start--
    while (end < text.length && end - start < wanted && text[end] === text[end - period]) end++
    if (end - start >= wanted) return text.slice(start, start + period)
  }
  return undefined
}

/** At each place, how many characters from there on are as those from the start on (Gusfield's Z). */
function zFunction(text: string): Uint32Array {
  const shared = new Uint32Array(text.length)
  let [left, right] = [0, 0]
  for (let i = 1; i < text.length; i++) {
    let length = i < right ? Math.min(right - i, shared[i - left]!) : 0
    while (i + length < text.length && text[length] === text[i + length]) length++
    shared[i] = length
    if (i + length > right) [left, right] = [i, i + length]
  }
  return shared
}
