import { CorruptInputError, SluiceError, UsageError } from '../../stream/errors.js'
import type { Batches } from '../../stream/types.js'
import { loadCodecs } from '../codecs.js'
import { checkColumns } from '../columns.js'
import { type ByteSource, openFile } from '../files.js'
import { typeName } from '../schema.js'
import type { Columns, ColumnType, Description, ReadOptions, Schema } from '../types.js'
import {
  type AsyncBuffer,
  type DecodedArray,
  type FileMetaData,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type SchemaTree,
  type StoredGroup,
} from './library.js'
import { columnType, storedName } from './schema.js'
import { finisher, parsers } from './values.js'

/** Reads a Parquet file one row group at a time, decoding only the columns asked for; a batch never spans row groups. */
export async function* readParquet(path: string, { columns, rows, signal }: ReadOptions = {}): Batches<Columns> {
  const source = await openFile(path)
  try {
    const { metadata, tree, types } = await readFooter(path, source)
    const present = tree.children.map((child) => child.element.name)
    checkColumns(path, columns, present)
    const names = [...(columns ?? present)]
    const decode = await decoder(path, source, metadata, names)
    const finish = names.map((name) => finisher(tree.children[present.indexOf(name)]!, types[name]))
    let groupStart = 0
    for (const [index, group] of metadata.row_groups.entries()) {
      signal?.throwIfAborted()
      const groupEnd = groupStart + Number(group.num_rows)
      const start = Math.max(groupStart, rows?.start ?? 0)
      const end = Math.min(groupEnd, rows?.end ?? groupEnd)
      groupStart = groupEnd
      if (start >= end) continue
      checkCodecs(path, index, group, names)
      const values: ArrayLike<unknown>[] = []
      for (const [position, name] of names.entries()) {
        values.push(finish[position]!(await decode(index, name, start, end)))
      }
      yield* toBatches(names, values, end - start)
    }
  } finally {
    await source.close()
  }
}

/** What the footer tells; no page is read. */
export async function describeParquet(path: string): Promise<Description> {
  const source = await openFile(path)
  try {
    const { metadata, tree, types } = await readFooter(path, source)
    const whole = Object.values(types).every((type) => type !== undefined)
    return {
      rows: Number(metadata.num_rows),
      columns: tree.children.map((child) => {
        const type = types[child.element.name]
        return { name: child.element.name, type: type === undefined ? storedName(child) : typeName(type) }
      }),
      ...(whole && { schema: types as Schema }),
      rowGroups: metadata.row_groups.map((group) => {
        const chunks = group.columns.map((chunk) => chunk.meta_data!)
        return {
          rows: Number(group.num_rows),
          bytes: chunks.reduce((sum, chunk) => sum + Number(chunk.total_compressed_size), 0),
          codecs: [...new Set(chunks.map((chunk) => chunk.codec))],
        }
      }),
    }
  } finally {
    await source.close()
  }
}

type Footer = { metadata: FileMetaData; tree: SchemaTree; types: ColumnTypes }
type ColumnTypes = Record<string, ColumnType | undefined>

async function readFooter(path: string, source: ByteSource): Promise<Footer> {
  try {
    if (source.size < 12) throw new Error(`${source.size} bytes are too few for a Parquet file`)
    const metadata = await parquetMetadataAsync(asyncBuffer(source), { parsers, geoparquet: false })
    const tree = parquetSchema(metadata)
    const stored = metadata.row_groups.every((group) => group.columns.every((chunk) => chunk.meta_data))
    if (!stored) throw new Error('a column chunk has no metadata')
    return { metadata, tree, types: await columnTypes(metadata, tree) }
  } catch (error) {
    throw corrupt(`${path}: cannot read its footer`, error, 'The file may be cut short, or not be Parquet at all.')
  }
}

/** Parquet has no fixed-size lists: Arrow's schema, where its writers leave it, tells which lists of floats are vectors. */
async function columnTypes({ key_value_metadata }: FileMetaData, { children }: SchemaTree): Promise<ColumnTypes> {
  const types: ColumnTypes = Object.fromEntries(children.map((child) => [child.element.name, columnType(child)]))
  const stored = key_value_metadata?.find(({ key }) => key === 'ARROW:schema')?.value
  if (stored === undefined || !Object.values(types).some(holdsFloats)) return types
  const { schemaFromBytes } = await import('../arrow/schema.js')
  const known = schemaFromBytes(Buffer.from(stored, 'base64'))
  return Object.fromEntries(Object.entries(types).map(([name, type]) => [name, holdsFloats(type) ? known[name] : type]))
}

function holdsFloats(type: ColumnType | undefined): boolean {
  if (type === undefined || typeof type === 'string') return false
  if ('list' in type) return type.list === 'float' || holdsFloats(type.list)
  return 'struct' in type && Object.values(type.struct).some(holdsFloats)
}

type Decode = (group: number, column: string, start: number, end: number) => Promise<DecodedArray>

async function decoder(path: string, source: ByteSource, metadata: FileMetaData, columns: string[]): Promise<Decode> {
  const codecs = await loadCodecs()
  const compressors = Object.fromEntries(Object.entries(codecs).map(([name, codec]) => [name, codec.decompress]))
  const options = { file: asyncBuffer(source), metadata, columns, compressors, parsers, utf8: false, geoparquet: false }
  const scan = await parquetScan(options)
  return async (group, column, rowStart, rowEnd) => {
    try {
      const values = await scan.readColumn({ column, rowStart, rowEnd })
      if (values.length !== rowEnd - rowStart) {
        throw new Error(`it holds ${values.length} rows where its row group promises ${rowEnd - rowStart}`)
      }
      return values
    } catch (error) {
      throw corrupt(`${path}: row group ${group}, column \`${column}\``, error)
    }
  }
}

function asyncBuffer(source: ByteSource): AsyncBuffer {
  return {
    byteLength: source.size,
    slice(start, end = source.size) {
      const bytes = source.read(start, end)
      // hyparquet starts reads it may never wait for once another fails; unheard, theirs would end the process.
      bytes.catch(() => {})
      return bytes
    },
  }
}

function corrupt(where: string, error: unknown, fix?: string): unknown {
  if (error instanceof SluiceError) return error
  return new CorruptInputError(`${where}: ${(error as Error).message}`, { cause: error, fix })
}

const codecNames = ['UNCOMPRESSED', 'SNAPPY', 'ZSTD', 'GZIP', 'BROTLI']

function checkCodecs(path: string, index: number, group: StoredGroup, names: readonly string[]): void {
  for (const { meta_data } of group.columns) {
    const { codec, path_in_schema } = meta_data!
    if (codecNames.includes(codec) || !names.includes(path_in_schema[0]!)) continue
    throw new UsageError(
      `${path}: row group ${index}, column \`${path_in_schema.join('.')}\` is compressed with ${codec}`,
      {
        fix: `sluice reads ${codecNames.join(', ')}; write the file anew with one of them.`,
      },
    )
  }
}

const batchRows = 1024

function* toBatches(
  names: readonly string[],
  columns: readonly ArrayLike<unknown>[],
  rows: number,
): Generator<Columns[]> {
  for (let start = 0; start < rows; start += batchRows) {
    const end = Math.min(rows, start + batchRows)
    const batch: Columns[] = new Array(end - start)
    for (let i = start; i < end; i++) {
      const row: Columns = {}
      for (let j = 0; j < names.length; j++) row[names[j]!] = columns[j]![i]
      batch[i - start] = row
    }
    yield batch
  }
}
