import type { Batches, Sink } from '../stream/types.js'
import type { WriteCodec } from './compress.js'
import type { Limits } from './limits.js'
import type { Output } from './places/place.js'

/** A row as it stands in a file: column names to values, without an id of ours. */
export type Columns = Record<string, unknown>

/** One unit of input: a file, or a folder or glob of text files taken together. Plain data, safe to store in a plan. */
export type Shard = {
  /** Where it is: a file, a folder or glob of texts, on this machine or as a URL, or `-` for stdin. */
  readonly path: string
  /** Relative to the deepest folder common to all inputs, with `/` between the parts; the stem of its rows' ids. */
  readonly name: string
  readonly bytes: number
  readonly modifiedMs: number
  /** The mark that its place gives its content; local files have none. */
  readonly etag?: string
  /** The name of its {@link Format}. */
  readonly format: string
}

/** Rows from `start` up to but without `end`, counted from 0 in the whole shard. */
export type RowRange = { start: number; end: number }

export type ReadOptions = {
  /** Columns to read, in this order; default all, in the file's order. */
  columns?: readonly string[]
  /** Those of `columns` that the shard, or any row of one without a schema, may lack; its rows then lack them too. */
  optional?: readonly string[]
  /** Rows to read; default all. An `end` past the last row is the last row. */
  rows?: RowRange
  /** Reading stops with the signal's reason once this aborts. */
  signal?: AbortSignal
  /** Figures that replace those of the default limits, for a file that is trusted, or less so. */
  limits?: Partial<Limits>
  /** Decodes in a process of its own, which may die of a file instead of this one. Default false. */
  isolate?: boolean
}

/** How one shard is read. */
export type ShardReadOptions = ReadOptions & {
  /** Numbers of the rows to read, rising, instead of a range; Parquet decodes no more than the pages that they lie in. */
  only?: readonly number[]
}

/** What looking at a file takes without reading its rows. */
export type DescribeOptions = Pick<ReadOptions, 'signal' | 'limits' | 'isolate'> & {
  /** Looks at every row of a file that does not tell its columns, not only at the first ones. Default false. */
  everyRow?: boolean
}

export type WriteOptions = {
  /** Column types; by default taken from the first rows, which every later row must then fit. JSONL needs none. */
  schema?: Schema
  /** Key-value metadata for the file, beside what sluice writes itself; Parquet and Arrow only. */
  metadata?: Readonly<Record<string, string>>
  /** Level of the codec: of Parquet's, of zstd for `.zst`, of gzip for `.gz`. Default: zstd 3, gzip 6, brotli 5. */
  level?: number
  /** Parquet only. */
  parquet?: ParquetOptions
  /** Told the bytes that have left so far, after each block of them. */
  onBytes?: (bytes: number) => void
  /** Ends an upload at once when it aborts; the write then fails with its reason. */
  signal?: AbortSignal | undefined
  /** Opens where the bytes go, instead of what the path names. */
  create?: () => Promise<Output>
  /** CSV only: puts a `'` before a text that a spreadsheet would run as a formula. Default false: texts stay as they are. */
  escapeFormulas?: boolean
}

/** How a Parquet file is laid out. */
export type ParquetOptions = {
  /** Default zstd. */
  codec?: WriteCodec
  /** Repeated values by their number in a dictionary: where it halves a column (`auto`, the default), always or never. */
  dictionary?: 'auto' | 'on' | 'off'
  /** Least and greatest value and nulls of each column chunk, and with `pageIndex` of each page. Default true. */
  statistics?: boolean
  /** Where each page lies, so that readers fetch only those they need. Default true. */
  pageIndex?: boolean
  /** A CRC-32 of each page, which sluice and others verify when they read. Default true. */
  checksums?: boolean
  /** Bytes of values, before encoding, at which a row group ends; default 4 MiB or 4,096 rows, whichever comes first. */
  rowGroupBytes?: number
  /** Bytes at which a page ends, before it is compressed; default 1 MiB. */
  pageBytes?: number
}

/** What a written file holds: `bytes` is its size on disk. */
export type Written = { rows: number; bytes: number }

/** One way to lay rows out in a file. `read` and `describe` take `-` only where `streams` is true. */
export type Format = {
  readonly name: string
  /** File name endings, dot included, longest match first. */
  readonly extensions: readonly string[]
  /** Whether it can be read front to back without seeking, as stdin must be. */
  readonly streams: boolean
  /** Whether `read` heeds `only`; of others whoever reads them drops rows. */
  readonly picks?: boolean
  read(path: string, options?: ShardReadOptions): Batches<Columns>
  describe(path: string, options?: DescribeOptions): Promise<Description>
  write?(path: string, options?: WriteOptions): Sink<Columns, Written>
}

export type Description = {
  /** Absent where only reading the whole file would tell. */
  rows?: number
  columns: { name: string; type: string }[]
  /** The columns' types as {@link Schema}, where each has one; hand it to a writer to keep types through a conversion. */
  schema?: Schema
  /** Columns of which only nulls are known; their type in `schema` is a guess that gives way to another shard's. */
  nulls?: string[]
  /** What is json because rows hold values of types that go together in no other. */
  mixed?: MixedColumn[]
  /** Compressed bytes on disk of each column, where the file tells. */
  columnBytes?: Readonly<Record<string, number>>
  rowGroups?: RowGroup[]
}

/**
 * A column whose rows disagree: in row `row`, counted from 0, there is something else than before. `within` says where in the
 * column, as `[].role` does of a list of structs; it is empty for all of it.
 */
export type MixedColumn = {
  readonly column: string
  readonly within: string
  readonly row: number
  readonly was: string
  readonly is: string
}

export type RowGroup = {
  rows: number
  /** Compressed bytes on disk. */
  bytes: number
  /** Codecs of its column chunks, without repeats. */
  codecs: string[]
}

/** Column names to types, in the order they are written. Every column and every list element may be null. */
export type Schema = Readonly<Record<string, ColumnType>>

/**
 * `json` holds any JSON value as its text; `timestamp` is a Date, milliseconds in UTC; `vector` is a Float32Array of a
 * fixed length. `int64` takes and gives a number where it is a safe integer and a bigint beyond.
 */
export type ColumnType =
  | 'string'
  | 'binary'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'float'
  | 'double'
  | 'timestamp'
  | 'json'
  | { readonly list: ColumnType }
  | { readonly struct: Schema }
  | { readonly vector: number }

/** A conversation as trainers read it: a list of {role, content}. */
export const messages: ColumnType = { list: { struct: { role: 'string', content: 'string' } } }
