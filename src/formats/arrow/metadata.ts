import { ShardLimitError } from '../limits.js'
import { intField, longAt, rootTable, type Table, tableField, tablesField, vectorField } from './flatbuffer.js'
import type { ArrowLimits } from './limits.js'

/** A message's metadata, every number in it checked for sense as far as the metadata alone can tell. */
export type Message = { bodyBytes: number } & (
  | { kind: 'schema' }
  | { kind: 'batch'; batch: BatchLayout }
  | { kind: 'dictionary'; id: number; isDelta: boolean; batch: BatchLayout }
)

/** Where a batch's buffers lie in its body. `nodes` has two numbers a field (length, nulls), `buffers` two a buffer. */
export type BatchLayout = {
  rows: number
  nodes: Float64Array
  buffers: Float64Array
  /** How many data buffers each column of views has. */
  variadic: Float64Array
  codec: 'lz4' | 'zstd' | undefined
}

/** Numbers of the message types in Message.fbs. */
const kinds = { schema: 1, dictionary: 2, batch: 3 }

/** Fourth version on; before it, buffers were laid out otherwise, and no such file has been written since 2017. */
const oldestVersion = 3

/** Reads one message's metadata. Throws a plain Error that says what is wrong with it. */
export function readMessage(metadata: Uint8Array, limits: ArrowLimits): Message {
  const message = rootTable(metadata)
  const version = intField(message, 0, 2)
  if (version < oldestVersion) throw new Error(`metadata version ${version + 1} is too old to be read`)
  const kind = intField(message, 1, 1)
  const bodyBytes = within(intField(message, 3, 8), limits.body, 'body bytes')
  checkKeyValues(message, 4)
  const header = tableField(message, 2)
  if (header === undefined) throw new Error('a message without a header')
  if (kind === kinds.schema) {
    checkSchema(header, limits)
    return { kind: 'schema', bodyBytes }
  }
  if (kind === kinds.batch) return { kind: 'batch', bodyBytes, batch: batchLayout(header) }
  if (kind !== kinds.dictionary) throw new Error(`messages of type ${kind} are not known`)
  const data = tableField(header, 1)
  if (data === undefined) throw new Error('a dictionary without data')
  const id = intField(header, 0, 8)
  return { kind: 'dictionary', bodyBytes, id, isDelta: intField(header, 2, 1) !== 0, batch: batchLayout(data) }
}

/** A file's footer: how many record batches it lists, and its schema as a message's metadata. */
export type Footer = { batches: number; schema: Uint8Array }

/** Reads a footer, its schema unchecked. Throws a plain Error. */
export function readFooter(footer: Uint8Array): Footer {
  const root = rootTable(footer)
  const schema = tableField(root, 1)
  if (schema === undefined) throw new Error('a footer without a schema')
  return { batches: vectorField(root, 3, 24).count, schema: asMessage(footer, schema.at, intField(root, 0, 2)) }
}

/** The table at `at` as a message's header, by putting a message in front: offsets within the old bytes stay as they are. */
function asMessage(bytes: Uint8Array, at: number, version: number): Uint8Array {
  const message = new Uint8Array(32 + bytes.length)
  const view = new DataView(message.buffer)
  view.setUint32(0, 16, true)
  // The layout at 4: its own size, the table's, and where version, type, header and body length lie (0: absent).
  for (const [index, short] of [12, 12, 4, 6, 8, 0].entries()) view.setUint16(4 + 2 * index, short, true)
  view.setInt32(16, 16 - 4, true)
  view.setInt16(20, version, true)
  view.setUint8(22, kinds.schema)
  view.setUint32(24, 32 + at - 24, true)
  message.set(bytes, 32)
  return message
}

function batchLayout(table: Table): BatchLayout {
  const compression = tableField(table, 3)
  const codec = compression && (['lz4', 'zstd'] as const)[intField(compression, 0, 1)]
  if (compression && codec === undefined) throw new Error('its codec is not known')
  if (compression && intField(compression, 1, 1) !== 0) throw new Error('its method of compression is not known')
  const rows = intField(table, 0, 8)
  return { rows, nodes: longs(table, 1, 2), buffers: longs(table, 2, 2), variadic: longs(table, 4, 1), codec }
}

function longs(table: Table, field: number, each: number): Float64Array {
  const { at, count } = vectorField(table, field, 8 * each)
  return Float64Array.from({ length: count * each }, (_, index) => longAt(table.view, at + 8 * index))
}

/** Walks all that the library will walk when it decodes the schema. */
function checkSchema(schema: Table, limits: ArrowLimits): void {
  if (intField(schema, 0, 2) !== 0) throw new Error('its numbers are big-endian, which sluice does not read')
  checkKeyValues(schema, 2)
  let fields = 0
  const check = (parent: Table, slot: number, depth: number) => {
    if (depth > limits.depth) throw new ShardLimitError(`fields lie more than ${limits.depth} deep`, 'depth')
    for (const field of tablesField(parent, slot)) {
      if (++fields > limits.fields) throw new ShardLimitError(`it has more than ${limits.fields} fields`, 'columns')
      vectorField(field, 0, 1)
      const type = tableField(field, 3)
      // The one type with a text in it, and the one with a vector: time zone, and the ids of a union.
      if (type && intField(field, 2, 1) === 10) vectorField(type, 1, 1)
      if (type && intField(field, 2, 1) === 14) vectorField(type, 1, 4)
      const dictionary = tableField(field, 4)
      if (dictionary) tableField(dictionary, 1)
      checkKeyValues(field, 6)
      check(field, 5, depth + 1)
    }
  }
  check(schema, 1, 1)
}

function checkKeyValues(table: Table, slot: number): void {
  for (const pair of tablesField(table, slot)) {
    vectorField(pair, 0, 1)
    vectorField(pair, 1, 1)
  }
}

/** A count that is whole, not negative and not above `most`. */
export function within(value: number, most: number, what: string): number {
  if (!(Number.isSafeInteger(value) && value >= 0 && value <= most)) {
    throw new Error(`it claims ${value} ${what}, and at most ${most} are possible`)
  }
  return value
}
