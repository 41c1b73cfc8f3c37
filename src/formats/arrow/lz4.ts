import { decodeLz4Block } from '../lz4-block.js'

/** Bytes at the start of an LZ4 frame. */
const magic = 0x184d2204

/**
 * Decodes an LZ4 frame (lz4_Frame_format.md 1.6) into `plain`, which it must fill exactly. Its xxHash checksums
 * are passed over: Arrow's writers leave them out. Throws a plain Error on anything else.
 */
export function decompressLz4Frame(frame: Uint8Array, plain: Uint8Array): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (frame.length < 7 || view.getUint32(0, true) !== magic) throw new Error('not an LZ4 frame')
  const flags = view.getUint8(4)
  if (flags >> 6 !== 1) throw new Error('not a version of LZ4 frames that is known')
  if (flags & 1) throw new Error('the LZ4 frame needs a dictionary')
  const hasSize = (flags & 8) !== 0
  const blockChecksum = flags & 16 ? 4 : 0
  const plainSize = plain.length
  let at = hasSize ? 15 : 7
  let filled = 0
  for (;;) {
    const word = at + 4 <= frame.length ? view.getUint32(at, true) : fail()
    at += 4
    if (word === 0) break
    const size = word & 0x7fffffff
    const end = at + size
    if (end > frame.length) fail()
    if (word >>> 31) {
      if (filled + size > plainSize) fail()
      plain.set(frame.subarray(at, end), filled)
      filled += size
    } else {
      filled = decodeLz4Block(frame, at, end, plain, filled)
    }
    at = end + blockChecksum
  }
  if (filled !== plainSize) throw new Error(`an LZ4 frame of ${filled} bytes where ${plainSize} were announced`)
}

function fail(): never {
  throw new Error('the LZ4 frame is damaged')
}
