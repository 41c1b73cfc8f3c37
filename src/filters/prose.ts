import type { Reason } from '../stream/keep.js'
import { trimSpecialTokens } from '../text/special-tokens.js'
import { codePointLength, endsSentence } from '../text/words.js'

export type ProseOptions = {
  /** Fewest code points; default 200. */
  minChars?: number
  /** Most code points; default 3,000. */
  maxChars?: number
}

/**
 * Keeps text that could be an answer: of middling length, mostly letters, in whole sentences from the first to the
 * last, with few headings, lists, code and links, no boilerplate. Works on any script with sentence marks; takes time
 * linear in the text. The thresholds are sluice's own; README.md here tells what they keep of which texts.
 */
export function proseFilter({
  minChars = 200,
  maxChars = 3000,
}: ProseOptions = {}): (text: string) => Reason | undefined {
  if (!(minChars >= 0)) throw new TypeError(`Expected \`minChars\` to be a number from 0 up, got \`${minChars}\``)
  if (!(maxChars >= minChars)) {
    throw new TypeError(`Expected \`maxChars\` to be a number from ${minChars} (\`minChars\`) up, got \`${maxChars}\``)
  }
  return (given) => {
    const text = trimSpecialTokens(given)
    const chars = codePointLength(text)
    if (chars < minChars) return { reason: `fewer than ${minChars} characters`, detail: `${chars}` }
    if (chars > maxChars) return { reason: `more than ${maxChars} characters`, detail: `${chars}` }
    const letters = letterShare(text)
    if (letters < 0.8) return { reason: 'too few letters', detail: percent(letters) }
    if (!startsSentence(text)) return 'starts inside a sentence'
    if (!endsSentence(text)) return 'ends inside a sentence'
    const boilerplate = boilerplatePhrase(text)
    if (boilerplate !== undefined) return { reason: 'boilerplate', detail: boilerplate }
    const fragments = fragmentShare(text)
    if (fragments > 0.3) return { reason: 'too many lines that are no sentences', detail: percent(fragments) }
    const links = linkShare(text)
    if (links > 0.2) return { reason: 'too many links', detail: percent(links) }
    return undefined
  }
}

function letterShare(text: string): number {
  return (text.match(/[\p{L}\p{M}]/gu)?.length ?? 0) / (text.match(/\S/gu)?.length ?? 1)
}

/** A capital, a digit or a letter without case; or a name such as fs-extra or readFile(), small first letter and all. */
function startsSentence(text: string): boolean {
  const word = /^[^\p{L}\p{N}]{0,4}([\p{L}\p{N}]\S{0,60})/u.exec(text)?.[1]
  return word !== undefined && (!/^\p{Ll}/u.test(word) || /^[^,;:]*[\p{Lu}\p{N}_./()@-]/u.test(word))
}

const boilerplate = [
  'permission is hereby granted',
  'without warranty',
  'warranties or conditions',
  'redistribution and use in source',
  'all rights reserved',
  'licensed under',
  'tidelift',
  'open collective',
  'all notable changes to',
  'code of conduct',
  'privacy policy',
  'terms of service',
  'terms of use',
  'cookie policy',
  'enable cookies',
  'we use cookies',
  'subscribe to our',
  'lorem ipsum',
]

function boilerplatePhrase(text: string): string | undefined {
  const lower = text.toLowerCase()
  return boilerplate.find((phrase) => lower.includes(phrase))
}

/** The share of a text's characters that stand in lines which end no sentence. */
function fragmentShare(text: string): number {
  let fragments = 0
  for (const line of text.split('\n')) if (!endsSentence(line)) fragments += line.length
  return fragments / text.length
}

function linkShare(text: string): number {
  let linked = 0
  for (const [address] of text.matchAll(/(?:https?:\/\/|www\.)\S+/gi)) linked += address.length
  return linked / text.length
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`
}
