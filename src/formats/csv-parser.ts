import { isUtf8 } from 'node:buffer'
import { longestText } from './lines.js'
import { utf8 } from './values.js'

/** A record's fields, and the line of the file it begins on. A field that is empty and not quoted is null. */
export type CsvRecord = { fields: (string | null)[]; line: number }

const [quote, newline, carriageReturn] = [0x22, 0x0a, 0x0d]

const doubledQuote = Buffer.from('""')

/** What a field has been up to now: nothing yet, plain, inside quotes, or behind the quote that may close it. */
type State = 'start' | 'plain' | 'quoted' | 'closing'

/** Anything a CSV file has wrong, with the line. */
export class CsvError extends Error {
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/**
 * Cuts CSV (RFC 4180) into records, from blocks that may end at any byte. Records end at LF, CRLF or CR; quotes are
 * doubled inside quotes and mean themselves inside a plain field; a line with nothing on it is no record. `push` and
 * `end` throw a {@link CsvError}.
 */
export function csvParser(delimiter: number): { push(block: Uint8Array): CsvRecord[]; end(): CsvRecord[] } {
  let state: State = 'start'
  let line = 1
  let recordLine = 1
  let fields: (string | null)[] = []
  /** Pieces of the field that earlier blocks brought, quotes still doubled. */
  let pieces: Uint8Array[] = []
  let pieceBytes = 0
  let wasQuoted = false
  let isDoubled = false
  let afterReturn = false
  let records: CsvRecord[] = []

  const keep = (piece: Uint8Array) => {
    if (piece.length === 0) return
    pieces.push(piece)
    pieceBytes += piece.length
    if (pieceBytes > longestText)
      throw new CsvError(recordLine, 'a field is longer than 128 MiB; is a quote left open?')
  }
  const closeField = (block: Uint8Array, start: number, end: number) => {
    let [bytes, from, to] = [block, start, end]
    if (pieces.length > 0) {
      bytes = Buffer.concat([...pieces, block.subarray(start, end)])
      from = 0
      to = bytes.length
      pieces = []
      pieceBytes = 0
    }
    const raw = utf8(bytes, from, to)
    const text = isDoubled ? raw.replaceAll('""', '"') : raw
    // Only bytes that are no UTF-8 give this character, or the character itself.
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(from, to))) throw new CsvError(recordLine, 'not UTF-8')
    fields.push(text === '' && !wasQuoted ? null : text)
    wasQuoted = false
    isDoubled = false
    state = 'start'
  }
  const closeRecord = () => {
    const isBlank = fields.length === 1 && fields[0] === null
    if (!isBlank) records.push({ fields, line: recordLine })
    fields = []
    recordLine = line
  }
  const isEnd = (byte: number) => byte === delimiter || byte === newline || byte === carriageReturn
  /** Takes the byte that ends a field. */
  const after = (byte: number) => {
    if (byte === delimiter) return
    line++
    closeRecord()
    afterReturn = byte === carriageReturn
  }

  /** Takes what is left of a quoted field, from `start`; answers where it stopped. */
  const insideQuotes = (bytes: Buffer, start: number): number => {
    for (let from = start; ; ) {
      const found = bytes.indexOf(quote, from)
      const end = found === -1 ? bytes.length : found
      countLines(bytes, from, end)
      if (end + 1 >= bytes.length) {
        keep(bytes.subarray(start, end))
        if (found !== -1) state = 'closing'
        return bytes.length
      }
      const next = bytes[end + 1]!
      if (next === quote) {
        isDoubled = true
        from = end + 2
      } else if (isEnd(next)) {
        closeField(bytes, start, end)
        after(next)
        return end + 2
      } else {
        keep(bytes.subarray(start, end))
        state = 'closing'
        return end + 1
      }
    }
  }
  let nextLine = -1
  const countLines = (bytes: Buffer, from: number, to: number) => {
    for (let at = from; ; at = nextLine + 1) {
      // Looked for once, however many fields stand before it.
      if (nextLine < at) nextLine = bytes.indexOf(newline, at)
      if (nextLine === -1) nextLine = bytes.length
      if (nextLine >= to) return
      line++
    }
  }

  const push = (block: Uint8Array): CsvRecord[] => {
    const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
    nextLine = -1
    let at = 0
    while (at < bytes.length) {
      const byte = bytes[at]!
      if (afterReturn) {
        afterReturn = false
        if (byte === newline) {
          at++
          continue
        }
      }
      if (state === 'start' && byte === quote) {
        state = 'quoted'
        wasQuoted = true
        at++
      } else if (state === 'start' || state === 'plain') {
        let end = at
        while (end < bytes.length && !isEnd(bytes[end]!)) end++
        if (end === bytes.length) {
          keep(bytes.subarray(at))
          state = 'plain'
          break
        }
        closeField(bytes, at, end)
        after(bytes[end]!)
        at = end + 1
      } else if (state === 'quoted') {
        at = insideQuotes(bytes, at)
      } else if (byte === quote) {
        keep(doubledQuote)
        isDoubled = true
        state = 'quoted'
        at++
      } else if (isEnd(byte)) {
        closeField(bytes, at, at)
        after(byte)
        at++
      } else {
        throw new CsvError(
          line,
          `\`${utf8(bytes, at, at + 1)}\` after the end of a quoted field; a quote inside one is doubled`,
        )
      }
    }
    return taken()
  }
  const taken = () => {
    const done = records
    records = []
    return done
  }
  const end = (): CsvRecord[] => {
    if (state === 'quoted') throw new CsvError(recordLine, 'a quoted field that begins in this record has no end')
    if (state !== 'start' || fields.length > 0) {
      closeField(Buffer.alloc(0), 0, 0)
      closeRecord()
    }
    return taken()
  }
  return { push, end }
}
