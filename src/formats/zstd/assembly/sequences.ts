// The sequences of a block: how they are read, and what they make of the literals (RFC 8878, sections 3.1.1.3.2 and 3.1.1.4).
import { accuracy, highBit, readDistribution, sequenceTable, takeDistribution } from './fse'
import { literals, literalsEnd } from './literals'

/** Base value and added bits of each code, 8 bytes each; made once. */
const lengthCodes = memory.data(36 * 8, 16)
const matchCodes = memory.data(53 * 8, 16)
const offsetCodes = memory.data(32 * 8, 16)
const lengthAdded = memory.data<u8>([1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
const matchAdded = memory.data<u8>([1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])

const lengthDefaults = memory.data<i8>([
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1,
])
const matchDefaults = memory.data<i8>([
  1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
])
const offsetDefaults = memory.data<i8>([
  1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
])

const lengthTable = memory.data(512 * 8, 16)
const matchTable = memory.data(512 * 8, 16)
const offsetTable = memory.data(256 * 8, 16)
/** States' bits of the three tables, 0xff where a table is not there yet. */
let lengthLog: u32 = 255
let matchLog: u32 = 255
let offsetLog: u32 = 255

/** The last three offsets. */
let offset1: u32 = 1
let offset2: u32 = 4
let offset3: u32 = 8

export function makeCodeTables(): void {
  let base: u32 = 0
  for (let code: u32 = 0; code < 36; code++) {
    const added = code < 16 ? 0 : <u32>load<u8>(lengthAdded + code - 16)
    store<u32>(lengthCodes + code * 8, base)
    store<u32>(lengthCodes + code * 8 + 4, added)
    base += 1 << added
  }
  base = 3
  for (let code: u32 = 0; code < 53; code++) {
    const added = code < 32 ? 0 : <u32>load<u8>(matchAdded + code - 32)
    store<u32>(matchCodes + code * 8, base)
    store<u32>(matchCodes + code * 8 + 4, added)
    base += 1 << added
  }
  for (let code: u32 = 0; code < 32; code++) {
    store<u32>(offsetCodes + code * 8, 1 << code)
    store<u32>(offsetCodes + code * 8 + 4, code)
  }
}

export function forgetSequences(): void {
  lengthLog = matchLog = offsetLog = 255
  offset1 = 1
  offset2 = 4
  offset3 = 8
}

/** Makes the table of one kind of code as `mode` says; answers where the next begins, or 0. Its bits are in `accuracy`. */
function readTable(
  mode: u32, at: usize, end: usize, table: usize, codes: usize, most: u32, mostLog: u32,
  defaults: usize, defaultCount: u32, defaultLog: u32,
): usize {
  if (mode == 0) {
    takeDistribution(defaults, defaultCount, defaultLog)
    return sequenceTable(table, codes) ? at : 0
  }
  if (mode == 1) {
    if (at >= end) return 0
    const code = <u32>load<u8>(at)
    if (code > most) return 0
    store<u64>(table, (<u64>load<u32>(codes + code * 8) << 32) | (<u64>load<u32>(codes + code * 8 + 4) << 24))
    return at + 1
  }
  const bytes = readDistribution(at, end, most, mostLog)
  return bytes > 0 && sequenceTable(table, codes) ? at + bytes : 0
}

/** Writes what the sequences from `at` to `end` make; answers where that ends, or 0 where they are broken. */
export function runSequences(at: usize, end: usize, outStart: usize, out: usize, outEnd: usize): usize {
  if (at >= end) return 0
  let count = <u32>load<u8>(at++)
  if (count >= 128) {
    if (at + 2 > end) return 0
    if (count < 255) count = ((count - 128) << 8) + load<u8>(at++)
    else {
      count = <u32>load<u16>(at) + 0x7f00
      at += 2
    }
  }
  if (count == 0) return at == end ? copyRest(literals, out, outEnd) : 0
  if (at >= end) return 0
  const modes = <u32>load<u8>(at++)
  if (modes & 3) return 0
  if (modes >> 6 != 3) {
    at = readTable(modes >> 6, at, end, lengthTable, lengthCodes, 35, 9, lengthDefaults, 36, 6)
    if (at == 0) return 0
    lengthLog = modes >> 6 == 1 ? 0 : accuracy
  }
  if (((modes >> 4) & 3) != 3) {
    at = readTable((modes >> 4) & 3, at, end, offsetTable, offsetCodes, 31, 8, offsetDefaults, 29, 5)
    if (at == 0) return 0
    offsetLog = ((modes >> 4) & 3) == 1 ? 0 : accuracy
  }
  if (((modes >> 2) & 3) != 3) {
    at = readTable((modes >> 2) & 3, at, end, matchTable, matchCodes, 52, 9, matchDefaults, 53, 6)
    if (at == 0) return 0
    matchLog = ((modes >> 2) & 3) == 1 ? 0 : accuracy
  }
  if (lengthLog == 255 || offsetLog == 255 || matchLog == 255) return 0
  if (at >= end || load<u8>(end - 1) == 0) return 0
  return decode(count, at, end, outStart, out, outEnd)
}

/** The unread bits of a stream moved to the top of a word, 57 of them at least. */
@inline
function bitsBelow(start: usize, left: i32): u64 {
  const bytes = (left + 7) >> 3
  return load<u64>(start + bytes - 8) << <u64>(bytes * 8 - left)
}

@inline
function topBits(bits: u64, count: u64): u32 {
  return <u32>((bits >> 1) >> (63 - count))
}

function decode(count: u32, start: usize, end: usize, outStart: usize, to: usize, outEnd: usize): usize {
  let out = to
  let literal = literals
  const lastLiteral = literalsEnd
  let left: i32 = <i32>((end - start) * 8) - <i32>(8 - highBit(load<u8>(end - 1)))
  let bits = bitsBelow(start, left)
  let length = lengthTable + (topBits(bits, lengthLog) << 3)
  bits <<= <u64>lengthLog
  let offset = offsetTable + (topBits(bits, offsetLog) << 3)
  bits <<= <u64>offsetLog
  let match = matchTable + (topBits(bits, matchLog) << 3)
  left -= lengthLog + offsetLog + matchLog
  let last1 = offset1
  let last2 = offset2
  let last3 = offset3
  for (;;) {
    if (left < 0) return 0
    const lengthEntry = load<u64>(length)
    const offsetEntry = load<u64>(offset)
    const matchEntry = load<u64>(match)
    const lengthBits = (lengthEntry >> 24) & 255
    const offsetBits = (offsetEntry >> 24) & 255
    const matchBits = (matchEntry >> 24) & 255
    const added = <i32>(lengthBits + offsetBits + matchBits)
    bits = bitsBelow(start, left)
    left -= added
    // Apart from the values, whose bits come first, so that the next states need not wait for them.
    let states = added > 30 ? bitsBelow(start, left) : bits << <u64>added
    let distance = <u32>(offsetEntry >> 32) + topBits(bits, offsetBits)
    bits <<= offsetBits
    // Longer than a word holds: the lengths of two rare kinds behind a far offset.
    if (added > 56) bits = bitsBelow(start, left + <i32>(lengthBits + matchBits))
    const matched = <u32>(matchEntry >> 32) + topBits(bits, matchBits)
    bits <<= matchBits
    const plain = <u32>(lengthEntry >> 32) + topBits(bits, lengthBits)
    if (offsetBits > 1) {
      distance -= 3
      last3 = last2
      last2 = last1
      last1 = distance
    } else {
      const which = distance - (plain == 0 ? 0 : 1)
      if (which == 0) distance = last1
      else {
        distance = which == 1 ? last2 : which == 2 ? last3 : last1 - 1
        if (which > 1) last3 = last2
        last2 = last1
        last1 = distance
      }
    }
    if (--count > 0) {
      const lengthNext = (lengthEntry >> 16) & 255
      const matchNext = (matchEntry >> 16) & 255
      const offsetNext = (offsetEntry >> 16) & 255
      length = lengthTable + ((<u32>(lengthEntry & 0xffff) + topBits(states, lengthNext)) << 3)
      states <<= lengthNext
      match = matchTable + ((<u32>(matchEntry & 0xffff) + topBits(states, matchNext)) << 3)
      states <<= matchNext
      offset = offsetTable + ((<u32>(offsetEntry & 0xffff) + topBits(states, offsetNext)) << 3)
      left -= <i32>(lengthNext + matchNext + offsetNext)
    }
    if (plain > <u32>(lastLiteral - literal) || plain + matched > <u32>(outEnd - out)) return 0
    // What is copied beyond its end is written over by what comes next; both sides have room for that.
    v128.store(out, v128.load(literal))
    if (plain > 16) {
      for (let i: u32 = 16; i < plain; i += 16) v128.store(out + i, v128.load(literal + i))
    }
    literal += plain
    out += plain
    if (distance == 0 || distance > <u32>(out - outStart)) return 0
    copyMatch(out, distance, matched)
    out += matched
    if (count == 0) break
  }
  if (left != 0) return 0
  offset1 = last1
  offset2 = last2
  offset3 = last3
  return copyRest(literal, out, outEnd)
}

@inline
function copyMatch(out: usize, distance: u32, size: u32): void {
  const from = out - distance
  if (distance >= 16) {
    v128.store(out, v128.load(from))
    v128.store(out + 16, v128.load(from + 16))
    for (let i: u32 = 32; i < size; i += 16) v128.store(out + i, v128.load(from + i))
  } else if (distance >= 8) {
    for (let i: u32 = 0; i < size; i += 8) store<u64>(out + i, load<u64>(from + i))
  } else {
    for (let i: u32 = 0; i < size; i++) store<u8>(out + i, load<u8>(from + i))
  }
}

/** The literals behind the last sequence. */
function copyRest(literal: usize, out: usize, outEnd: usize): usize {
  const size = literalsEnd - literal
  if (size > outEnd - out) return 0
  memory.copy(out, literal, size)
  return out + size
}
