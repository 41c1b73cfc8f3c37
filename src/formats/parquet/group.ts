import { UsageError } from '../../stream/errors.js'
import type { Buffers } from '../buffers.js'
import type { Codec, Codecs } from '../codecs.js'
import type { ByteSource } from '../files.js'
import type { Limits } from '../limits.js'
import type { Columns, RowRange } from '../types.js'
import type { PageDecoder } from '../zstd/index.js'
import { openChunkBytes } from './chunk-bytes.js'
import type { Chunk } from './chunk-state.js'
import { type ColumnReader, readColumn } from './column.js'
import { corrupt } from './corrupt.js'
import type { Footer } from './footer.js'
import type { Leaf } from './leaves.js'
import type { SchemaTree } from './library.js'
import { type IndexPlace, isWorthReading, readPageLocations } from './page-locations.js'
import { isCount } from './pages.js'
import { type LeafRows, noLeafRows, recordReader } from './records.js'
import type { StoredGroup } from './row-groups.js'
import type { TextBatch } from './texts.js'

/** An open file: what every row group of it is read with. */
export type OpenFile = {
  path: string
  source: ByteSource
  limits: Limits
  codecs: Codecs
  leaves: readonly Leaf[]
  footer: Footer
  buffers: Buffers
  /** Decoders of pages, by leaf; of a column read as texts, that of its dictionaries lies at -1. */
  pages: Map<number, PageDecoder>
}

const batchRows = 1024
/** Plain bytes of the rows of one batch, by what the footer says of an average row. */
const batchBytes = 8 << 20
/** Old writers left the dictionary's header out of a chunk's size (PARQUET-816); what is read ends at its last value. */
const forgotten = 100
/** Bytes fetched, and bytes decoded for one batch, by all columns together. */
const budget = 32 << 20

/** The rows `runs` of row group `index`, counted within it and rising, in batches bounded in rows and bytes. */
export async function* openGroup(
  file: OpenFile,
  index: number,
  names: readonly string[],
  runs: readonly RowRange[],
): AsyncGenerator<Columns[]> {
  const group = file.footer.groups[index]!
  const columns = openColumns(file, index, names, { runs, asTexts: false })
  const most = Math.max(1, Math.min(batchRows, Math.floor(batchBytes / rowBytes(file, group, names))))
  const parts = columns.flatMap((column) => column.parts)
  const bytes = Math.max(1 << 20, budget / Math.max(1, parts.length))
  try {
    for (let left = rowsIn(runs); left > 0; ) {
      let rows = Math.min(most, left)
      for (const part of parts) rows = Math.min(rows, await waiting(part, rows, bytes))
      yield toRows(
        names,
        columns.map((column) => takeColumn(file.path, index, column, rows)),
        rows,
      )
      left -= rows
    }
    if (runs.at(-1)!.end === group.rows) for (const { reader } of parts) await reader.end()
  } finally {
    for (const { reader } of parts) reader.close()
  }
}

/** The texts of one flat column, a page at a time at most; each batch is good until the next. */
export async function* openGroupTexts(
  file: OpenFile,
  index: number,
  name: string,
  runs: readonly RowRange[],
): AsyncGenerator<TextBatch> {
  const [{ reader }] = openColumns(file, index, [name], { runs, asTexts: true })[0]!.parts as [Part]
  try {
    for (let left = rowsIn(runs); left > 0; ) {
      const texts = await reader.takeTexts(Math.min(batchRows, left))
      left -= texts.offsets.length - 1
      yield texts
    }
    if (runs.at(-1)!.end === file.footer.groups[index]!.rows) await reader.end()
  } finally {
    reader.close()
  }
}

function rowsIn(runs: readonly RowRange[]): number {
  return runs.reduce((sum, { start, end }) => sum + end - start, 0)
}

/** What an average row takes, as far as the footer can be believed; a batch is bounded by what is read as well. */
function rowBytes({ leaves }: OpenFile, group: StoredGroup, names: readonly string[]): number {
  let bytes = 0
  for (const { index, column } of leaves) {
    if (names.includes(column)) bytes += group.chunks[index]?.plainBytes ?? 0
  }
  return Math.max(1, bytes) / group.rows
}

/** A leaf being read, and rows taken from it that wait for those of the others: whole, or to be put together with them. */
type Part = { leaf: Leaf; reader: ColumnReader; held: unknown[]; levels: LeafRows | undefined }
/** A column and its leaves; `record` puts a row of a nested one together. */
type Column = { name: string; parts: Part[]; record: (() => unknown) | undefined }

/** How many rows of a leaf wait, once it was read on where there were none. */
async function waiting({ reader, held, levels }: Part, rows: number, bytes: number): Promise<number> {
  if (levels === undefined) {
    if (held.length === 0) await reader.take(held, rows, bytes)
    return held.length
  }
  if (levels.rows === 0) await reader.takeLevels(levels, rows, bytes)
  return levels.rows
}

