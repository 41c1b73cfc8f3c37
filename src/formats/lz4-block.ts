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

const hashBits = 14
/** Where four bytes of each hash were last seen, counted from 1; 0 for nowhere. */
const seen = new Int32Array(1 << hashBits)
const farthest = 65_535
/** A block ends in at least so many literals, and no match begins nearer to its end than the second figure. */
const [lastLiterals, lastMatch] = [5, 12]

/**
 * Encodes bytes as one LZ4 block: of every four bytes the last place where the like stood is tried, and steps grow where
 * nothing is found. Source: lz4_Block_format.md.
 */
export function encodeLz4Block(plain: Uint8Array): Uint8Array {
  const size = plain.length
  const out = new Uint8Array(size + Math.ceil(size / 255) + 16)
  const words = new DataView(plain.buffer, plain.byteOffset, size)
  seen.fill(0)
  let [to, anchor, misses] = [0, 0, 0]
  for (let at = 0; at <= size - lastMatch; ) {
    const word = words.getUint32(at, true)
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - hashBits)
    let found = seen[slot]! - 1
    seen[slot] = at + 1
    if (found < 0 || at - found > farthest || words.getUint32(found, true) !== word) {
      at += 1 + (misses++ >> 6)
      continue
    }
    misses = 0
    for (; at > anchor && found > 0 && plain[at - 1] === plain[found - 1]; at--) found--
    let length = 4
    while (at + length < size - lastLiterals && plain[found + length] === plain[at + length]) length++
    to = putLiterals(out, to, plain.subarray(anchor, at), length - 4)
    out[to++] = at - found
    out[to++] = (at - found) >> 8
    to = putRest(out, to, length - 4)
    at += length
    anchor = at
  }
  return out.subarray(0, putLiterals(out, to, plain.subarray(anchor), 0))
}

/** Puts a token and literals, and answers where they end; `more` is the length of the match behind them, beyond four. */
function putLiterals(out: Uint8Array, at: number, literals: Uint8Array, more: number): number {
  out[at] = (Math.min(15, literals.length) << 4) | Math.min(15, more)
  const to = putRest(out, at + 1, literals.length)
  out.set(literals, to)
  return to + literals.length
}

/** What a length is beyond the 15 that a token holds. */
function putRest(out: Uint8Array, at: number, length: number): number {
  if (length < 15) return at
  let to = at
  let left = length - 15
  for (; left >= 255; left -= 255) out[to++] = 255
  out[to++] = left
  return to
}
