/** The words of a run of inline Markdown, and how many of their characters were the labels of links. */
export type InlineText = { text: string; linked: number }

/**
 * Reads inline Markdown as a person would read the page: images, HTML tags, comments and footnote marks are gone,
 * links are their words, code and emphasis lose their marks, escapes and common entities become their characters.
 * One pass over the text; a mark that nothing closes stays as it stands.
 */
export function inlineText(source: string): InlineText {
  if (nextMark(source, 0) === source.length) return { text: source, linked: 0 }
  const page: Page = {
    text: source,
    out: [],
    linked: 0,
    brackets: [],
    emphasis: new Map(),
    codeEnds: codeSpans(source),
    closing: matchingParentheses(source),
    anchorAt: -1,
    lastCommentEnd: source.lastIndexOf('-->'),
  }
  let at = 0
  while (at < source.length) {
    const mark = nextMark(source, at)
    if (mark > at) page.out.push(source.slice(at, mark))
    at = mark < source.length ? readMark(page, mark) : mark
  }
  return { text: page.out.join(''), linked: page.linked }
}

type Page = {
  readonly text: string
  /** What is read so far, in pieces, so that a mark can be taken back once its other half is found. */
  readonly out: string[]
  linked: number
  brackets: Bracket[]
  /** For each run of emphasis marks, where in `out` the latest ones still open stand. */
  readonly emphasis: Map<string, number[]>
  readonly codeEnds: Map<number, number>
  readonly closing: Int32Array
  /** Where in `out` the words of an open `<a>` begin, or -1. */
  anchorAt: number
  readonly lastCommentEnd: number
}
type Bracket = { image: boolean; outAt: number; sourceAt: number }

/** Reads the mark at `at` and answers where to go on. */
function readMark(page: Page, at: number): number {
  switch (page.text[at]) {
    case '\\':
      return escaped(page, at)
    case '`':
      return code(page, at)
    case '<':
      return tag(page, at)
    case '&':
      return entity(page, at)
    case '[':
    case '!':
      return openBracket(page, at)
    case ']':
      return closeBracket(page, at)
    default:
      return emphasise(page, at)
  }
}

const markChars = new Set('\\`<&[]!*_~')

function nextMark(text: string, from: number): number {
  let at = from
  while (at < text.length && !markChars.has(text[at]!)) at++
  return at
}

function escaped({ text, out }: Page, at: number): number {
  const next = text[at + 1] ?? ''
  if (/[!-/:-@[-`{-~]/.test(next)) {
    out.push(next)
    return at + 2
  }
  // A backslash at the end of a line is a hard break, which the line end already is.
  if (next !== '\n') out.push('\\')
  return at + 1
}

/** For the start of each code span, where the run of back-ticks that closes it begins. */
function codeSpans(text: string): Map<number, number> {
  const runs = Array.from(text.matchAll(/`+/g), ({ index, 0: run }) => ({ index, length: run.length }))
  const nextOfLength = new Map<number, number>()
  const ends = new Map<number, number>()
  for (const { index, length } of runs.reverse()) {
    const end = nextOfLength.get(length)
    if (end !== undefined) ends.set(index, end)
    nextOfLength.set(length, index)
  }
  return ends
}

function code({ text, out, codeEnds }: Page, at: number): number {
  let length = 1
  while (text[at + length] === '`') length++
  const end = codeEnds.get(at)
  if (end === undefined) {
    out.push(text.slice(at, at + length))
    return at + length
  }
  const inside = text.slice(at + length, end)
  out.push(inside.startsWith(' ') && inside.endsWith(' ') ? inside.trim() : inside)
  return end + length
}

const tagNames = new Set(
  `a abbr address article aside audio b bdi bdo big blockquote body br button caption center cite code col dd del details
  dfn dialog div dl dt em embed fieldset figcaption figure font footer form g h1 h2 h3 h4 h5 h6 head header hr html i
  iframe img input ins kbd label li link main map mark menu meta nav object ol option p path picture pre q rp rt ruby s
  samp section select small source span strike strong style sub summary sup svg table tbody td tfoot th thead time
  title tr tt u ul var video wbr`.split(/\s+/),
)

// No "<" inside, so that a row of opening marks without an end is read once and not once a mark.
const tagAt = /<\/?([a-z][a-z0-9-]*)(?:[\s/][^<>]*)?>/iy
const autolinkAt = /<((?:https?:\/\/|mailto:)[^\s<>]*|[^\s<>@]+@[^\s<>@]+)>/iy

function tag(page: Page, at: number): number {
  const { text, out } = page
  if (at < page.lastCommentEnd && text.startsWith('<!--', at)) return text.indexOf('-->', at) + 3
  tagAt.lastIndex = at
  const found = tagAt.exec(text)
  const name = found?.[1]?.toLowerCase() ?? ''
  if (tagNames.has(name) || name.includes('-')) {
    if (name === 'a') anchor(page, text[at + 1] === '/')
    else if (/^(?:br|hr|p|li|tr|div|dd|dt)$/.test(name)) out.push('\n')
    else if (/^t[dh]$/.test(name)) out.push(' ')
    return at + found![0].length
  }
  autolinkAt.lastIndex = at
  const address = autolinkAt.exec(text)?.[1]
  out.push(address === undefined ? '<' : address)
  return address === undefined ? at + 1 : at + address.length + 2
}

function anchor(page: Page, isEnd: boolean): void {
  if (isEnd && page.anchorAt >= 0) countLinked(page, page.anchorAt)
  page.anchorAt = isEnd ? -1 : page.out.length
}

/** What is counted is not counted again: links do not nest, neither Markdown's nor HTML's. */
function countLinked(page: Page, from: number): void {
  for (let i = from; i < page.out.length; i++) page.linked += page.out[i]!.trim().length
}

const entities: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  copy: '©',
  reg: '®',
  trade: '™',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  rarr: '→',
  larr: '←',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
}
const entityAt = /&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]{2,6}));/iy

