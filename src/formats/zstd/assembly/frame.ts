// One zstd frame to plain bytes (RFC 8878, section 3.1.1). Whatever it does not take, a frame with a checksum, a dictionary or
// others behind it, and whatever is broken, is answered with -1 for another decoder to judge.
import { forgetTables, makeCodeTables } from './codes'
import { forgetOffsets } from './copies'
import { forgetCodes, readLiterals } from './literals'
import { runSequences } from './sequences'

export { closeUp, findTexts } from './texts'
export { decodeUtf8 } from './utf8'

makeCodeTables()

/** The first byte of memory that is the caller's. 32 bytes before and behind whatever it puts there must be its own. */
export function base(): usize {
  return __heap_base
}

/** Decodes the frame of `size` bytes at `from` to `to`, where `room` bytes are; answers how many it made, or -1. */
export function decompress(to: usize, room: usize, from: usize, size: usize): i32 {
  const end = from + size
  let at = readHeader(from, end)
  if (at == 0) return -1
  forgetCodes()
  forgetTables()
  forgetOffsets()
  const outEnd = to + room
  let out = to
  for (let isLast = false; !isLast; ) {
    if (at + 3 > end) return -1
    const head = load<u32>(at) & 0xffffff
    at += 3
    isLast = (head & 1) != 0
    const kind = (head >> 1) & 3
    const bytes: usize = head >> 3
    if (bytes > 128 << 10 || kind == 3) return -1
    if (kind == 1) {
      if (at >= end || bytes > outEnd - out) return -1
      memory.fill(out, load<u8>(at++), bytes)
      out += bytes
    } else {
      if (bytes > end - at) return -1
      if (kind == 0) {
        if (bytes > outEnd - out) return -1
        memory.copy(out, at, bytes)
        out += bytes
      } else {
        const sequences = readLiterals(at, at + bytes)
        if (sequences == 0) return -1
        out = runSequences(sequences, at + bytes, to, out, outEnd)
        if (out == 0) return -1
      }
      at += bytes
    }
  }
  if (at != end || (isTold && told != <u64>(out - to))) return -1
  return <i32>(out - to)
}

/** The plain size that the header tells, where it does. */
let isTold: bool = false
let told: u64 = 0

function readHeader(at: usize, end: usize): usize {
  if (end - at < 6 || load<u32>(at) != 0xfd2fb528) return 0
  const descriptor = load<u8>(at + 4)
  // The low four bits: a checksum, a reserved bit, a dictionary.
  if (descriptor & 15) return 0
  const isSingle = (descriptor & 32) != 0
  const sizeBytes: usize = descriptor >> 6 == 0 ? (isSingle ? 1 : 0) : 1 << (descriptor >> 6)
  at += 5 + (isSingle ? 0 : 1)
  isTold = sizeBytes > 0
  const size = load<u64>(at)
  told = sizeBytes == 1 ? size & 255 : sizeBytes == 2 ? (size & 0xffff) + 256 : sizeBytes == 4 ? size & 0xffffffff : size
  at += sizeBytes
  return at < end ? at : 0
}
