import type { Reason } from '../stream/keep.js'
import { c4 } from './c4.js'
import type { Document } from './document.js'
import { fineweb } from './fineweb.js'
import { gopherQuality } from './gopher.js'
import { gopherRepetition } from './gopher-repetition.js'
import { judgeBy, type Rule } from './rules.js'

/** A family of rules by name; `rules` are its thresholds, where it has such. */
export type Family = {
  readonly summary: string
  readonly rules?: readonly Rule<Document>[]
  judge(doc: Document): Reason | undefined
}

/** The families that judge a text by itself and need nothing else. A new one is a file beside this one and a line here. */
export const families = {
  'gopher-quality': family('counts and shares of words, from Gopher', gopherQuality),
  'gopher-repetition': family('repeated lines, paragraphs and runs of words, from Gopher', gopherRepetition),
  fineweb: family('lines, from FineWeb', fineweb),
  c4: {
    summary: 'sentences, curly brackets and boilerplate, from C4',
    judge: (doc) => {
      const verdict = c4(doc)
      return 'reason' in verdict ? verdict.reason : undefined
    },
  },
} as const satisfies Record<string, Family>

function family(summary: string, rules: readonly Rule<Document>[]): Family {
  return { summary, rules, judge: judgeBy(rules) }
}