function entity({ text, out }: Page, at: number): number {
  entityAt.lastIndex = at
  const found = entityAt.exec(text)
  const number = found?.[1] === undefined ? Number(found?.[2]) : Number.parseInt(found[1], 16)
  const isPoint = number > 0 && number <= 0x10ffff && (number < 0xd800 || number > 0xdfff)
  const char = isPoint ? String.fromCodePoint(number) : entities[found?.[3] ?? '']
  out.push(char ?? '&')
  return char === undefined ? at + 1 : entityAt.lastIndex
}

function openBracket({ text, out, brackets }: Page, at: number): number {
  const image = text[at] === '!'
  if (image && text[at + 1] !== '[') {
    out.push('!')
    return at + 1
  }
  const length = image ? 2 : 1
  brackets.push({ image, outAt: out.length, sourceAt: at })
  out.push(text.slice(at, at + length))
  return at + length
}

/** Ends a link or an image where `](…)` or `][…]` does, and unwraps `[words]` that stand free, as references do. */
function closeBracket(page: Page, at: number): number {
  const { text, out, closing } = page
  const opened = page.brackets.pop()
  if (opened === undefined) {
    out.push(']')
    return at + 1
  }
  const end = targetEnd(text, at + 1, closing)
  const isLink = end > at + 1
  const label = text.slice(opened.sourceAt + 1, Math.min(at, opened.sourceAt + 3))
  if (opened.image ? isLink : label.startsWith('^')) {
    takeBack(page, opened.outAt)
    return end
  }
  const isFree = !/[\p{L}\p{N}_\])]/u.test(text[opened.sourceAt - 1] ?? '') && /^[\p{L}`]/u.test(label)
  if (!isLink && (opened.image || !isFree)) {
    out.push(']')
    return end
  }
  out[opened.outAt] = ''
  if (isLink) {
    countLinked(page, opened.outAt)
    // A link holds no link: brackets that opened before it are only brackets.
    page.brackets = []
  }
  return end
}

function takeBack({ out, emphasis }: Page, length: number): void {
  out.length = length
  for (const [run, open] of emphasis) {
    const left = open.filter((outAt) => outAt < length)
    if (left.length < open.length) emphasis.set(run, left)
  }
}

/** One past `(…)` or `[…]` that begins at `at`, or `at` where neither does. */
function targetEnd(text: string, at: number, closing: Int32Array): number {
  if (text[at] === '(' && closing[at]! > 0) return closing[at]! + 1
  if (text[at] !== '[') return at
  referenceAt.lastIndex = at
  return referenceAt.test(text) ? referenceAt.lastIndex : at
}

// Bounded, or a row of "[a][" would be searched to its end from every "[".
const referenceAt = /\[[^[\]]{0,200}\]/y

/** For each "(" the index of the ")" that closes it, else 0. */
function matchingParentheses(text: string): Int32Array {
  const closing = new Int32Array(text.length)
  const open: number[] = []
  for (let at = text.indexOf('('); at !== -1 && at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === 0x5c) at++
    else if (char === 0x28) open.push(at)
    else if (char === 0x29 && open.length > 0) closing[open.pop()!] = at
  }
  return closing
}

/** Takes away a pair of equal runs of `*`, `_` or `~~` where the first clings to what follows, the second to what precedes. */
function emphasise({ text, out, emphasis }: Page, at: number): number {
  let end = at + 1
  while (text[end] === text[at]) end++
  const run = text.slice(at, end)
  const before = text[at - 1] ?? ' '
  const after = text[end] ?? ' '
  const inWord = text[at] === '_' && /[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]/u.test(after)
  const isMark = run.length <= 3 && run !== '~' && !inWord
  const waiting = emphasis.get(run) ?? []
  if (isMark && /\S/.test(before) && waiting.length > 0) {
    out[waiting.pop()!] = ''
    return end
  }
  if (isMark && /\S/.test(after)) emphasis.set(run, [...waiting.slice(-8), out.length])
  out.push(run)
  return end
}
