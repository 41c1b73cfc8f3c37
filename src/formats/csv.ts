import { batch } from '../stream/batch.js'
import { CorruptInputError, UsageError } from '../stream/errors.js'
import type { Batches, Sink } from '../stream/types.js'
import { cellReader } from './cell.js'
import { columnsToRead } from './columns.js'
import { type CsvRecord, csvParser } from './csv-parser.js'
import { readBlocks } from './files.js'
import { jsonValue } from './json-values.js'
import { writeText } from './text-output.js'
import type { Columns, Format, ReadOptions, Schema, WriteOptions, Written } from './types.js'
import { unpackBlocks } from './unpack.js'

/**
 * CSV and TSV with a header line. Every cell is a string, and null where nothing stands, not even quotes. The delimiter is
 * whichever of comma, tab, semicolon and bar the header has most of. Packed files are told by their bytes.
 */
export const csv: Format = {
  name: 'csv',
  extensions: ['.csv', '.csv.gz', '.csv.zst', '.tsv', '.tsv.gz', '.tsv.zst'],
  streams: true,
  read: (path, options) => batch<Columns>()(readCsv(path, options)),
  async describe(path, { signal } = {}) {
    if (path === '-') throw new UsageError('Cannot describe stdin: it can be read only once')
    for await (const records of readRecords(path, undefined, signal)) {
      const schema: Schema = Object.fromEntries(headerOf(path, records[0]!).map((name) => [name, 'string']))
      return { columns: Object.keys(schema).map((name) => ({ name, type: 'string' })), schema }
    }
    return { rows: 0, columns: [], schema: {} }
  },
  write: writeCsv,
}

async function* readCsv(path: string, options: ReadOptions = {}): Batches<Columns> {
  const { rows, signal } = options
  const { start, end } = rows ?? { start: 0, end: Number.POSITIVE_INFINITY }
  let header: string[] | undefined
  let wanted: [name: string, index: number][] = []
  let row = 0
  for await (const records of readRecords(path, undefined, signal)) {
    signal?.throwIfAborted()
    if (header === undefined) {
      header = headerOf(path, records.shift()!)
      const places = new Map(header.map((name, index) => [name, index]))
      wanted = columnsToRead(path, options, header).map((name) => [name, places.get(name)!])
    }
    if (row >= end) return
    const found: Columns[] = []
    for (const { fields, line } of records) {
      if (fields.length !== header.length) {
        throw new CorruptInputError(`${path}:${line}: ${fields.length} fields, and the header has ${header.length}`, {
          fix: 'A field with the delimiter or a newline in it needs quotes around it.',
        })
      }
      const at = row++
      if (at < start || at >= end) continue
      const cells: Columns = {}
      for (const [name, index] of wanted) cells[name] = fields[index]
      found.push(cells)
    }
    if (found.length > 0) yield found
  }
}

/** The records of a file, its header the first, one array for each block read. */
export async function* readRecords(
  path: string,
  blockSize?: number,
  signal?: AbortSignal,
): AsyncGenerator<CsvRecord[]> {
  let parser: ReturnType<typeof csvParser> | undefined
  let head: Uint8Array = new Uint8Array()
  try {
    for await (const block of unpackBlocks(path, readBlocks(path, { size: blockSize, signal }))) {
      let records: CsvRecord[]
      if (parser === undefined) {
        // The delimiter is told by the whole header, which a block may end within.
        head = head.length === 0 ? block : Buffer.concat([head, block])
        if (head.length < 1 << 20 && !head.includes(10) && !head.includes(13)) continue
        parser = csvParser(delimiterOf(head))
        records = parser.push(withoutMark(head))
      } else records = parser.push(block)
      if (records.length > 0) yield records
    }
    parser ??= csvParser(delimiterOf(head))
    const records =
      head.length < 1 << 20 && !head.includes(10) && !head.includes(13) ? parser.push(withoutMark(head)) : []
    records.push(...parser.end())
    if (records.length > 0) yield records
  } catch (error) {
    if (!(error instanceof Error && 'line' in error)) throw error
    throw new CorruptInputError(`${path}:${error.line}: ${error.message}`, { cause: error })
  }
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}

/** The delimiter that the first line has most of outside quotes, a comma where it has none. */
function delimiterOf(head: Uint8Array): number {
  const delimiters = [0x2c, 0x09, 0x3b, 0x7c]
  const counts = new Map(delimiters.map((each) => [each, 0]))
  let inQuotes = false
  for (const byte of head) {
    if (byte === 0x22) inQuotes = !inQuotes
    else if (!inQuotes && (byte === 10 || byte === 13)) break
    else if (!inQuotes && counts.has(byte)) counts.set(byte, counts.get(byte)! + 1)
  }
  return delimiters.reduce((best, each) => (counts.get(each)! > counts.get(best)! ? each : best))
}

function headerOf(path: string, { fields }: CsvRecord): string[] {
  const names = fields.map((name, index) => (name === null || name === '' ? `column_${index + 1}` : name))
  const seen = new Set<string>()
  const twice = names.find((name) => seen.size === seen.add(name).size)
  if (twice !== undefined) throw new CorruptInputError(`${path}: its header names \`${twice}\` twice`)
  if (names.includes('__proto__')) throw new CorruptInputError(`${path}: no column can be called \`__proto__\``)
  return names
}

/**
 * Writes a header and a record a row, ended by LF: a null as nothing (but `""` where it is the only column), an empty string
 * as `""`, lists and structs as JSON,
 * bytes as base64. With `escapeFormulas` a text that a spreadsheet would run gets a `'` in front (OWASP, CSV injection).
 */
function writeCsv(path: string, options: WriteOptions = {}): Sink<Columns, Written> {
  const { schema, escapeFormulas = false } = options
  const delimiter = /\.tsv(\.gz|\.zst)?$/.test(path) ? '\t' : ','
  const layout = () => {
    let names = schema && Object.keys(schema)
    let known = new Set<string>()
    let readers: ReturnType<typeof cellReader>[] = []
    let row = 0
    const cell = (value: unknown) => csvCell(value, delimiter, escapeFormulas)
    return {
      head(rows: readonly Columns[]) {
        names ??= [...new Set(rows.flatMap((each) => Object.keys(each)))]
        known = new Set(names)
        readers = names.map(cellReader)
        return names.length === 0 ? '' : `${names.map(cell).join(delimiter)}\n`
      },
      row(each: Columns) {
        const extra = schema ? undefined : Object.keys(each).find((name) => !known.has(name))
        if (extra !== undefined) {
          throw new UsageError(`Cannot write ${path}: row ${row} brings a new column \`${extra}\``, {
            fix: 'The columns were taken from the first rows. Give the writer a schema that names every column.',
          })
        }
        row++
        const cells = readers.map((read) => cell(read(each)))
        // A line with nothing on it would not be a row.
        return `${cells.length === 1 && cells[0] === '' ? '""' : cells.join(delimiter)}\n`
      },
    }
  }
  return writeText(path, options, layout)
}

function csvCell(value: unknown, delimiter: string, escapeFormulas: boolean): string {
  if (value === null || value === undefined) return ''
  const plain = jsonValue(value)
  const shown =
    plain instanceof Date ? plain.toISOString() : typeof plain === 'object' ? JSON.stringify(plain) : String(plain)
  const text = escapeFormulas && typeof plain === 'string' && /^[=+\-@\t\r]/.test(shown) ? `'${shown}` : shown
  return text === '' || text.includes(delimiter) || /["\r\n\ufeff]/.test(text)
    ? `"${text.replaceAll('"', '""')}"`
    : text
}
