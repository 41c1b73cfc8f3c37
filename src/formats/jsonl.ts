import { batch } from '../stream/batch.js'
import { CorruptInputError, UsageError } from '../stream/errors.js'
import type { Batches, Sink } from '../stream/types.js'
import { checkColumns } from './columns.js'
import { jsonValue } from './json-values.js'
import { defaultLimits, limitFlag } from './limits.js'
import { type Line, readLines } from './lines.js'
import { inferColumns, typeName } from './schema.js'
import { writeText } from './text-output.js'
import type { Columns, DescribeOptions, Description, Format, ReadOptions, WriteOptions, Written } from './types.js'

/** JSON Lines: one object a line, UTF-8, plain, gzipped or zstd (told by the bytes, not the ending). Blank lines are no rows. */
export const jsonl: Format = {
  name: 'jsonl',
  extensions: ['.jsonl', '.jsonl.gz', '.jsonl.zst', '.ndjson', '.ndjson.gz', '.ndjson.zst'],
  streams: true,
  read: (path, options) => batch<Columns>()(readJsonl(path, options)),
  describe,
  write: writeJsonl,
}

function readJsonl(path: string, options: ReadOptions = {}, blockBytes?: number): Batches<Columns> {
  return readObjects(path, () => readLines(path, blockBytes, options.signal), options)
}

/**
 * Rows out of texts of JSON objects, only those in the range parsed. Throws a CorruptInputError with the line of one that
 * is no object, and a UsageError for a column that no object has, or of stdin none of the first ones.
 */
export async function* readObjects(
  path: string,
  open: () => AsyncIterable<Line[]>,
  { columns, optional = [], rows, signal }: ReadOptions = {},
): AsyncGenerator<readonly Columns[]> {
  const { start, end } = rows ?? { start: 0, end: Number.POSITIVE_INFINITY }
  let row = 0
  let isFirst = true
  for await (const lines of open()) {
    signal?.throwIfAborted()
    if (row >= end) return
    const wanted = row + lines.length <= start ? [] : lines.slice(Math.max(0, start - row), end - row)
    row += lines.length
    if (wanted.length === 0) continue
    const parsed = wanted.map((line) => parseLine(path, line))
    if (isFirst && columns !== undefined) {
      const present = namesOf(parsed)
      const needed = columns.filter((name) => !optional.includes(name))
      // A row may bring a column that none has had yet; a misspelt one is told of before anything is made of the rows.
      if (path !== '-' && needed.some((name) => !present.has(name))) await findColumns(path, open(), needed, present)
      checkColumns(path, needed, [...present])
    }
    isFirst = false
    yield columns === undefined ? parsed : parsed.map((each) => pick(each, columns))
  }
}

function namesOf(rows: readonly Columns[]): Set<string> {
  return new Set(rows.flatMap((row) => Object.keys(row)))
}

/**
 * Adds to `present` the columns of all rows up to where each that is wanted was found, or a fault, which is its reader's. Rows
 * may bring ever new ones: beyond the limit `columns`, only those that are wanted are added.
 */
async function findColumns(
  path: string,
  texts: AsyncIterable<Line[]>,
  wanted: readonly string[],
  present: Set<string>,
): Promise<void> {
  try {
    for await (const lines of texts) {
      for (const name of namesOf(lines.map((line) => parseLine(path, line)))) {
        if (present.size < defaultLimits.columns || wanted.includes(name)) present.add(name)
      }
      if (wanted.every((name) => present.has(name))) return
    }
  } catch (error) {
    if (!(error instanceof CorruptInputError)) throw error
  }
}

function parseLine(path: string, { text, number }: Line): Columns {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new CorruptInputError(`${path}:${number}: not JSON: ${(error as Error).message}`, { cause: error })
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    if (!Object.hasOwn(value, '__proto__')) return value as Columns
    throw new CorruptInputError(`${path}:${number}: no column can be called \`__proto__\``)
  }
  const got = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
  throw new CorruptInputError(`${path}:${number}: expected a JSON object, got ${got}`, {
    fix: Array.isArray(value)
      ? 'A file that is one array is read where it is called .json, or with --from json.'
      : undefined,
  })
}

/** Those of a row's columns that it has, in the order of `columns`. */
export function pick(row: Columns, columns: readonly string[]): Columns {
  const picked: Columns = {}
  for (const name of columns) if (Object.hasOwn(row, name)) picked[name] = row[name]
  return picked
}

function describe(path: string, options?: DescribeOptions): Promise<Description> {
  // Rows that are alive together for long are moved about by the garbage collector: of a whole file, few at a time.
  const few = { read: (from: string, own?: ReadOptions) => readJsonl(from, own, 128 << 10) }
  return describeByRows(path, options?.everyRow ? few : jsonl, options)
}

/** Column types as the first batch of rows shows them, or all rows up to a fault, for formats that do not tell. */
export async function describeByRows(
  path: string,
  { read }: Pick<Format, 'read'>,
  { everyRow = false, ...options }: DescribeOptions = {},
): Promise<Description> {
  if (path === '-') throw new UsageError('Cannot describe stdin: it can be read only once')
  const found = inferColumns()
  const { columns: mostColumns } = { ...defaultLimits, ...options.limits }
  let rows = 0
  try {
    for await (const batch of read(path, options)) {
      found.add(batch)
      rows += batch.length
      if (!everyRow || found.count() > mostColumns) break
    }
  } catch (error) {
    // Whoever reads these rows meets the fault itself, behind others that are good.
    if (rows === 0 || !(error instanceof CorruptInputError)) throw error
  }
  if (found.count() > mostColumns) {
    throw new CorruptInputError(`${path}: its rows have more than ${mostColumns} columns`, {
      fix: `If you trust this file, raise the limit \`columns\`: ${limitFlag('columns')}.`,
    })
  }
  const schema = found.schema()
  const [nulls, mixed] = [found.nulls(), found.mixed()]
  const columns = Object.entries(schema).map(([name, type]) => ({ name, type: typeName(type) }))
  return {
    ...(rows === 0 && { rows }),
    columns,
    schema,
    ...(nulls.length > 0 && { nulls }),
    ...(mixed.length > 0 && { mixed }),
  }
}

function writeJsonl(path: string, options: WriteOptions = {}): Sink<Columns, Written> {
  const names = options.schema && Object.keys(options.schema)
  const row = (each: Columns) => `${JSON.stringify(jsonValue(names ? pick(each, names) : each))}\n`
  return writeText(path, options, () => ({ row }))
}
