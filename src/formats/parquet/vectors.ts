import type { ColumnType } from '../types.js'

/** What Arrow's schema tells of a field, as far as Parquet's own cannot: the length of its fixed-size lists. */
export type ArrowField = { name: string; isFloat: boolean; length?: number; children: ArrowField[] }

/**
 * The fields of an Arrow schema message. Read here and not by Arrow's library, which is slow to load and takes every
 * count and offset at its word. Throws an Error where the bytes are none. Source: Arrow's Schema.fbs and Message.fbs.
 */
export function arrowFields(bytes: Uint8Array): ArrowField[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = view.getUint32(0, true) === 0xffffffff ? 8 : 4
  const message = start + view.getUint32(start, true)
  const [headerType, header] = [slot(view, message, 1), slot(view, message, 2)]
  if (!headerType || !header || view.getUint8(headerType) !== 1) throw new Error('not an Arrow schema')
  const left = { fields: 10_000 }
  return tables(view, slot(view, follow(view, header), 1)).map((field) => arrowField(view, field, left, 0))
}

/** `type` with the vectors that Arrow's field of the same name knows it for. */
export function withVectors(type: ColumnType, field: ArrowField | undefined): ColumnType {
  if (field === undefined || typeof type === 'string' || 'vector' in type) return type
  if ('struct' in type) {
    const fields = Object.entries(type.struct).map(([name, each]) => {
      return [
        name,
        withVectors(
          each,
          field.children.find((child) => child.name === name),
        ),
      ] as const
    })
    return { struct: Object.fromEntries(fields) }
  }
  const [item] = field.children
  if (field.length !== undefined && field.length > 0 && item?.isFloat && type.list === 'float')
    return { vector: field.length }
  return { list: withVectors(type.list, item) }
}

const [floatingPoint, fixedSizeList, singlePrecision] = [3, 16, 1]

function arrowField(view: DataView, at: number, left: { fields: number }, depth: number): ArrowField {
  if (--left.fields < 0 || depth > 64) throw new Error('too many fields')
  const [name, kind, type] = [slot(view, at, 0), slot(view, at, 2), slot(view, at, 3)]
  const kindOf = kind ? view.getUint8(kind) : 0
  const detail = type ? slot(view, follow(view, type), 0) : 0
  return {
    name: name ? text(view, follow(view, name)) : '',
    isFloat: kindOf === floatingPoint && detail !== 0 && view.getInt16(detail, true) === singlePrecision,
    ...(kindOf === fixedSizeList && detail !== 0 && { length: view.getInt32(detail, true) }),
    children: tables(view, slot(view, at, 5)).map((child) => arrowField(view, child, left, depth + 1)),
  }
}

/** Where the value of a table's `index`th slot lies, or 0 where the table leaves it out. */
function slot(view: DataView, table: number, index: number): number {
  const vtable = table - view.getInt32(table, true)
  const at = 4 + 2 * index
  const offset = at < view.getUint16(vtable, true) ? view.getUint16(vtable + at, true) : 0
  return offset === 0 ? 0 : table + offset
}

function follow(view: DataView, at: number): number {
  return at + view.getUint32(at, true)
}

function tables(view: DataView, at: number): number[] {
  if (at === 0) return []
  const vector = follow(view, at)
  const count = view.getUint32(vector, true)
  if (count * 4 > view.byteLength) throw new Error(`${count} fields do not fit`)
  return Array.from({ length: count }, (_, index) => follow(view, vector + 4 + 4 * index))
}

function text(view: DataView, at: number): string {
  const size = view.getUint32(at, true)
  if (at + 4 + size > view.byteLength) throw new Error('a name ends beyond the schema')
  return Buffer.from(view.buffer, view.byteOffset + at + 4, size).toString()
}
