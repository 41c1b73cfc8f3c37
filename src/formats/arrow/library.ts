import type { Field, Type } from 'apache-arrow'

/** What this folder takes from apache-arrow. Loading it costs a quarter of a second, so only what needs it imports it. */
export {
  AsyncByteQueue,
  Binary,
  Bool,
  type Data,
  type DataType,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema as ArrowSchema,
  Struct,
  TimestampMillisecond,
  TimeUnit,
  Type,
  Utf8,
  Vector,
} from 'apache-arrow'

/** What the library's types tell of themselves, each of them only some of it. */
export type AnyType = {
  typeId: Type
  children: readonly Field[] | null
  bitWidth: number
  isSigned: boolean
  precision: number
  scale: number
  unit: number
  byteWidth: number
  listSize: number
  /** 1 where a union is dense. */
  mode: number
  typeIds: Iterable<number>
  id: number
  indices: AnyType
  dictionary: AnyType
}
