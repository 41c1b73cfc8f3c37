// The literals of a block: raw, one byte repeated, or Huffman codes in one or four streams (RFC 8878, sections 3.1.1.3.1 and 4.2).
import { accuracy, highBit, readDistribution, symbolTable } from './fse'

/** Codes are at most 11 bits; every table is of that width, 2 bytes an entry: symbol 8, bits 8. */
const width: u32 = 11
const codes = memory.data(2 * 2048, 16)
const weights = memory.data(256, 16)
const weightStates = memory.data(64 * 4, 16)
const ranks = memory.data(16 * 4, 16)
const buffer = memory.data((128 << 10) + 64, 16)

/** Where the literals of the block lie, and where they end. */
export let literals: usize = 0
export let literalsEnd: usize = 0
let hasCodes: bool = false

export function forgetCodes(): void {
  hasCodes = false
}

/** Makes the literals ready; answers where the sequences begin, or 0 where the section is broken. */
export function readLiterals(at: usize, end: usize): usize {
  if (at + 1 > end) return 0
  const head = load<u32>(at)
  const kind = head & 3
  const format = (head >> 2) & 3
  if (kind < 2) {
    const long = format & 1 ? format : 0
    const size = long == 0 ? (head & 255) >> 3 : long == 1 ? (head & 0xffff) >> 4 : (head & 0xffffff) >> 4
    at += long == 0 ? 1 : long == 1 ? 2 : 3
    if (size > 128 << 10) return 0
    if (kind == 0) {
      if (at + size > end) return 0
      literals = at
      literalsEnd = at + size
      return at + size
    }
    if (at + 1 > end) return 0
    memory.fill(buffer, load<u8>(at), size)
    literals = buffer
    literalsEnd = buffer + size
    return at + 1
  }
  const wide = load<u64>(at) >> 4
  const bits: u64 = format < 2 ? 10 : format == 2 ? 14 : 18
  const mask = (<u64>1 << bits) - 1
  const size = <u32>(wide & mask)
  const packed = <u32>((wide >> bits) & mask)
  at += format < 2 ? 3 : format == 2 ? 4 : 5
  if (size > 128 << 10 || at + packed > end) return 0
  const behind = at + packed
  if (kind == 2) {
    at = readCodes(at, behind)
    if (at == 0) return 0
    hasCodes = true
  }
  if (!hasCodes) return 0
  literals = buffer
  literalsEnd = buffer + size
  const done = format == 0 ? oneStream(at, behind, buffer, buffer + size) : fourStreams(at, behind, size)
  return done ? behind : 0
}

/** Reads the weights and makes the table of codes; answers where the streams begin, or 0. */
function readCodes(at: usize, end: usize): usize {
  if (at >= end) return 0
  const head = <u32>load<u8>(at++)
  let count: u32 = 0
  if (head >= 128) {
    count = head - 127
    const bytes = (count + 1) >> 1
    if (at + bytes > end) return 0
    for (let i: u32 = 0; i < count; i++) {
      const pair = load<u8>(at + (i >> 1))
      store<u8>(weights + i, i & 1 ? pair & 15 : pair >> 4)
    }
    at += bytes
  } else {
    if (at + head > end) return 0
    count = readWeights(at, at + head)
    if (count == 0) return 0
    at += head
  }
  return makeCodes(count) ? at : 0
}

/** Weights by two interleaved states; their number is known by where the stream runs out. */
function readWeights(at: usize, end: usize): u32 {
  const bytes = readDistribution(at, end, 12, 6)
  if (bytes == 0 || !symbolTable(weightStates)) return 0
  const start = at + bytes
  if (start >= end || load<u8>(end - 1) == 0) return 0
  let left: i32 = <i32>((end - start) * 8) - <i32>(8 - highBit(load<u8>(end - 1)))
  const log = accuracy
  left -= log
  let first = bitsAt(start, left, log)
  left -= log
  let second = bitsAt(start, left, log)
  if (left < 0) return 0
  let count: u32 = 0
  while (count < 254) {
    const entry = load<u32>(weightStates + first * 4)
    store<u8>(weights + count++, <u8>(entry >> 24))
    const bits = (entry >> 16) & 255
    left -= bits
    if (left < 0) {
      store<u8>(weights + count++, <u8>(load<u32>(weightStates + second * 4) >> 24))
      return count
    }
    first = second
    second = (entry & 0xffff) + bitsAt(start, left, bits)
  }
  return 0
}

@inline
function bitsAt(start: usize, bit: i32, count: u32): u32 {
  if (bit < 0) return 0
  return (load<u32>(start + (bit >> 3)) >> (bit & 7)) & ((1 << count) - 1)
}

function makeCodes(given: u32): bool {
  let sum: u32 = 0
  memory.fill(ranks, 0, 64)
  for (let i: u32 = 0; i < given; i++) {
    const weight = <u32>load<u8>(weights + i)
    if (weight > width) return false
    if (weight > 0) sum += 1 << (weight - 1)
  }
  if (sum == 0) return false
  const bits = highBit(sum) + 1
  const rest = (1 << bits) - sum
  // The last weight is left out: it is what makes the sum a power of two.
  if (bits > width || (rest & (rest - 1)) != 0) return false
  store<u8>(weights + given, <u8>(highBit(rest) + 1))
  const count = given + 1
  for (let i: u32 = 0; i < count; i++) {
    const rank = ranks + <u32>load<u8>(weights + i) * 4
    store<u32>(rank, load<u32>(rank) + 1)
  }
  if (load<u32>(ranks + 4) < 2 || (load<u32>(ranks + 4) & 1) != 0) return false
  // Codes of one weight lie side by side, the light ones first, each as wide in the table as its code is short.
  let at: u32 = 0
  for (let weight: u32 = 1; weight <= bits; weight++) {
    const many = load<u32>(ranks + weight * 4)
    store<u32>(ranks + weight * 4, at)
    at += many << (weight - 1 + width - bits)
  }
  for (let symbol: u32 = 0; symbol < count; symbol++) {
    const weight = <u32>load<u8>(weights + symbol)
    if (weight == 0) continue
    const rank = ranks + weight * 4
    const start = load<u32>(rank)
    const run: u32 = 1 << (weight - 1 + width - bits)
    const entry = <u16>((symbol << 8) | (bits + 1 - weight))
    for (let i: u32 = 0; i < run; i++) store<u16>(codes + (start + i) * 2, entry)
    store<u32>(rank, start + run)
  }
  return true
}

