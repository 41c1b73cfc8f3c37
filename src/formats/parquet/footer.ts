import { crc32 } from 'node:zlib'
import { UsageError } from '../../stream/errors.js'
import type { ByteSource } from '../files.js'
import { type Limits, withinLimit } from '../limits.js'
import type { ColumnType } from '../types.js'
import { corrupt } from './corrupt.js'
import { parquetMetadata, parquetSchema, type SchemaElement, type SchemaTree } from './library.js'
import { isCount } from './pages.js'
import { parsers } from './parsers.js'
import { readRowGroups, type StoredGroup } from './row-groups.js'
import { columnType } from './schema.js'
import { thriftEnd } from './thrift.js'
import { type ArrowField, arrowFields, withVectors } from './vectors.js'

export type Footer = { groups: readonly StoredGroup[]; tree: SchemaTree; types: ColumnTypes }

/** Column names to our types, undefined for a column that none of ours holds. */
export type ColumnTypes = Record<string, ColumnType | undefined>

/** The key under which a footer of ours keeps its own checksum: eight hex digits, counted as zeros while it is taken. */
export const checksumKey = 'sluice:footer-crc32'
const checksumDigits = 8

/** What follows the checksum in a footer of ours: the end of the metadata, and who wrote the file. */
const author = '\0\x18\x06sluice'

/** Reads and checks a footer before anything is built from it. Throws a CorruptInputError naming `path`. */
export async function readFooter(path: string, source: ByteSource, limits: Limits): Promise<Footer> {
  try {
    const bytes = await footerBytes(source, limits)
    const size = bytes.length - 8
    // One pass over the bare bytes first: the library would take any count or length at its word.
    if (thriftEnd(bytes, 0, size, limits.footerValues) === -1) throw new Error('its footer ends too early')
    const { groups, rest } = readRowGroups(bytes)
    const metadata = parquetMetadata(asFooter(rest), { parsers, geoparquet: false })
    checkShape(metadata.schema, limits)
    const tree = parquetSchema(metadata)
    checkNames(
      path,
      tree.children.map(({ element }) => element.name),
    )
    checkGroups(groups, metadata.num_rows, limits)
    checkChecksum(bytes.subarray(0, size))
    return { groups, tree, types: columnTypes(metadata.key_value_metadata, tree) }
  } catch (error) {
    throw corrupt(`${path}: cannot read its footer`, error, 'The file may be cut short, or not be Parquet at all.')
  }
}

const firstRead = 512 << 10

/** The footer with its length and magic number. */
async function footerBytes(source: ByteSource, limits: Limits): Promise<Uint8Array> {
  const { size } = source
  if (size < 12) throw new Error(`${size} bytes are too few for a Parquet file`)
  const start = Math.max(0, size - firstRead)
  const tail = new Uint8Array(await source.read(start, size))
  const magic = Buffer.from(tail.subarray(-4)).toString('latin1')
  if (magic === 'PARE') throw new Error('it is encrypted')
  if (magic !== 'PAR1') throw new Error('it does not end like a Parquet file')
  const length = new DataView(tail.buffer).getUint32(tail.length - 8, true) + 8
  if (length > size - 4) throw new Error(`a footer of ${length} bytes does not fit into its ${size} bytes`)
  withinLimit('its footer', length, limits, 'footerBytes')
  return length <= tail.length ? tail.slice(-length) : new Uint8Array(await source.read(size - length, size))
}

/** Thrift bytes with the length and the magic number that stand behind them in a file. */
function asFooter(thrift: Uint8Array): Uint8Array {
  const end = Buffer.from('\0\0\0\0PAR1', 'latin1')
  end.writeUInt32LE(thrift.length)
  return Buffer.concat([thrift, end])
}

