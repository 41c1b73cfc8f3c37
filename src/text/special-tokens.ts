/**
 * A text without the marks that a model's tokeniser or a training file left at its ends: `<|endoftext|>`, `<s>`,
 * `</s>` and their like, with the white space around them. Marks inside the text stay.
 */
export function trimSpecialTokens(text: string): string {
  let trimmed = text
  for (;;) {
    const rest = trimmed.trim().replace(/^(?:<\|\w{1,40}\|>|<\/?s>)/, '')
    const end = /(?:<\|\w{1,40}\|>|<\/?s>)$/.exec(rest.slice(-44))
    const next = end === null ? rest : rest.slice(0, rest.length - end[0].length)
    if (next === trimmed) return trimmed
    trimmed = next
  }
}
