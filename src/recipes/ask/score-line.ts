import type { Unread } from '../types.js'
import { type Choice, numbersTo } from './choice.js'
import { echoesFence } from './fence.js'

/** A line with a score; one behind a ">" is a quotation. */
const scoreLine = /^[\s*#_`]*(?:(?:(?:final|overall) )?score|(?:最终|总)?(?:分数|评分|得分))[\s*_`]*[:：](.*)$/i

export type ScoreScale = {
  /** The scale goes from 1 to this, at most 9. */
  readonly most: number
  /** What the judge was shown between fences. */
  readonly shown: readonly string[]
}

/**
 * The score of a judge's reply: the last line that begins with "Score:" (分数：) counts, and it alone. Without a whole number
 * of the scale there, or with a fence of what was shown, the reply is unread: there is no default.
 */
export function readScore(reply: string, { most, shown }: ScoreScale): { score: number } | Unread {
  if (reply.trim() === '') return { unread: 'empty reply' }
  if (echoesFence(reply, ...shown)) return { unread: 'echo of the fence' }
  const lines = reply.split(/[\n\r\u2028\u2029]/)
  const last = lines.findLast((line) => scoreLine.test(line))
  if (last === undefined) return { unread: 'no score' }
  // A faulty last score is not mended by an earlier one, which may be the text's own.
  const score = wholeScore(most).exec(scoreLine.exec(last)![1]!)?.[1]
  return score === undefined ? { unread: `no whole score from 1 to ${most}` } : { score: Number(score) }
}

/** The same score as a choice, for a reply in JSON. */
export function scoreChoice<Out>({ most, shown }: ScoreScale, meaning: (score: number) => Out): Choice<Out> {
  return { field: 'score', among: numbersTo(most), shown, means: ([place]) => meaning(place! + 1) }
}

/** A whole number of the scale, alone or followed by words; with a scale to 5 neither 10502 nor 4.5, 4/10 or 4 to 5. */
function wholeScore(most: number): RegExp {
  return new RegExp(
    `^[\\s*_\`<[(]*([1-${most}])(?:\\s*\\/\\s*${most}| out of ${most}|\\s?分)?(?:[^\\p{L}\\p{N}][^\\p{N}]*)?$`,
    'u',
  )
}