function checkShape(schema: readonly SchemaElement[], limits: Limits): void {
  // Children still to come at each level; the tree itself is built by recursion, which a deep file would overrun.
  const open: number[] = []
  let leaves = 0
  for (const [index, { name, num_children: children = 0, type, type_length }] of schema.entries()) {
    while (open.length > 0 && open.at(-1) === 0) open.pop()
    if (index > 0 && open.length === 0) throw new Error('its schema has more elements than its root has room for')
    if (open.length > 0) open[open.length - 1]! -= 1
    if (typeof name !== 'string' || name === '__proto__') throw new Error(`its schema has an element named \`${name}\``)
    if (children < 0 || children > schema.length) throw new Error(`\`${name}\` has ${children} children`)
    withinLimit('its depth', open.length, limits, 'depth')
    if (children > 0) open.push(children)
    else if (index > 0) {
      leaves++
      if (type === undefined) throw new Error(`column \`${name}\` has no type`)
      if (type === 'FIXED_LEN_BYTE_ARRAY' && !(type_length! > 0)) throw new Error(`\`${name}\` has no fixed length`)
      withinLimit('a fixed length', type_length ?? 0, limits, 'valueBytes')
    }
  }
  if (open.some((left) => left > 0)) throw new Error('its schema ends too early')
  withinLimit('its columns', leaves, limits, 'columns')
}

/** A row has one value of a name: of two such columns one would be lost. */
function checkNames(path: string, names: readonly string[]): void {
  const seen = new Set<string>()
  const again = names.find((name) => seen.size === seen.add(name).size)
  if (again === undefined) return
  throw new UsageError(`${path} has two columns called \`${again}\``, {
    fix: 'Write the file anew with another name for one of them.',
  })
}

function checkGroups(groups: readonly StoredGroup[], rowsOfAll: bigint, limits: Limits): void {
  let sum = 0
  for (const [index, { rows }] of groups.entries()) {
    if (!isCount(rows)) throw new Error(`row group ${index} counts no rows`)
    withinLimit(`rows of row group ${index}`, rows, limits, 'groupRows')
    sum += rows
  }
  // Some writers leave the file's own count at 0.
  if (sum !== Number(rowsOfAll) && rowsOfAll !== 0n) {
    throw new Error(`it counts ${rowsOfAll} rows, its row groups ${sum}`)
  }
}

/**
 * Others who copy our metadata into files of their own write under their own name. Both name and checksum are looked for
 * in the bare bytes, because one flipped bit can hide them from whoever parses them.
 */
function checkChecksum(footer: Uint8Array): void {
  const actual = footerChecksum(footer)
  if (actual === undefined) return
  const behind = actual.at + checksumDigits
  const textAt = (start: number, end: number) => Buffer.from(footer.subarray(start, end)).toString('latin1')
  if (textAt(behind, behind + author.length) !== author) return
  if (textAt(actual.at, behind) !== actual.digits) throw new Error('its footer does not match its own checksum')
}

/** The checksum of a footer that has a place for it, and where that place is. */
export function footerChecksum(footer: Uint8Array): { digits: string; at: number } | undefined {
  const key = Buffer.from(footer.buffer, footer.byteOffset, footer.length).lastIndexOf(checksumKey)
  if (key === -1 || key + checksumKey.length + 2 + checksumDigits > footer.length) return undefined
  // Behind the key: the head of the value's field and its length, one byte each.
  const at = key + checksumKey.length + 2
  const blank = Uint8Array.from(footer)
  blank.fill(0x30, at, at + checksumDigits)
  return { digits: crc32(blank).toString(16).padStart(checksumDigits, '0'), at }
}

/** Parquet has no fixed-size lists: Arrow's schema, where its writers leave it, tells which lists of floats are vectors. */
function columnTypes(
  keyValues: ReturnType<typeof parquetMetadata>['key_value_metadata'],
  { children }: SchemaTree,
): ColumnTypes {
  const types = children.map(({ element: { name } }, index) => ({ name, type: columnType(children[index]!) }))
  const stored = keyValues?.find(({ key }) => key === 'ARROW:schema')?.value
  const known = stored === undefined ? [] : knownFields(Buffer.from(stored, 'base64'))
  return Object.fromEntries(
    types.map(({ name, type }) => {
      return [
        name,
        type &&
          withVectors(
            type,
            known.find((field) => field.name === name),
          ),
      ]
    }),
  )
}

/** A schema that cannot be read tells nothing: Parquet's own stands. */
function knownFields(bytes: Uint8Array): ArrowField[] {
  try {
    return arrowFields(bytes)
  } catch {
    return []
  }
}
