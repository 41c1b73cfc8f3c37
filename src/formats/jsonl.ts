import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { batch } from '../stream/batch.js'
import { CorruptInputError, UsageError } from '../stream/errors.js'
import type { Batches, Sink } from '../stream/types.js'
import { checkColumns } from './columns.js'
import { openOutput } from './files.js'
import { type Line, readLines } from './lines.js'
import { inferSchema, typeName } from './schema.js'
import type { Columns, Format, ReadOptions, WriteOptions, Written } from './types.js'

const gzipAsync = promisify(gzip)

/** JSON Lines: one object a line, UTF-8, plain or gzipped (told by the bytes, not the ending). Blank lines are no rows. */
export const jsonl: Format = {
  name: 'jsonl',
  extensions: ['.jsonl', '.jsonl.gz', '.ndjson', '.ndjson.gz'],
  streams: true,
  read: (path, options) => batch<Columns>()(readJsonl(path, options)),
  describe,
  write: writeJsonl,
}

async function* readJsonl(path: string, { columns, rows, signal }: ReadOptions = {}): Batches<Columns> {
  const { start, end } = rows ?? { start: 0, end: Number.POSITIVE_INFINITY }
  let row = 0
  let checked = columns === undefined
  for await (const lines of readLines(path)) {
    signal?.throwIfAborted()
    if (row >= end) return
    const wanted = row + lines.length <= start ? [] : lines.slice(Math.max(0, start - row), end - row)
    row += lines.length
    if (wanted.length === 0) continue
    const parsed = wanted.map((line) => parseLine(path, line))
    if (!checked) {
      // A block is enough to find a misspelt column in; one that only later rows have must be asked for by reading all.
      checkColumns(path, columns, [...new Set(parsed.flatMap((each) => Object.keys(each)))])
      checked = true
    }
    yield columns === undefined ? parsed : parsed.map((each) => pick(each, columns))
  }
}

function parseLine(path: string, { text, number }: Line): Columns {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new CorruptInputError(`${path}:${number}: not JSON: ${(error as Error).message}`, { cause: error })
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Columns
  const got = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
  throw new CorruptInputError(`${path}:${number}: expected a JSON object, got ${got}`, {
    fix: Array.isArray(value) ? "One object a line, please: jq -c '.[]' file.json > file.jsonl does it." : undefined,
  })
}

function pick(row: Columns, columns: readonly string[]): Columns {
  const picked: Columns = {}
  for (const name of columns) if (Object.hasOwn(row, name)) picked[name] = row[name]
  return picked
}

async function describe(path: string): ReturnType<Format['describe']> {
  if (path === '-') throw new UsageError('Cannot describe stdin: it can be read only once')
  for await (const rows of jsonl.read(path)) {
    const schema = inferSchema(rows)
    return { columns: Object.entries(schema).map(([name, type]) => ({ name, type: typeName(type) })), schema }
  }
  return { rows: 0, columns: [], schema: {} }
}

const blockSize = 1 << 20

function writeJsonl(path: string, { schema, level = 6 }: WriteOptions = {}): Sink<Columns, Written> {
  const names = schema && Object.keys(schema)
  const packed = path.endsWith('.gz')
  return async (source) => {
    const output = await openOutput(path)
    let rows = 0
    let held = ''
    const flush = async () => {
      // Each block is a gzip member of its own: equal rows give equal bytes, and nothing waits inside a stream.
      const block = packed ? await gzipAsync(held, { level }) : Buffer.from(held)
      held = ''
      await output.write(block)
    }
    try {
      for await (const batch of source) {
        for (const row of batch) {
          held += `${JSON.stringify(plain(names ? pick(row, names) : row))}\n`
          if (held.length >= blockSize) await flush()
        }
        rows += batch.length
        // To a pipe rows go as they come, since whoever reads it may be waiting.
        if (path === '-' && held !== '') await flush()
        if (output.closed) break
      }
      if (held !== '' || (packed && output.bytes === 0)) await flush()
      await output.commit()
    } catch (error) {
      await output.abort()
      throw error
    }
    return { rows, bytes: output.bytes }
  }
}

/**
 * The row as JSON can hold it: a bigint becomes its digits in a string, a vector a list, bytes base64. Answers with the
 * value itself where nothing in it needs that, which is nearly always; a replacer would cost every row three times over.
 */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  }
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plain)
  if (Array.isArray(value)) return value.every((each) => plain(each) === each) ? value : value.map(plain)
  const entries = Object.entries(value)
  if (entries.every(([, each]) => plain(each) === each)) return value
  return Object.fromEntries(entries.map(([name, each]) => [name, plain(each)]))
}