/** Decodes a stream to its last bit, which must also be its last symbol. */
function oneStream(start: usize, end: usize, to: usize, toEnd: usize): bool {
  if (start >= end || load<u8>(end - 1) == 0) return false
  return finishStream(start, <i32>((end - start) * 8) - <i32>(8 - highBit(load<u8>(end - 1))), to, toEnd)
}

/** Decodes what is left of a stream of `left` bits. */
function finishStream(start: usize, left: i32, to: usize, toEnd: usize): bool {
  while (to < toEnd) {
    const from = left - <i32>width
    const index =
      from >= 0
        ? (load<u32>(start + (from >> 3)) >> (from & 7)) & 2047
        : left > 0
          ? ((load<u32>(start) & ((1 << left) - 1)) << -from) & 2047
          : 0
    const entry = load<u16>(codes + index * 2)
    left -= entry & 255
    if (left < 0) return false
    store<u8>(to++, <u8>(entry >> 8))
  }
  return left == 0
}

/** Bits of a stream that stand in front, the lowest set bit telling how many are used up. */
@inline
function refill(at: usize, used: u64): u64 {
  return (load<u64>(at) | 1) << used
}

@inline
function openStream(end: usize): u64 {
  return refill(end - 8, 8 - highBit(load<u8>(end - 1)))
}

function fourStreams(at: usize, end: usize, size: u32): bool {
  if (at + 10 > end || size < 6) return false
  const start1 = at + 6
  const start2 = start1 + load<u16>(at)
  const start3 = start2 + load<u16>(at + 2)
  const start4 = start3 + load<u16>(at + 4)
  if (start4 >= end) return false
  const quarter = (size + 3) >> 2
  let to1 = buffer
  const end1 = to1 + quarter
  let to2 = end1
  const end2 = to2 + quarter
  let to3 = end2
  const end3 = to3 + quarter
  let to4 = end3
  const end4 = buffer + size
  if (end3 > end4) return false
  if (
    start1 == start2 || start2 == start3 || start3 == start4 ||
    load<u8>(start2 - 1) == 0 || load<u8>(start3 - 1) == 0 || load<u8>(start4 - 1) == 0 || load<u8>(end - 1) == 0
  ) return false
  let at1 = start2 - 8
  let at2 = start3 - 8
  let at3 = start4 - 8
  let at4 = end - 8
  let bits1 = openStream(start2)
  let bits2 = openStream(start3)
  let bits3 = openStream(start4)
  let bits4 = openStream(end)
  // Five codes of eleven bits are in sight of every refill. All four streams are of about the same length.
  while (at1 >= start1 && at2 >= start2 && at3 >= start3 && at4 >= start4 && to4 + 5 <= end4 && to1 + 5 <= end1) {
    for (let i: usize = 0; i < 5; i++) {
      const entry1 = <u32>load<u16>(codes + <usize>(bits1 >> 53) * 2)
      const entry2 = <u32>load<u16>(codes + <usize>(bits2 >> 53) * 2)
      const entry3 = <u32>load<u16>(codes + <usize>(bits3 >> 53) * 2)
      const entry4 = <u32>load<u16>(codes + <usize>(bits4 >> 53) * 2)
      bits1 <<= <u64>(entry1 & 255)
      bits2 <<= <u64>(entry2 & 255)
      bits3 <<= <u64>(entry3 & 255)
      bits4 <<= <u64>(entry4 & 255)
      store<u8>(to1 + i, <u8>(entry1 >> 8))
      store<u8>(to2 + i, <u8>(entry2 >> 8))
      store<u8>(to3 + i, <u8>(entry3 >> 8))
      store<u8>(to4 + i, <u8>(entry4 >> 8))
    }
    to1 += 5
    to2 += 5
    to3 += 5
    to4 += 5
    const used1 = <usize>ctz(bits1)
    const used2 = <usize>ctz(bits2)
    const used3 = <usize>ctz(bits3)
    const used4 = <usize>ctz(bits4)
    at1 -= used1 >> 3
    at2 -= used2 >> 3
    at3 -= used3 >> 3
    at4 -= used4 >> 3
    bits1 = refill(at1, <u64>(used1 & 7))
    bits2 = refill(at2, <u64>(used2 & 7))
    bits3 = refill(at3, <u64>(used3 & 7))
    bits4 = refill(at4, <u64>(used4 & 7))
  }
  return (
    finishStream(start1, left(start1, at1, bits1), to1, end1) &&
    finishStream(start2, left(start2, at2, bits2), to2, end2) &&
    finishStream(start3, left(start3, at3, bits3), to3, end3) &&
    finishStream(start4, left(start4, at4, bits4), to4, end4)
  )
}

/** Bits of a stream that are not used up. */
@inline
function left(start: usize, at: usize, bits: u64): i32 {
  return (<i32>at - <i32>start + 8) * 8 - <i32>ctz(bits)
}
