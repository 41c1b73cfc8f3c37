/** What may stand around the thing that was asked for. */
export type Form = {
  /** A label before it, such as "Instruction:". */
  readonly label: RegExp
  /** A sentence before it that announces it. */
  readonly preamble: RegExp
  /** A paragraph after it that only talks. */
  readonly chatter: RegExp
  /** A line with which another part begins. */
  readonly end?: RegExp
}

/** Matches a label before a reply's matter, such as `Answer:` or `**Answer**:`; `names` are alternatives of a pattern. */
export function labelled(names: string): RegExp {
  return new RegExp(`^(?:\\*\\*|#{1,6} )?(?:${names})(?:(?:\\*\\*)? ?[:：](?:\\*\\*)?|(?<=^#.*)\\n)\\s*`, 'i')
}

/** Matches an announcement before it, such as `Sure! Here is the answer:`. */
export function announced(names: string): RegExp {
  const nod = '(?:(?:sure|certainly|of course|okay|absolutely)[!.,]? )?'
  return new RegExp(`^${nod}here(?:'s|’s| is) [^\\n:：]{0,60}\\b(?:${names})\\b[^\\n:：]{0,60}[:：]\\s*`, 'i')
}

/** The reply without code fence, announcement, label, list number, quotes and small talk around what was asked for. */
export function strip(reply: string, { label, preamble, chatter, end }: Form): string {
  let text = reply.replaceAll('\r\n', '\n').trim()
  if (end) text = text.replace(end, '')
  // Wrappings nest a few deep; the bound keeps a reply of labels alone from costing a pass for each.
  for (let before = '', depth = 0; before !== text && depth < 8; depth++) {
    before = text
    text = unquoted(unfenced(text))
      .replace(preamble, '')
      .replace(/^(?:sure|certainly|of course|absolutely)[!.]\s+/i, '')
      .replace(label, '')
      .trim()
    if (!nextItem.test(text)) text = text.replace(listItem, '')
    const last = text.lastIndexOf('\n\n')
    if (last > 0 && chatter.test(text.slice(last).trim())) text = text.slice(0, last).trim()
  }
  return text
}

/** The number or bullet of a list's item at the start of a text. */
export const listItem = /^(?:\d{1,2}[.)]|[-*•])\s+/
/** The same at the start of a later line. */
export const nextItem = /\n\s{0,8}(?:\d{1,2}[.)]|[-*•])\s/

function unfenced(text: string): string {
  const inside = /^```(?:text|txt|plaintext|markdown|md)?\n([\s\S]*)\n```$/i.exec(text)?.[1]
  return inside === undefined || inside.includes('```') ? text : inside.trim()
}

const quotes = ['""', "''", '“”', '‘’', '«»', '「」', '『』']

function unquoted(text: string): string {
  if (/^\*\*[^*]+\*\*$/.test(text)) return text.slice(2, -2).trim()
  const isQuoted = quotes.some(([open, close]) => text.length > 2 && text.startsWith(open!) && text.endsWith(close!))
  const inside = text.slice(1, -1)
  return isQuoted && !inside.includes(text[0]!) && !inside.includes(text.at(-1)!) ? inside.trim() : text
}

/** Whether a reply declines to answer, as its first 300 characters show. */
export function isRefusal(reply: string): boolean {
  const start = reply.slice(0, 300)
  return refusals.some((refusal) => refusal.test(start))
}

const refusals = [
  /\bas an? (?:ai|artificial intelligence|(?:large )?language model)(?: (?:language )?(?:model|assistant))?(?:,| i\b)/i,
  /^(?:i['’]m|i am) sorry\b|^sorry,|^i apologi[sz]e\b/i,
  /\bi (?:can(?:not|['’]t)|am (?:unable|not able) to) (?:fulfil|assist|comply|help (?:you|with)|(?:answer|provide|generate|determine) (?:that|the|this|what|your?)\b)/i,
  /作为(?:一个|一名)?(?:AI|人工智能|语言模型)|^(?:很抱歉|抱歉|对不起)/i,
]

/** A text in lower case, each run of white space one space. */
export function squeeze(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ').trim()
}

/** Whether any `length` characters in a row of `part` stand in `whole` too, white space and case aside. */
export function sharesRun(part: string, whole: string, length: number): boolean {
  const [from, into] = [squeeze(part), squeeze(whole)]
  for (let start = 0; start + length <= from.length; start++) {
    if (into.includes(from.slice(start, start + length))) return true
  }
  return false
}

/** Whether some phrase of up to 200 characters follows itself twice over, 60 characters or more, as small models do. */
export function isLooping(text: string): boolean {
  // Loops run until a reply ends or is cut, so the end shows them.
  const chars = squeeze(text).slice(-4000)
  for (let period = 2; period <= Math.min(200, chars.length / 3); period++) {
    for (let i = period, run = 0; i < chars.length; i++) {
      run = chars[i] === chars[i - period] ? run + 1 : 0
      if (run >= Math.max(60, 2 * period) && /\p{L}/u.test(chars.slice(i - period, i))) return true
    }
  }
  return false
}
