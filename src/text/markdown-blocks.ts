/** A block of a Markdown text: its kind and the lines it takes, `end` excluded. */
export type Block = {
  kind: 'front matter' | 'heading' | 'paragraph' | 'list' | 'quote' | 'table' | 'code' | 'html' | 'comment' | 'rule'
  start: number
  end: number
  /** 1 to 6, of a heading. */
  level?: number
}

/**
 * Finds the blocks of a Markdown text, given as lines, in order and without gaps but for blank lines: CommonMark's
 * blocks of the first level, GitHub's tables, and YAML or TOML front matter. Takes time linear in the text.
 */
export function markdownBlocks(lines: readonly string[]): Block[] {
  const blocks: Block[] = []
  // Past this line a comment that opens within a paragraph never closes: it is no comment then.
  const lastCommentEnd = lines.findLastIndex((line) => line.includes('-->'))
  let at = 0
  while (at < lines.length) {
    if (isBlank(lines[at]!)) {
      at++
      continue
    }
    const block = blockAt(lines, at, lastCommentEnd)
    blocks.push(block)
    at = block.end
  }
  return blocks
}

function blockAt(lines: readonly string[], start: number, lastCommentEnd: number): Block {
  const line = lines[start]!
  if (start === 0) {
    const end = frontMatterEnd(lines)
    if (end > 0) return { kind: 'front matter', start, end }
  }
  if (indentOf(line) >= 4) return { kind: 'code', start, end: indentedEnd(lines, start) }
  const fence = openingFence(line)
  if (fence !== undefined) return { kind: 'code', start, end: fenceEnd(lines, start, fence) }
  const level = atxLevel(line)
  if (level > 0) return { kind: 'heading', start, end: start + 1, level }
  if (isRule(line)) return { kind: 'rule', start, end: start + 1 }
  const text = line.trimStart()
  if (text.startsWith('<')) {
    const html = htmlBlockAt(lines, start, text)
    if (html !== undefined) return html
  }
  if (text.startsWith('>')) return { kind: 'quote', start, end: untilInterrupted(lines, start, '>') }
  if (isListItem(line)) return { kind: 'list', start, end: listEnd(lines, start) }
  if (isTableAt(lines, start)) return { kind: 'table', start, end: untilInterrupted(lines, start + 1, '|') }
  return paragraphAt(lines, start, lastCommentEnd)
}

function paragraphAt(lines: readonly string[], start: number, lastCommentEnd: number): Block {
  let at = start + 1
  let inComment = start < lastCommentEnd && leavesCommentOpen(lines[start]!, false)
  for (; at < lines.length; at++) {
    const line = lines[at]!
    // Within a comment neither a blank line nor a heading ends anything.
    if (!inComment) {
      if (isBlank(line)) break
      const level = setextLevel(line)
      if (level > 0) return { kind: 'heading', start, end: at + 1, level }
      if (interruptsParagraph(line) || isTableAt(lines, at)) break
    }
    inComment = at < lastCommentEnd && leavesCommentOpen(line, inComment)
  }
  return { kind: 'paragraph', start, end: at }
}

function interruptsParagraph(line: string): boolean {
  if (indentOf(line) >= 4) return false
  if (openingFence(line) !== undefined || atxLevel(line) > 0 || isRule(line)) return true
  const text = line.trimStart()
  if (text.startsWith('>')) return true
  if (text.startsWith('<')) return rawTag.test(text) || blockTag.test(text) || text.startsWith('<!--')
  // As CommonMark has it, only a list that starts at 1 ends a paragraph: a line may begin with "1999."
  return isListItem(line) && !/^(?!1[.)])\d/.test(text)
}

/** One past the closing line of front matter at the very top, or 0 where there is none. */
function frontMatterEnd(lines: readonly string[]): number {
  const mark = lines[0]!.trimEnd()
  if (mark !== '---' && mark !== '+++') return 0
  // Front matter begins with a key at once; a rule is followed by a blank line or by prose.
  if (!/^(?:#|[\w"'-]+[ \t]*[:=])/.test(lines[1] ?? '')) return 0
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at]!.trimEnd()
    if (line === mark || (mark === '---' && line === '...')) return at + 1
  }
  return 0
}

type Fence = { mark: string; length: number }

/** The code fence that a line opens, however far it is indented, or `undefined`. */
export function openingFence(line: string): Fence | undefined {
  const text = line.trimStart()
  const mark = text[0]
  if (mark !== '`' && mark !== '~') return undefined
  let length = 1
  while (text[length] === mark) length++
  if (length < 3 || (mark === '`' && text.includes('`', length))) return undefined
  return { mark, length }
}

/** One past the line that closes a fence opened at `start`; the end of the lines where none does. */
export function fenceEnd(lines: readonly string[], start: number, { mark, length }: Fence): number {
  for (let at = start + 1; at < lines.length; at++) {
    const text = lines[at]!.trim()
    if (text.length >= length && text[0] === mark && text === mark.repeat(text.length)) return at + 1
  }
  return lines.length
}

