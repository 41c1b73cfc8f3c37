/** Copies go by four bytes, so that up to three more than asked for are touched: as near the end as that, they go singly. */
const slack = 4

/**
 * Decodes the LZ4 block in bytes `start` to `end`, appending to `plain` from `from`; answers where it stopped. Throws a plain
 * Error for what is none, or does not fit. Source: lz4_Block_format.md.
 */
export function decodeLz4Block(bytes: Uint8Array, start: number, end: number, plain: Uint8Array, from: number): number {
  const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const target = new DataView(plain.buffer, plain.byteOffset, plain.byteLength)
  const room = plain.length
  let [at, to] = [start, from]
  while (at < end) {
    const token = bytes[at++]!
    let literals = token >> 4
    if (literals === 15) {
      for (let more = 255; more === 255; literals += more) more = at < end ? bytes[at++]! : fail()
    }
    if (at + literals > end || to + literals > room) fail()
    if (literals > 64) plain.set(bytes.subarray(at, at + literals), to)
    else if (at + literals + slack <= end && to + literals + slack <= room) {
      for (let i = 0; i < literals; i += 4) target.setUint32(to + i, source.getUint32(at + i, true), true)
    } else for (let i = 0; i < literals; i++) plain[to + i] = bytes[at + i]!
    at += literals
    to += literals
    // The last sequence is literals alone.
    if (at === end) return to
    if (at + 2 > end) fail()
    const distance = source.getUint16(at, true)
    at += 2
    let length = (token & 15) + 4
    if (length === 19) {
      for (let more = 255; more === 255; length += more) more = at < end ? bytes[at++]! : fail()
    }
    if (distance === 0 || distance > to || to + length > room) fail()
    // A copy that overlaps itself repeats what it has just written, so it may go no faster than that lies behind.
    if (distance >= length && length > 64) plain.copyWithin(to, to - distance, to - distance + length)
    else if (distance >= 4 && to + length + slack <= room) {
      const behind = to - distance
      for (let i = 0; i < length; i += 4) target.setUint32(to + i, target.getUint32(behind + i, true), true)
    } else for (let i = 0; i < length; i++) plain[to + i] = plain[to + i - distance]!
    to += length
  }
  return to
}

function fail(): never {
  throw new Error('the LZ4 block is damaged')
}
