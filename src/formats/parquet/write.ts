import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { Sink } from '../../stream/types.js'
import { loadCodecs } from '../codecs.js'
import { fileFeatures } from '../features.js'
import { type Output, openOutput } from '../files.js'
import { type Group, groupRows } from '../groups.js'
import type { Columns, ColumnType, Schema, WriteOptions, Written } from '../types.js'
import { setFooterChecksum, withPageChecksums } from './checksums.js'
import { checksumKey } from './footer.js'
import { parquetElements } from './schema.js'

/**
 * Rows and bytes in memory at which a row group ends. Measured on T0 texts, groups of 65,536 rows came out 6 % smaller
 * and took twice the memory; groups of 1,024 were no smaller or faster to read, and make four times the footer.
 */
const groupLimits = { rows: 4096, bytes: 8 << 20 }

/**
 * A sink that writes zstd-compressed Parquet, one row group in memory at a time. The bytes depend on rows, schema,
 * metadata and level alone. No rows still make a valid file with the schema.
 */
export function writeParquet(path: string, options: WriteOptions = {}): Sink<Columns, Written> {
  return async (source) => {
    const output = await openOutput(path)
    let rows = 0
    try {
      let file: OpenFile | undefined
      for await (const group of groupRows(path, source, { schema: options.schema, ...groupLimits })) {
        file ??= await openParquet(output, group.schema, options)
        await file.write(group)
        rows += group.rows
        if (output.closed) break
      }
      file ??= await openParquet(output, options.schema ?? {}, options)
      await file.finish()
      await output.commit()
    } catch (error) {
      await output.abort()
      throw error
    }
    return { rows, bytes: output.bytes }
  }
}

type OpenFile = { write(group: Group): Promise<void>; finish(): Promise<void> }

async function openParquet(output: Output, schema: Schema, { metadata, level }: WriteOptions): Promise<OpenFile> {
  const { ZSTD } = await loadCodecs()
  const writer = asyncWriter(output, () => parquet)
  const parquet: ParquetWriter = new ParquetWriter({
    writer,
    schema: parquetElements(schema),
    codec: 'ZSTD',
    compressors: { ZSTD: (page) => ZSTD.compress!(page, level) },
    kvMetadata: [...(await keyValues(schema, metadata)), { key: checksumKey, value: '00000000' }],
    // A name without a version, so that the same rows give the same bytes from one release to the next.
    createdBy: 'sluice',
  })
  const names = Object.keys(schema)
  const types = Object.values(schema)
  const needsChange = types.map((type) => holds({ type }, (each) => each === 'json' || isVector(each)))
  return {
    async write({ rows, columns }) {
      const columnData = columns.map((values, index) => ({
        name: names[index]!,
        data: needsChange[index] ? values.map((value) => toStored(types[index]!, value)) : values,
        ...columnOptions(types[index]!),
      }))
      await parquet.write({ columnData, rowGroupSize: rows })
    },
    async finish() {
      await parquet.finish()
    },
  }
}

/** hyparquet-writer fills a buffer; its `flush`, awaited after each row group, is where the bytes leave and the disk is waited for. */
function asyncWriter(output: Output, parquet: () => ParquetWriter) {
  const writer = new ByteWriter(1 << 20)
  const send = async (bytes: Uint8Array) => {
    await output.write(bytes)
    writer.index = 0
  }
  const flush = () => send(withPageChecksums(writer, parquet()))
  const finish = () => {
    setFooterChecksum(writer.getBytes())
    return send(writer.getBytes())
  }
  return Object.assign(writer, { flush, finish })
}

/**
 * A JSON value that hyparquet-writer stringifies as it is. It copies objects key by key, and the key `__proto__` is lost on
 * the way; an object without a prototype it does not copy, and JSON.stringify asks that for what it stands for.
 */
function storedJson(text: string): unknown {
  const value = JSON.parse(text)
  return value === null || typeof value !== 'object'
    ? value
    : Object.assign(Object.create(null), { toJSON: () => value })
}

/** A fitted value as hyparquet-writer takes it: vectors as arrays, JSON not as its text but as what it stands for. */
function toStored(type: ColumnType, value: unknown): unknown {
  if (value === null) return null
  if (typeof type === 'string') return type === 'json' ? storedJson(value as string) : value
  if ('vector' in type) return Array.from(value as Float32Array)
  if ('list' in type) return (value as unknown[]).map((item) => toStored(type.list, item))
  const fields = Object.entries(type.struct)
  return Object.fromEntries(fields.map(([name, field]) => [name, toStored(field, (value as Columns)[name])]))
}

const isVector = (type: ColumnType) => typeof type === 'object' && 'vector' in type

function columnOptions(type: ColumnType): { encoding?: 'PLAIN'; statistics?: boolean } {
  // Looking for repeats among floats costs much and finds nothing; bounds of whole JSON texts would swell the footer.
  if (isVector(type)) return { encoding: 'PLAIN', statistics: false }
  return holds({ type }, (each) => each === 'json') ? { statistics: false } : {}
}

/** What Hugging Face datasets and Arrow readers look for in a file, and the caller's own. */
async function keyValues(schema: Schema, metadata: Readonly<Record<string, string>> = {}) {
  const entries = { huggingface: JSON.stringify({ info: { features: fileFeatures(schema) } }), ...metadata }
  const pairs = Object.entries(entries).map(([key, value]) => ({ key, value }))
  if (!holds(schema, isVector)) return pairs
  // Loaded only where it tells something that Parquet's own schema cannot: the library takes a quarter of a second.
  const { schemaBytes } = await import('../arrow/schema.js')
  // pyarrow takes all metadata from Arrow's schema where there is one, so the entries stand in it once more.
  return [...pairs, { key: 'ARROW:schema', value: Buffer.from(schemaBytes(schema, entries)).toString('base64') }]
}

function holds(schema: Schema, wanted: (type: ColumnType) => boolean): boolean {
  return Object.values(schema).some((type) => {
    if (wanted(type)) return true
    if (typeof type === 'string' || 'vector' in type) return false
    return holds('list' in type ? { element: type.list } : type.struct, wanted)
  })
}
