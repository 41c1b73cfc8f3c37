import { field } from './answer-fields.js'

/** Fewer places than this, or a lower share of all, are no sign: words come twice. */
const fewestLate = 5
const leastShare = 0.15
/** A right server finds the token itself the likeliest far more often than the one behind it. */
const lateToOwn = 4

/**
 * Whether an echo gives each token the log-probability that it would have once more behind itself, as llama-cpp-python does
 * (seen in 0.3.36): its likeliest token of a place is then, over and over, the one that follows. Unknown, and so `false`, where
 * the answer names no likeliest tokens.
 */
export function areLate(tokens: readonly string[], choice: unknown): boolean {
  const tops = field(choice, 'logprobs', 'top_logprobs')
  if (!Array.isArray(tops)) return false
  let [own, late] = [0, 0]
  for (const [place, token] of tokens.entries()) {
    const likeliest = likeliestOf(tops[place])
    if (likeliest === token) own++
    else if (likeliest !== undefined && likeliest === tokens[place + 1]) late++
  }
  return late >= fewestLate && late >= leastShare * tokens.length && late > lateToOwn * own
}

function likeliestOf(top: unknown): string | undefined {
  if (typeof top !== 'object' || top === null) return undefined
  let [likeliest, most]: [string | undefined, number] = [undefined, Number.NEGATIVE_INFINITY]
  for (const [token, value] of Object.entries(top)) if (value > most) [likeliest, most] = [token, value]
  return likeliest
}