function openColumns(
  file: OpenFile,
  index: number,
  names: readonly string[],
  { runs, asTexts }: { runs: readonly RowRange[]; asTexts: boolean },
): Column[] {
  const { tree, types, groups } = file.footer
  const group = groups[index]!
  const wanted = file.leaves.filter(({ column }) => names.includes(column))
  const window = Math.min(1 << 20, Math.max(64 << 10, Math.floor(budget / Math.max(1, wanted.length))))
  const shared = { window, held: { bytes: 0 }, buffers: file.buffers, asTexts }
  const chunks = wanted.map((leaf): Chunk => {
    const where = `${file.path}: row group ${index}, column \`${leaf.path.join('.')}\``
    try {
      const chunk = openChunk(file, group, leaf, where)
      return { ...chunk, ...shared, ...pagesOf(file, leaf, chunk.codec, asTexts) }
    } catch (error) {
      throw corrupt(where, error)
    }
  })
  // Of a few rows of a group, only the pages around them are fetched.
  const isMost = (runs.at(-1)!.end - runs[0]!.start) * 2 >= group.rows
  const extents = chunks.map(({ extent }) => extent)
  const bytes = openChunkBytes(file.source, extents, file.buffers, isMost ? window : 0)
  const parts = wanted.map((leaf, at): Part => {
    const levels = isNested(leaf) ? noLeafRows() : undefined
    return { leaf, reader: readColumn(bytes[at]!, chunks[at]!, runs), held: [], levels }
  })
  return names.map((name) => {
    const child = tree.children.find(({ element }) => element.name === name)!
    const own = parts.filter(({ leaf }) => leaf.schemaPath[1] === child)
    const levelsOf = (node: SchemaTree) => own.find(({ leaf }) => leaf.schemaPath.at(-1) === node)!.levels!
    return { name, parts: own, record: own[0]?.levels && recordReader(child, levelsOf, types[name]) }
  })
}

/** Whether rows of a leaf's column are more than a value or a vector. */
function isNested({ schemaPath, maxRepetition, vector }: Leaf): boolean {
  return vector === undefined && (schemaPath.length > 2 || maxRepetition > 0)
}

/** Columns of bytes that have memory of their own for their pages; those beyond, and all numbers, are copied into lent memory. */
const mostDecoders = 8

function pagesOf({ pages }: OpenFile, { index, element }: Leaf, codec: Codec | undefined, asTexts: boolean) {
  const decoder = (key: number) => {
    const known = pages.get(key)
    if (known !== undefined || pages.size === mostDecoders) return known
    const opened = codec?.pages?.lend()
    if (opened !== undefined) pages.set(key, opened)
    return opened
  }
  if (element.type !== 'BYTE_ARRAY' || codec?.pages === undefined) return {}
  return { pages: decoder(index), ...(asTexts && { dictionaryPages: decoder(-1) }) }
}

function openChunk(file: OpenFile, group: StoredGroup, leaf: Leaf, where: string) {
  const stored = group.chunks[leaf.index]
  if (group.chunks.length !== file.leaves.length || stored === undefined) {
    throw new Error(`its row group has ${group.chunks.length} columns, its schema ${file.leaves.length}`)
  }
  if (stored.path.join('\0') !== leaf.path.join('\0')) throw new Error('its column chunk is of another column')
  if (stored.type !== leaf.element.type) throw new Error(`it is stored as ${stored.type}, not as ${leaf.element.type}`)
  const { rows } = group
  const { values, dictionaryAt, dataAt, encodings } = stored
  if (!isCount(values) || (leaf.maxRepetition === 0 && values !== rows)) {
    throw new Error(`it holds ${values} values where its row group promises ${rows} rows`)
  }
  // Some writers leave the dictionary's place out, others give 0.
  const start = dictionaryAt > 0 && dictionaryAt < dataAt ? dictionaryAt : dataAt
  const end = start + stored.bytes
  if (!isCount(start) || !isCount(end) || start < 4 || end > file.source.size || end < start) {
    throw new Error(`bytes ${start} to ${end} lie outside its ${file.source.size} bytes`)
  }
  const codec = codecOf(file.codecs, stored.codec, where)
  const extent = { start, end: Math.min(end + forgotten, file.source.size - 8) }
  const locations = locationsOf(file, { at: stored.indexAt, bytes: stored.indexBytes, rows, chunk: { start, end } })
  return { ...leaf, where, extent, encodings, rows, values, codec, locations }
}

/** Reads an index when it is first asked for, and once. */
function locationsOf({ source, limits }: OpenFile, place: IndexPlace): Chunk['locations'] {
  if (!isWorthReading(place)) return undefined
  let found: ReturnType<typeof readPageLocations> | undefined
  return () => {
    found ??= readPageLocations(source, place, limits)
    return found
  }
}

function codecOf(codecs: Codecs, name: string | undefined, where: string): Codec | undefined {
  if (name === 'UNCOMPRESSED') return undefined
  const codec = (codecs as Record<string, Codec | undefined>)[name ?? '']
  if (codec !== undefined) return codec
  throw new UsageError(`${where} is compressed with ${name}`, {
    fix: `sluice reads ${['UNCOMPRESSED', ...Object.keys(codecs)].join(', ')}; write the file anew with one of them.`,
  })
}

function takeColumn(path: string, index: number, { name, parts, record }: Column, rows: number): unknown[] {
  if (record === undefined) {
    const [part] = parts as [Part]
    const taken = part.held.length === rows ? part.held : part.held.splice(0, rows)
    if (taken === part.held) part.held = []
    return taken
  }
  try {
    return Array.from({ length: rows }, record)
  } catch (error) {
    throw corrupt(`${path}: row group ${index}, column \`${name}\``, error)
  }
}

function toRows(names: readonly string[], columns: readonly (readonly unknown[])[], rows: number): Columns[] {
  const batch: Columns[] = new Array(rows)
  for (let i = 0; i < rows; i++) {
    const row: Columns = {}
    for (let j = 0; j < names.length; j++) row[names[j]!] = columns[j]![i]
    batch[i] = row
  }
  return batch
}
