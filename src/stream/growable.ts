/** Bytes that are appended to; those from `length` on are room. */
export type Growable = { bytes: Buffer; length: number }

/** Begins with no bytes, and room for `size`; default 64 KiB. */
export function growable(size = 1 << 16): Growable {
  return { bytes: Buffer.allocUnsafeSlow(size), length: 0 }
}

/** Makes room for `size` more bytes, and for as much again as there is where that is more. */
export function reserve(out: Growable, size: number): void {
  const needed = out.length + size
  if (needed <= out.bytes.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * out.bytes.length))
  out.bytes.copy(larger, 0, 0, out.length)
  out.bytes = larger
}

/** Appends a copy of the bytes. */
export function append(out: Growable, bytes: Uint8Array): void {
  reserve(out, bytes.length)
  out.bytes.set(bytes, out.length)
  out.length += bytes.length
}

/** Appends `count` times the same byte. */
export function appendFill(out: Growable, byte: number, count: number): void {
  reserve(out, count)
  out.bytes.fill(byte, out.length, out.length + count)
  out.length += count
}

/** Appends one byte. */
export function appendByte(out: Growable, byte: number): void {
  reserve(out, 1)
  out.bytes[out.length++] = byte
}

/** Seven bits a byte, lowest first, the eighth saying that more follow. */
export function appendVarInt(out: Growable, value: number): void {
  let left = value
  for (; left >= 128; left = Math.floor(left / 128)) appendByte(out, (left & 127) | 128)
  appendByte(out, left)
}

/** What was appended, in the same memory. */
export function taken(out: Growable): Buffer {
  return out.bytes.subarray(0, out.length)
}
