import type { Reason } from '../stream/keep.js'
import { countSentences, printWords } from '../text/print-words.js'
import { splitWords } from '../text/words.js'
import type { Document } from './document.js'

/** What C4 makes of a page: its good lines, or why it goes. */
export type C4Verdict = { readonly text: string } | { readonly reason: Reason }

const citation = /\[\d*\]|\[edit\]|\[citation needed\]/g

const policies = ['terms of use', 'privacy policy', 'cookie policy', 'uses cookies', 'use of cookies', 'use cookies']

/**
 * The rules of C4 (Raffel et al. 2020, JMLR 21/140 §2.2, as datatrove reads them; without its list of bad words): keeps the lines
 * that end a sentence, have three words or more and are about neither JavaScript nor cookies, and of those pages the ones with
 * five sentences left, no curly bracket and no lorem ipsum. Citations such as [3] are cut out.
 */
export function c4({ lines }: Document): C4Verdict {
  const kept: string[] = []
  let sentences = 0
  for (const given of lines) {
    const line = given.trim()
    const words = splitWords(line)
    if (words.some((word) => word.length > 1000)) continue
    const cited = line.replace(citation, '')
    if (!/[.?!"']$/.test(cited) || cited.endsWith('...') || words.length < 3) continue
    const lower = cited.toLowerCase()
    if (lower.includes('lorem ipsum')) return { reason: 'lorem ipsum' }
    if (lower.includes('javascript')) continue
    if (cited.includes('{')) return { reason: 'curly bracket' }
    if (policies.some((policy) => lower.includes(policy))) continue
    sentences += countSentences(printWords(cited))
    kept.push(cited)
  }
  if (sentences < 5) return { reason: { reason: 'fewer than 5 sentences', detail: `${sentences}` } }
  return { text: kept.join('\n').trim() }
}
