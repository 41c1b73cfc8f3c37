import { type Block, fenceEnd, isListItem, markdownBlocks, openingFence } from './markdown-blocks.js'
import { type InlineText, inlineText } from './markdown-inline.js'
import { splitSentences } from './words.js'

/** A piece of a Markdown text: its headings from the outermost in, as plain words, and its body as Markdown. */
export type Section = { heading: string[]; text: string }

/**
 * Cuts Markdown at its headings, `# ATX` and underlined ones, but not at what only looks like one inside code, quotes,
 * lists, HTML or comments. Front matter is dropped, and so are sections without a body, whose headings live on in the
 * paths of the sections below them. What stands before the first heading has an empty path.
 */
export function cutSections(markdown: string): Section[] {
  const lines = splitLines(markdown)
  const sections: Section[] = []
  const path: { level: number; words: string }[] = []
  let bodyStart = 0
  const close = (bodyEnd: number) => {
    const text = trimBlankLines(lines.slice(bodyStart, bodyEnd))
    if (text !== '') sections.push({ heading: path.map(({ words }) => words), text })
  }
  for (const block of markdownBlocks(lines)) {
    if (block.kind === 'front matter') bodyStart = block.end
    if (block.kind !== 'heading') continue
    close(block.start)
    bodyStart = block.end
    while (path.length > 0 && path.at(-1)!.level >= block.level!) path.pop()
    path.push({ level: block.level!, words: headingWords(lines, block) })
  }
  close(lines.length)
  return sections
}

/**
 * The prose of a Markdown section as plain text: paragraphs, quotes and list items with soft line breaks joined and a
 * blank line between blocks. Code blocks, tables, lists that only link elsewhere, images, HTML and headings are left
 * out, and so is a sentence that ends in a colon only to introduce what was left out. Takes time linear in the text.
 */
export function plainProse(markdown: string): string {
  const lines = splitLines(markdown)
  const blocks = markdownBlocks(lines)
    .filter(({ kind }) => kind !== 'comment' && kind !== 'rule')
    .map((block) => blockText(lines, block))
  return blocks
    .map((text, i) => (text.endsWith(':') && !blocks[i + 1] ? withoutLastSentence(text) : text))
    .filter((text) => text !== '')
    .join('\n\n')
}

/** A text less the sentence that ends it, and less the list mark that alone would be left of its line. */
function withoutLastSentence(text: string): string {
  const lastLine = text.slice(text.lastIndexOf('\n') + 1)
  const rest = lastLine.slice(0, lastLine.length - splitSentences(lastLine).at(-1)!.length).trimEnd()
  const isMark = /^(?:-|\d+[.)])?$/.test(rest)
  return `${text.slice(0, text.length - lastLine.length)}${isMark ? '' : rest}`.trimEnd()
}

function blockText(lines: readonly string[], { kind, start, end }: Block): string {
  const own = lines.slice(start, end)
  if (kind === 'paragraph') return paragraphText(own)
  if (kind === 'html') return paragraphText(own.filter((line) => !/<\/?h[1-6]\b/i.test(line)))
  if (kind === 'quote') return quoteText(own)
  if (kind === 'list') return listText(own)
  return ''
}

function paragraphText(lines: readonly string[]): string {
  const prose = lines.filter((line) => !isReferenceDefinition(line))
  const { text, linked } = inlineText(joinLines(prose))
  return isOnlyLinks({ text, linked }) ? '' : tidy(text)
}

function quoteText(lines: readonly string[]): string {
  // Every level of marks goes at once, so that the text inside holds no quote and this recursion ends.
  const inside = lines.map((line) => line.replace(/^(?: {0,3}> ?)+/, ''))
  if (/^\[!\w+\]\s*$/.test(inside[0]!)) inside.shift()
  return plainProse(inside.join('\n'))
}

/** A line an item, with its mark; empty where more than half of the items are links and nothing else. */
function listText(lines: readonly string[]): string {
  const items: string[][] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!
    const fence = openingFence(line)
    if (fence !== undefined) at = fenceEnd(lines, at, fence) - 1
    else if (isListItem(line)) items.push([line.trim()])
    else if (line.trim() !== '') items.at(-1)!.push(line.trim())
  }
  const read = items.map(itemText)
  const links = read.filter(({ isLink }) => isLink).length
  if (links * 2 > read.length) return ''
  return read
    .map(({ text }) => text)
    .filter((text) => text !== '')
    .join('\n')
}

function itemText(lines: readonly string[]): { text: string; isLink: boolean } {
  const [mark] = /^\S+/.exec(lines[0]!)!
  const words = lines[0]!.slice(mark.length).replace(/^\s+\[[ xX]\]\s/, '')
  const inline = inlineText(joinLines([words, ...lines.slice(1)]))
  const text = tidy(inline.text)
  const bullet = /\d/.test(mark) ? mark : '-'
  return { text: text === '' ? '' : `${bullet} ${text.replaceAll('\n', ' ')}`, isLink: isOnlyLinks(inline) }
}

function headingWords(lines: readonly string[], { start, end }: Block): string {
  const source = lines[start]!.trimStart()
  if (end - start > 1 || !source.startsWith('#')) return tidy(inlineText(joinLines(lines.slice(start, end - 1))).text)
  const words = source.replace(/^#+/, '').trim()
  let close = words.length
  while (close > 0 && words[close - 1] === '#') close--
  // A closing row of "#" stands free: "C#" keeps its own.
  const isClosing = close === 0 || /\s/.test(words[close - 1]!)
  return tidy(inlineText(isClosing ? words.slice(0, close) : words).text)
}

/** Soft-wrapped lines as one; a line that ends in two spaces or a backslash keeps its break. */
function joinLines(lines: readonly string[]): string {
  let joined = ''
  for (const [i, line] of lines.entries()) {
    const words = line.trim()
    if (i === 0) joined = words
    else joined += `${lineBreak(lines[i - 1]!, words)}${words}`
  }
  return joined
}

const cjk = /[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uff60]/

function lineBreak(before: string, after: string): string {
  if (before.endsWith('  ') || before.endsWith('\\')) return '\n'
  return cjk.test(before.trimEnd().at(-1) ?? '') && cjk.test(after[0] ?? '') ? '' : ' '
}

function isReferenceDefinition(line: string): boolean {
  return /^ {0,3}\[[^[\]]+\]:/.test(line)
}

function isOnlyLinks({ text, linked }: InlineText): boolean {
  if (linked === 0) return false
  const letters = text.match(/[\p{L}\p{N}]/gu)?.length ?? 0
  return linked >= letters
}

/** Runs of blanks as one, lines trimmed, empty ones gone. */
function tidy(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      line
        .split(/[ \t\u00a0]+/)
        .join(' ')
        .trim(),
    )
    .filter((line) => line !== '')
    .join('\n')
}

function splitLines(text: string): string[] {
  return text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)
}

function trimBlankLines(lines: readonly string[]): string {
  let start = 0
  let end = lines.length
  while (start < end && lines[start]!.trim() === '') start++
  while (end > start && lines[end - 1]!.trim() === '') end--
  return lines.slice(start, end).join('\n')
}
