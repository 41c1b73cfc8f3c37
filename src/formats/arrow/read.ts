import { CorruptInputError, SluiceError, UsageError } from '../../stream/errors.js'
import type { Batches } from '../../stream/types.js'
import { createBuffers } from '../buffers.js'
import { loadCodecs } from '../codecs.js'
import { columnsToRead } from '../columns.js'
import { typeName } from '../schema.js'
import type { Columns, DescribeOptions, Description, ReadOptions, Schema } from '../types.js'
import { type AnyType, type Field, RecordBatchReader, Type } from './library.js'
import { type ArrowLimits, arrowLimitsOf } from './limits.js'
import { type Column, type Dictionary, loadColumns } from './load.js'
import { type Framed, readMessages } from './messages.js'
import { within } from './metadata.js'
import { columnTypes } from './schema.js'
import { columnReader } from './values.js'

/**
 * Reads Arrow IPC, stream or file, one record batch at a time, front to back; streams one after another in one file are
 * read as one. Nothing in it is believed: see {@link arrowLimits}.
 */
export async function* readArrow(
  path: string,
  options: ReadOptions = {},
  limits = arrowLimitsOf(options.limits),
): Batches<Columns> {
  const { rows, signal } = options
  const { start, end } = rows ?? { start: 0, end: Number.POSITIVE_INFINITY }
  const { ZSTD: zstd } = await loadCodecs()
  const dictionaries = new Map<number, Dictionary>()
  const buffers = createBuffers()
  const lent: Uint8Array[] = []
  const lend = (size: number) => {
    const bytes = buffers.lend(size)
    lent.push(bytes)
    return bytes
  }
  let schema: Field[] | undefined
  let names: readonly string[] = []
  let places: number[] = []
  let before = 0
  for await (const framed of readMessages(path, limits, signal)) {
    signal?.throwIfAborted()
    const { message } = framed
    if (message.kind === 'schema') {
      schema = nextSchema(path, schema, framed)
      dictionaries.clear()
      const present = schema.map((field) => field.name)
      names = columnsToRead(path, options, present)
      const place = new Map(present.map((name, index) => [name, index] as const).reverse())
      places = names.map((name) => place.get(name)!)
      continue
    }
    if (schema === undefined) throw corrupt(path, new Error('it does not begin with a schema'))
    if (message.kind === 'dictionary') {
      const body = await framed.takeBody(ownMemory)
      const fields = schema
      orCorrupt(path, () => {
        const type = dictionaryType(fields, message.id)
        const [chunk] = loadColumns([{ type }], message.batch, body, { zstd, dictionaries, limits, lend: ownMemory })
        const chunks = message.isDelta ? (dictionaries.get(message.id)?.chunks ?? []) : []
        dictionaries.set(message.id, { chunks: [...chunks, chunk!] })
      })
      continue
    }
    if (before >= end) return
    const count = orCorrupt(path, () => rowCount(message.batch.rows, message.bodyBytes, limits))
    const from = Math.max(0, start - before)
    const to = Math.min(count, end - before)
    before += count
    if (from >= to) continue
    const body = await framed.takeBody(lend)
    const fields = schema
    const wanted = new Set(places)
    const loaded = orCorrupt(path, () =>
      loadColumns(fields, message.batch, body, { zstd, dictionaries, limits, lend }, (index) => wanted.has(index)),
    )
    const chosen = names.map((name, index) => ({
      name,
      field: fields[places[index]!]!,
      column: loaded[places[index]!]!,
    }))
    yield* toRows(path, chosen, from, to)
    // Rows hold copies, so that the next batch may lie where this one lay.
    for (const bytes of lent.splice(0)) buffers.takeBack(bytes)
  }
  if (schema === undefined) throw corrupt(path, new Error('it does not begin with a schema'))
}

/** Memory that is kept, as a dictionary's is. */
const ownMemory = (size: number) => new Uint8Array(size)