function indentedEnd(lines: readonly string[], start: number): number {
  let at = start
  while (at < lines.length && (isBlank(lines[at]!) || indentOf(lines[at]!) >= 4)) at++
  return at
}

/** A list goes on over blank lines while what follows is another item or indented, and over whatever its fences hold. */
function listEnd(lines: readonly string[], start: number): number {
  let at = start
  let afterBlank = false
  while (at < lines.length) {
    const line = lines[at]!
    const fence = openingFence(line)
    if (isBlank(line)) afterBlank = true
    else {
      const inside = at === start || indentOf(line) >= 2 || (isListItem(line) && !isRule(line))
      if (!inside && (afterBlank || interruptsParagraph(line))) break
      if (fence !== undefined && inside) {
        at = fenceEnd(lines, at, fence) - 1
      }
      afterBlank = false
    }
    at++
  }
  return at
}

const rawTag = /^<(pre|script|style|textarea)(?=[\s>]|$)/i
const blockTag =
  /^<\/?(?:address|article|aside|body|blockquote|br|center|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|iframe|img|li|link|main|menu|nav|ol|p|picture|section|source|summary|table|tbody|td|tfoot|th|thead|title|tr|ul|video)(?=[\s/>]|$)/i

function htmlBlockAt(lines: readonly string[], start: number, text: string): Block | undefined {
  if (text.startsWith('<!--')) {
    const end = lineWith(lines, start, '-->')
    // What follows on the closing line may be prose: then it is a paragraph like any other.
    return lines[end - 1]!.trimEnd().endsWith('-->') || end === lines.length
      ? { kind: 'comment', start, end }
      : undefined
  }
  const raw = rawTag.exec(text)?.[1]
  if (raw !== undefined) return { kind: 'code', start, end: lineWith(lines, start, `</${raw.toLowerCase()}`) }
  return blockTag.test(text) ? { kind: 'html', start, end: untilBlank(lines, start) } : undefined
}

function lineWith(lines: readonly string[], start: number, mark: string): number {
  for (let at = start; at < lines.length; at++) if (lines[at]!.toLowerCase().includes(mark)) return at + 1
  return lines.length
}

function untilBlank(lines: readonly string[], start: number): number {
  let at = start + 1
  while (at < lines.length && !isBlank(lines[at]!)) at++
  return at
}

/** Up to a blank line or one that begins another block; lines that begin with the block's own mark belong to it. */
function untilInterrupted(lines: readonly string[], start: number, ownMark: string): number {
  let at = start + 1
  while (at < lines.length && !isBlank(lines[at]!)) {
    if (!lines[at]!.trimStart().startsWith(ownMark) && interruptsParagraph(lines[at]!)) break
    at++
  }
  return at
}

/** Whether a comment is open after this line. */
function leavesCommentOpen(line: string, openBefore: boolean): boolean {
  const opened = line.lastIndexOf('<!--')
  if (opened === -1) return openBefore && !line.includes('-->')
  // A comment's opening mark in inline code is only spoken of.
  if (!openBefore && line[opened - 1] === '`') return false
  return !line.includes('-->', opened)
}

/** 1 to 6 for a line such as "## Usage", else 0. */
function atxLevel(line: string): number {
  const text = line.trimStart()
  if (line.length - text.length > 3 || text[0] !== '#') return 0
  let level = 1
  while (text[level] === '#') level++
  return level <= 6 && (level === text.length || text[level] === ' ' || text[level] === '\t') ? level : 0
}

/** 1 for a line of "=", 2 for one of "-", else 0. */
function setextLevel(line: string): number {
  const text = line.trim()
  if (indentOf(line) > 3 || text === '') return 0
  if (text === '='.repeat(text.length)) return 1
  return text === '-'.repeat(text.length) ? 2 : 0
}

function isRule(line: string): boolean {
  const mark = line.trimStart()[0]
  if (indentOf(line) > 3 || (mark !== '-' && mark !== '*' && mark !== '_')) return false
  let marks = 0
  for (const char of line) {
    if (char === mark) marks++
    else if (char !== ' ' && char !== '\t') return false
  }
  return marks >= 3
}

/** Whether a line begins a list item, at any indent. */
export function isListItem(line: string): boolean {
  return /^(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/.test(line.trimStart())
}

function isTableAt(lines: readonly string[], at: number): boolean {
  const under = lines[at + 1]
  return lines[at]!.includes('|') && under?.includes('-') && /^[ \t|:-]+$/.test(under)
}

function indentOf(line: string): number {
  let columns = 0
  for (let i = 0; i < line.length; i++) {
    if (line[i] === ' ') columns++
    else if (line[i] === '\t') columns += 4 - (columns % 4)
    else break
  }
  return columns
}

function isBlank(line: string): boolean {
  return line.trim() === ''
}
