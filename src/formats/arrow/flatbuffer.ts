/**
 * A table inside bytes that nobody vouches for, laid out as FlatBuffers says. Every step is checked against the bytes, and
 * spends from a budget in proportion to them, so that tables which point at each other cannot be walked for ever. All
 * functions throw a RangeError.
 */
export type Table = { view: DataView; at: number; budget: { left: number } }

/** The root table of a buffer. */
export function rootTable(bytes: Uint8Array): Table {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const budget = { left: 4 * bytes.byteLength + 1024 }
  inside(view, 0, 4)
  return tableAt({ view, at: 0, budget }, view.getUint32(0, true))
}

/** The table that field number `field` points at, or undefined where it is absent. */
export function tableField(table: Table, field: number): Table | undefined {
  const at = fieldAt(table, field, 4)
  return at === undefined ? undefined : tableAt(table, at + table.view.getUint32(at, true))
}

/** A field of 1, 2, 4 or 8 bytes, signed, or `absent`. A long one beyond 2^53 is rounded, and out of any limit anyway. */
export function intField(table: Table, field: number, bytes: 1 | 2 | 4 | 8, absent = 0): number {
  const at = fieldAt(table, field, bytes)
  if (at === undefined) return absent
  if (bytes === 1) return table.view.getInt8(at)
  if (bytes === 2) return table.view.getInt16(at, true)
  return bytes === 4 ? table.view.getInt32(at, true) : longAt(table.view, at)
}

/** A vector's first byte and its count of elements, each `size` bytes; none where the field is absent. */
export function vectorField(table: Table, field: number, size: number): { at: number; count: number } {
  const pointer = fieldAt(table, field, 4)
  if (pointer === undefined) return { at: 0, count: 0 }
  const start = pointer + table.view.getUint32(pointer, true)
  inside(table.view, start, 4)
  const count = table.view.getUint32(start, true)
  inside(table.view, start + 4, count * size)
  spend(table, count * size)
  return { at: start + 4, count }
}

/** The tables of a vector of tables. */
export function* tablesField(table: Table, field: number): Generator<Table> {
  const { at, count } = vectorField(table, field, 4)
  for (let i = 0; i < count; i++) yield tableAt(table, at + 4 * i + table.view.getUint32(at + 4 * i, true))
}

/** A signed 64-bit number as the nearest number. */
export function longAt(view: DataView, at: number): number {
  return view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)
}

function tableAt({ view, budget }: Table, at: number): Table {
  inside(view, at, 4)
  const layout = at - view.getInt32(at, true)
  inside(view, layout, 4)
  const size = view.getUint16(layout, true)
  // Readers take this number for signed.
  if (size < 4 || size > 0x7fff) throw new RangeError(`a table's layout is ${size} bytes`)
  inside(view, layout, size)
  const table = { view, at, budget }
  spend(table, size)
  return table
}

function fieldAt({ view, at }: Table, field: number, bytes: number): number | undefined {
  const layout = at - view.getInt32(at, true)
  const slot = 4 + 2 * field
  const offset = slot + 2 <= view.getUint16(layout, true) ? view.getUint16(layout + slot, true) : 0
  if (offset === 0) return undefined
  if (offset > 0x7fff) throw new RangeError(`a table's field lies ${offset} bytes into it`)
  inside(view, at + offset, bytes)
  return at + offset
}

function inside(view: DataView, at: number, bytes: number): void {
  if (!(at >= 0 && at + bytes <= view.byteLength)) {
    throw new RangeError(`metadata points at bytes ${at} to ${at + bytes} of ${view.byteLength}`)
  }
}

function spend({ budget, view }: Table, bytes: number): void {
  budget.left -= bytes + 1
  if (budget.left < 0) throw new RangeError(`metadata of ${view.byteLength} bytes points at the same ones too often`)
}
