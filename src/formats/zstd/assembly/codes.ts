// The codes of sequences (RFC 8878, sections 3.1.1.3.2.1 and 3.1.1.3.2.2): lengths of literals, lengths of matches, offsets.
import { accuracy, readDistribution, sequenceTable, takeDistribution } from './fse'

/**
 * Decoding tables. Entries name each other by place, in 16 bits; `sequenceTable` tells what they have in their low 48. Above them
 * entries of lengths have the length, without what its bits add, and at bit 10 how many these are; of 65,536, which one code
 * of either table begins at, the highest bit is left out.
 */
export const lengthTable = memory.data(512 * 8, 16)
export const matchTable = memory.data(512 * 8, 16)
/**
 * Entries of 16 bytes: at bit 48 how many bits the offset has, as 4 less their number (mod 64); behind these 8 bytes their mask
 * and what they are added to.
 */
export const offsetTable = memory.data(256 * 16, 16)
if (offsetTable > 0xf000) ERROR('the tables lie too high')

/** Where an entry counts the bits of the next state from. Fits the scale of its table: see `readSequences`. */
export const lengthNone: i32 = 61
export const matchNone: i32 = 64
export const offsetNone: i32 = 63

/** States' bits of the three tables, 255 where a table is not there yet. */
export let lengthLog: u32 = 255
export let matchLog: u32 = 255
export let offsetLog: u32 = 255
/** Whether some offsets have more than `nearBits` bits. */
export let isFar: bool = false
export const nearBits: u32 = 22

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


export function makeCodeTables(): void {
  makeLengths(lengthCodes, 36, 16, lengthAdded, 0)
  makeLengths(matchCodes, 53, 32, matchAdded, 3)
  for (let code: u32 = 0; code < 32; code++) store<u64>(offsetCodes + code * 8, <u64>((4 - code) & 63) << 48)
}

/** The first `plain` codes add no bits. */
function makeLengths(codes: usize, count: u32, plain: u32, bits: usize, first: u64): void {
  for (let code: u32 = 0; code < count; code++) {
    const added: u64 = code < plain ? 0 : <u64>load<u8>(bits + code - plain)
    store<u64>(codes + code * 8, (first << 48) | (added << 10))
    first += <u64>1 << added
  }
}

export function forgetTables(): void {
  lengthLog = matchLog = offsetLog = 255
}

/** Makes the tables that `modes` asks for; answers where the sequences begin, or 0. */
export function readTables(modes: u32, at: usize, end: usize): usize {
  if (modes >> 6 != 3) {
    at = readTable(modes >> 6, at, end, lengthTable, lengthCodes, 35, 9, lengthDefaults, 36, 6, 3, lengthNone)
    if (at == 0) return 0
    lengthLog = accuracy
  }
  if (((modes >> 4) & 3) != 3) {
    at = readTable((modes >> 4) & 3, at, end, offsetTable, offsetCodes, 31, 8, offsetDefaults, 29, 5, 4, offsetNone)
    if (at == 0) return 0
    offsetLog = accuracy
    addOffsets()
  }
  if (((modes >> 2) & 3) != 3) {
    at = readTable((modes >> 2) & 3, at, end, matchTable, matchCodes, 52, 9, matchDefaults, 53, 6, 3, matchNone)
    if (at == 0) return 0
    matchLog = accuracy
  }
  return lengthLog == 255 || offsetLog == 255 || matchLog == 255 ? 0 : at
}

/** Makes the table of one kind of code as `mode` says; answers where the next begins, or 0. Its bits are in `accuracy`. */
function readTable(
  mode: u32, at: usize, end: usize, table: usize, codes: usize, most: u32, mostLog: u32,
  defaults: usize, defaultCount: u32, defaultLog: u32, scale: u32, none: u32,
): usize {
  if (mode == 0) {
    takeDistribution(defaults, defaultCount, defaultLog)
    return sequenceTable(table, codes, scale, none) ? at : 0
  }
  if (mode == 1) {
    if (at >= end) return 0
    const code = <u32>load<u8>(at)
    if (code > most) return 0
    // One state, without bits.
    takeDistribution(0, 0, 0)
    store<u64>(table, load<u64>(codes + code * 8) | (<u64>table << 16) | <u64>(none & 63))
    return at + 1
  }
  const bytes = readDistribution(at, end, most, mostLog)
  return bytes > 0 && sequenceTable(table, codes, scale, none) ? at + bytes : 0
}

/** Behind each entry of an offset the mask of its bits, and what they are added to: 3 less than RFC 8878 has it. */
function addOffsets(): void {
  isFar = false
  for (let entry = offsetTable; entry < offsetTable + (16 << offsetLog); entry += 16) {
    const bits = offsetBits(entry)
    if (bits > nearBits) isFar = true
    store<u32>(entry, (1 << bits) - 1, 8)
    store<u32>(entry, (1 << bits) - 3, 12)
  }
}

@inline
export function offsetBits(entry: usize): u32 {
  return (4 - <u32>load<u8>(entry, 6)) & 63
}
