import type { Unread } from '../types.js'
import { echoesFence } from './fence.js'

export type LabelScale = {
  /** What the line begins with, before its colon, in any case: alternatives of a pattern. */
  readonly name: string
  /** The labels from worst to best, each in every language that it may come in. */
  readonly labels: readonly (readonly string[])[]
  /** What the judge was shown between fences. */
  readonly shown: readonly string[]
}

/**
 * The place on a scale of labels that a judge's reply gives: the last line that begins with the scale's name counts, and it
 * alone. Where it does not hold one label and nothing but words behind a mark, the reply is unread: there is no default.
 */
export function readLabel(reply: string, { name, labels, shown }: LabelScale): { place: number } | Unread {
  if (reply.trim() === '') return { unread: 'empty reply' }
  if (echoesFence(reply, ...shown)) return { unread: 'echo of the fence' }
  // One behind a ">" is a quotation.
  const labelLine = new RegExp(`^[\\s*#_\`]*(?:${name})[\\s*_\`]*[:：](.*)$`, 'i')
  const last = reply.split(/[\n\r\u2028\u2029]/).findLast((line) => labelLine.test(line))
  if (last === undefined) return { unread: 'no label' }
  const said = labelLine
    .exec(last)![1]!
    .replace(/^[\s*_`"“[(]+/, '')
    .toLowerCase()
  const place = labels.findIndex((names) => names.some((label) => beginsWith(said, label)))
  return place < 0 ? { unread: 'no label of the scale' } : { place }
}

/** Whether a line is a label, or goes on behind a mark without naming an alternative. */
function beginsWith(line: string, label: string): boolean {
  if (!line.startsWith(label)) return false
  const rest = line.slice(label.length)
  return /^(?:[^\p{L}\p{N}/|-]|$)/u.test(rest) && !/^\s*(?:or|to|and|\/|或|到)/.test(rest)
}
