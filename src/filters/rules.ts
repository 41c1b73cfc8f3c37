import type { Reason } from '../stream/keep.js'

/**
 * A threshold on something measured of a document: it stays while the measure is `least` or more, or `most` or less. As data,
 * so that the same rule can judge a document and be tried at other limits on a sample.
 */
export type Rule<Doc> = {
  /** Short and fixed: what a report counts a document under that fails. */
  readonly reason: string
  /** What the measure is, for people. */
  readonly measures: string
  /** Not a number where the document has nothing to measure, which no limit refuses. */
  readonly measure: (doc: Doc) => number
} & ({ readonly least: number } | { readonly most: number })

/** Judges by rules in order: the first one that a document fails gives the reason, with what was measured. */
export function judgeBy<Doc>(rules: readonly Rule<Doc>[]): (doc: Doc) => Reason | undefined {
  return (doc) => {
    for (const rule of rules) {
      const measured = rule.measure(doc)
      if (!passes(rule, measured)) return { reason: rule.reason, detail: shown(measured) }
    }
    return undefined
  }
}

/** Whether a document of that measure stays. */
export function passes(rule: Rule<never>, measured: number): boolean {
  return 'least' in rule ? !(measured < rule.least) : !(measured > rule.most)
}

function shown(measured: number): string {
  return Number.isInteger(measured) ? `${measured}` : measured.toPrecision(3)
}
