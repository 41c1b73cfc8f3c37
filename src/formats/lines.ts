import { isAscii, isUtf8, transcode } from 'node:buffer'
import { CorruptInputError } from '../stream/errors.js'
import { createBuffers } from './buffers.js'
import { readBlocks } from './files.js'
import { unpackBlocks } from './unpack.js'

/** A line without its newline, and its number in the file from 1. */
export type Line = { text: string; number: number }

const newline = 10
/** What nearly every line of JSON begins with. */
const openBrace = 0x7b

/**
 * The lines of a UTF-8 file or stdin, unpacked where it begins like gzip or zstd, one array for each block read. A byte order
 * mark at the start is left out, and so are blank lines. Throws a CorruptInputError naming the line that is not UTF-8.
 */
export async function* readLines(path: string, blockSize?: number, signal?: AbortSignal): AsyncGenerator<Line[]> {
  let number = 0
  let atStart = true
  let held: Uint8Array[] = []
  let heldBytes = 0
  const buffers = createBuffers()
  const cut = (bytes: Uint8Array): Line[] => {
    const start = atStart && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
    atStart = false
    const lines = cutLines(path, Buffer.from(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start), number)
    number = lines.end
    return lines.lines
  }
  for await (const block of unpackBlocks(path, readBlocks(path, { size: blockSize, signal, buffers }))) {
    const last = block.lastIndexOf(newline)
    if (last === -1) {
      held.push(block)
      heldBytes += block.length
      if (heldBytes > longestText) throw tooLong(path, number + 1)
      continue
    }
    heldBytes = 0
    // Cutting at a newline, never elsewhere, keeps a character's bytes together: no UTF-8 character contains one.
    const first = held.length === 0 ? -1 : block.indexOf(newline)
    const begun = first === -1 ? [] : cut(Buffer.concat([...held, block.subarray(0, first)]))
    const lines = first === last ? begun : begun.concat(cut(block.subarray(first + 1, last)))
    held = last + 1 < block.length ? [new Uint8Array(block.subarray(last + 1))] : []
    buffers.takeBack(block)
    if (lines.length > 0) yield lines
  }
  if (held.length > 0) {
    const lines = cut(Buffer.concat(held))
    if (lines.length > 0) yield lines
  }
}

function cutLines(path: string, bytes: Buffer, before: number): { lines: Line[]; end: number } {
  const lines: Line[] = []
  // Asked once of the whole block where that answers for every line.
  const ascii = isAscii(bytes)
  let number = before
  for (let start = 0; start <= bytes.length; ) {
    const found = bytes.indexOf(newline, start)
    const end = found === -1 ? bytes.length : found
    number++
    if (end - start > longestText) throw tooLong(path, number)
    const text = ascii ? bytes.toString('latin1', start, end) : decode(bytes.subarray(start, end))
    if (text === undefined) {
      throw new CorruptInputError(`${path}:${number}: the line is not UTF-8`, { fix: 'Convert the file to UTF-8.' })
    }
    if (!isBlank(text)) lines.push({ text, number })
    start = end + 1
  }
  return { lines, end: number }
}

/** V8 makes strings of four times this, and whoever needs even this much in a row has something else in mind. */
export const longestText = 128 << 20

function isBlank(text: string): boolean {
  return text.charCodeAt(0) !== openBrace && text.trim() === ''
}

/** UTF-8 as text, or undefined where it is not. By way of UTF-16 is a fifth cheaper than V8's own decoder. */
function decode(bytes: Buffer): string | undefined {
  if (isAscii(bytes)) return bytes.toString('latin1')
  return isUtf8(bytes) ? transcode(bytes, 'utf8', 'utf16le').toString('utf16le') : undefined
}

function tooLong(path: string, number: number): CorruptInputError {
  return new CorruptInputError(`${path}:${number}: the line is longer than 128 MiB`)
}