/** The columns that its schema tells, and its rows, for which it walks the batches without reading their bodies. */
export async function describeArrow(
  path: string,
  { limits: given, signal }: DescribeOptions = {},
): Promise<Description> {
  const limits = arrowLimitsOf(given)
  let schema: Field[] | undefined
  let rows = 0
  for await (const framed of readMessages(path, limits, signal)) {
    const { message } = framed
    if (message.kind === 'schema') schema = nextSchema(path, schema, framed)
    if (message.kind === 'batch') rows += orCorrupt(path, () => rowCount(message.batch.rows, message.bodyBytes, limits))
  }
  if (schema === undefined) throw corrupt(path, new Error('it does not begin with a schema'))
  const fields = schema
  const types = orCorrupt(path, () => columnTypes(fields))
  const nulls = schema.filter((field) => field.type.typeId === Type.Null).map((field) => field.name)
  for (const name of nulls) types[name] = 'string'
  const whole = !Object.values(types).includes(undefined)
  return {
    rows,
    columns: schema.map(({ name, type }) => {
      const known = types[name]
      const isKnown = known !== undefined && !nulls.includes(name)
      return { name, type: isKnown ? typeName(known) : String(type).toLowerCase() }
    }),
    ...(whole && { schema: types as Schema }),
    ...(nulls.length > 0 && { nulls }),
  }
}

function rowCount(rows: number, bodyBytes: number, limits: ArrowLimits): number {
  return within(
    rows,
    limits.freeRows + 8 * Math.max(bodyBytes, Math.min(limits.plainBatch, bodyBytes * limits.ratio)),
    'rows',
  )
}

/** The fields of a schema message whose metadata was checked; the same as before where another stream follows. */
function nextSchema(path: string, before: Field[] | undefined, { metadata }: Framed): Field[] {
  const fields = orCorrupt(path, () => {
    const frame = Buffer.alloc(16 + metadata.length)
    frame.writeInt32LE(-1)
    frame.writeInt32LE(metadata.length, 4)
    frame.set(metadata, 8)
    frame.writeInt32LE(-1, 8 + metadata.length)
    const reader = RecordBatchReader.from(frame).open()
    if (!reader.schema) throw new Error('its schema cannot be read')
    return reader.schema.fields
  })
  // Told in any case: a type that lacks a part, such as a list without items, cannot be.
  const told = orCorrupt(path, () => tell(fields))
  if (before !== undefined && tell(before) !== told) {
    throw new UsageError(`${path} holds two streams whose columns differ: ${tell(before)}; then ${told}`, {
      fix: 'Write each stream to a file of its own.',
    })
  }
  return fields
}

function tell(fields: readonly Field[]): string {
  return fields.map((field) => `${field.name}: ${field.type}`).join(', ')
}

/** The type of the values of a dictionary, wherever in the schema it is used. */
function dictionaryType(fields: readonly Field[], id: number): AnyType {
  const waiting = fields.map((field) => field.type as AnyType)
  for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
    if (type.typeId === Type.Dictionary) {
      if (type.id === id) return type.dictionary
      waiting.push(type.dictionary)
    }
    for (const child of type.children ?? []) waiting.push(child.type)
  }
  throw new Error(`a dictionary ${id} that no column uses`)
}

function orCorrupt<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof SluiceError ? error : corrupt(path, error as Error)
  }
}

function corrupt(path: string, cause: Error & { fix?: string }): CorruptInputError {
  return new CorruptInputError(`${path}: not readable as Arrow IPC: ${cause.message}`, { cause, fix: cause.fix })
}

const batchRows = 1024

type Chosen = { name: string; field: Field; column: Column }

function* toRows(path: string, chosen: readonly Chosen[], from: number, to: number): Generator<Columns[]> {
  const getters = orCorrupt(path, () => chosen.map(({ field, column }) => columnReader(field, column)))
  for (let start = from; start < to; start += batchRows) {
    yield orCorrupt(path, () => {
      const rows: Columns[] = []
      for (let i = start; i < Math.min(to, start + batchRows); i++) {
        const row: Columns = {}
        for (let j = 0; j < getters.length; j++) row[chosen[j]!.name] = getters[j]!(i)
        rows.push(row)
      }
      return rows
    })
  }
}
