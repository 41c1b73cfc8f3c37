import type { ColumnType, Schema } from '../types.js'
import {
  ArrowSchema,
  Binary,
  Bool,
  type DataType,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  Int64,
  List,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Struct,
  TimestampMillisecond,
  Type,
  Utf8,
} from './library.js'
import { arrowLimits } from './limits.js'
import { readMessage } from './metadata.js'

const extensionName = 'ARROW:extension:name'
const jsonExtension = new Map([
  [extensionName, 'arrow.json'],
  ['ARROW:extension:metadata', ''],
])

/** Our schema in Arrow's terms, everything nullable; `json` is text marked as the extension type arrow.json. */
export function arrowSchema(schema: Schema, metadata: Readonly<Record<string, string>> = {}): ArrowSchema {
  return new ArrowSchema(fieldsOf(schema), new Map(Object.entries(metadata)))
}

function fieldsOf(schema: Schema): Field[] {
  return Object.entries(schema).map(([name, type]) => fieldOf(name, type))
}

function fieldOf(name: string, type: ColumnType): Field {
  return new Field(name, arrowType(type), true, type === 'json' ? jsonExtension : undefined)
}

const scalars: Record<Extract<ColumnType, string>, () => DataType> = {
  string: () => new Utf8(),
  binary: () => new Binary(),
  boolean: () => new Bool(),
  int32: () => new Int32(),
  int64: () => new Int64(),
  float: () => new Float32(),
  double: () => new Float64(),
  timestamp: () => new TimestampMillisecond('UTC'),
  json: () => new Utf8(),
}

function arrowType(type: ColumnType): DataType {
  if (typeof type === 'string') return scalars[type]()
  if ('list' in type) return new List(fieldOf('element', type.list))
  if ('vector' in type) return new FixedSizeList(type.vector, fieldOf('element', 'float'))
  return new Struct(fieldsOf(type.struct))
}

/** Our types for Arrow's fields, undefined where we have none that a writer of ours could keep. */
export function columnTypes(fields: readonly Field[]): Record<string, ColumnType | undefined> {
  return Object.fromEntries(fields.map((field) => [field.name, columnType(field)]))
}

function columnType(field: Field): ColumnType | undefined {
  const { type } = field
  const child = (type.children as Field[] | null)?.[0]
  switch (type.typeId as Type) {
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return isJson(field) ? 'json' : 'string'
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return 'binary'
    case Type.Bool:
      return 'boolean'
    case Type.Int:
      return intType(type.bitWidth, type.isSigned)
    case Type.Float:
      return type.precision === 2 ? 'double' : 'float'
    case Type.Date:
    case Type.Timestamp:
      return 'timestamp'
    case Type.Dictionary:
      return columnType(new Field(field.name, type.dictionary, true))
    case Type.FixedSizeList:
      if (child?.type.typeId === Type.Float && child.type.precision === 1) return { vector: type.listSize }
      return listOf(child)
    case Type.List:
    case Type.LargeList:
      return listOf(child)
    case Type.Struct: {
      const struct = columnTypes(type.children as Field[])
      return Object.values(struct).includes(undefined) ? undefined : { struct: struct as Schema }
    }
    default:
      return undefined
  }
}

function intType(bits: number, signed: boolean): ColumnType | undefined {
  if (bits < 32 || (bits === 32 && signed)) return 'int32'
  return bits === 32 || signed ? 'int64' : undefined
}

function listOf(child: Field | undefined): ColumnType | undefined {
  const item = child && columnType(child)
  return item && { list: item }
}

/** Whether a text column holds JSON, by its extension type. */
export function isJson(field: Field): boolean {
  return field.metadata.get(extensionName) === 'arrow.json'
}

/** The schema as one IPC message, as Parquet files carry it under `ARROW:schema`. */
export function schemaBytes(schema: Schema, metadata: Readonly<Record<string, string>>): Uint8Array {
  const writer = new RecordBatchStreamWriter()
  writer.reset(undefined, arrowSchema(schema, metadata))
  return writer.finish().toUint8Array(true)
}

/** Our types out of such a message. Throws a plain Error where it is none, since whoever wrote the file wrote this too. */
export function schemaFromBytes(bytes: Uint8Array): Record<string, ColumnType | undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = bytes.length >= 8 && view.getInt32(0, true) === -1 ? 8 : 4
  const end = start + (bytes.length >= start ? view.getInt32(start - 4, true) : -1)
  if (end <= start || end > bytes.length) throw new Error('the Arrow schema ends too early')
  const { kind } = readMessage(bytes.subarray(start, end), arrowLimits)
  if (kind !== 'schema') throw new Error('there is no Arrow schema')
  return columnTypes(RecordBatchReader.from(bytes).open().schema.fields)
}
