// The sequences of a block (RFC 8878, sections 3.1.1.3.2 and 3.1.1.4), read some hundreds ahead of the copies they ask for:
// apart, each of the two loops has all it works with in registers.
import {
  isFar, lengthLog, lengthNone, lengthTable, matchLog, matchNone, matchTable, nearBits,
  offsetBits, offsetLog, offsetNone, offsetTable, readTables,
} from './codes'
import { copyRest, queueEnd, queued, run, startCopies } from './copies'
import { highBit } from './fse'

/** The bits not read yet, `left` of them from `begin` on. */
let begin: usize = 0
let left: i32 = 0
/** Entries of the three tables: the states. */
let length: usize = 0
let match: usize = 0
let offset: usize = 0

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
  startCopies()
  if (count == 0) return at == end ? copyRest(out, outEnd) : 0
  if (at >= end) return 0
  const modes = <u32>load<u8>(at++)
  if (modes & 3) return 0
  at = readTables(modes, at, end)
  if (at == 0 || at >= end || load<u8>(end - 1) == 0) return 0
  return decode(count, at, end, outStart, out, outEnd)
}

function decode(count: u32, start: usize, end: usize, outStart: usize, to: usize, outEnd: usize): usize {
  begin = start
  left = <i32>((end - start) * 8) - <i32>(8 - highBit(load<u8>(end - 1)))
  length = lengthTable + (take(lengthLog) << 3)
  offset = offsetTable + (take(offsetLog) << 4)
  match = matchTable + (take(matchLog) << 3)
  let out = to
  // The last one has no states behind it.
  for (; count > 1; ) {
    const some = min(count - 1, queued)
    const first = queueEnd - some * 12
    for (let entry = first; entry != queueEnd; ) {
      if (!isFar) entry = readSequences(entry)
      if (entry == queueEnd) break
      readSequence(entry)
      nextStates()
      entry += 12
    }
    if (left < 0) return 0
    out = run(first, outStart, out, outEnd)
    if (out == 0) return 0
    count -= some
  }
  readSequence(queueEnd - 12)
  if (left != 0) return 0
  out = run(queueEnd - 12, outStart, out, outEnd)
  return out == 0 ? 0 : copyRest(out, outEnd)
}

/** The next `count` bits. */
function take(count: i32): u32 {
  left -= count
  return <u32>((load<u64>(begin + (left >> 3)) >> <u64>(left & 7)) & ((<u64>1 << <u64>count) - 1))
}

/** Reads one sequence, however long it is. */
function readSequence(entry: usize): void {
  const l = load<u64>(length)
  const m = load<u64>(match)
  store<u32>(entry, take(offsetBits(offset)) + load<u32>(offset, 12))
  store<u32>(entry, take(addedBits(m)) + valueOf(m), 8)
  store<u32>(entry, take(addedBits(l)) + valueOf(l), 4)
}

@inline
function addedBits(entry: u64): i32 {
  return <i32>(entry >> 10) & 31
}

@inline
function valueOf(entry: u64): u32 {
  // Sixteen bits are added by the last code alone, whose base has a seventeenth.
  return <u32>(entry >> 48) | (<u32>(entry << 2) & 0x10000)
}

function nextStates(): void {
  length = nextState(length, 3, lengthNone)
  match = nextState(match, 3, matchNone)
  offset = nextState(offset, 4, offsetNone)
}

@inline
function nextState(entry: usize, scale: u32, none: i32): usize {
  return load<u16>(entry, 2) + (take((none - load<u8>(entry)) & 63) << scale)
}

/**
 * Reads sequences into the queue from `entry` to its end, and the states behind each; answers where it stopped, which
 * may be before one that takes many bits. It looks for no end of the bits: what lies before them makes states too, and the caller
 * looks at `left`.
 *
 * A shift by what is left of a word takes the next bits down to bit 0, or to bit 3 or 4 where they are added to the place of an
 * entry of 8 or 16 bytes: hence the numbers that entries count from. Shifts take their count modulo 64, so that
 * an entry serves as one with all it has above.
 */
export function readSequences(entry: usize): usize {
  let ofLength = length
  let ofMatch = match
  let ofOffset = offset
  // Of the word at `at` 52 to 59 bits are left, four more than `room`; one sequence takes 48 at most.
  let at: usize = begin + ((left - 52) >> 3)
  let room: u64 = left - ((left - 52) >> 3) * 8 - 4
  do {
    const bits = load<u64>(at)
    let here = room + load<u8>(ofOffset, 6)
    store<u32>(entry, (<u32>(bits >> here) & load<u32>(ofOffset, 8)) + load<u32>(ofOffset, 12))
    const l = load<u64>(ofLength)
    const both = l + load<u64>(ofMatch)
    if (both & 0xfc00) {
      const lengthBits = (l >> 10) & 31
      const bothBits = (both >> 10) & 63
      if (bothBits + offsetBits(ofOffset) > nearBits) break
      here -= bothBits - lengthBits
      store<u32>(entry, (<u32>(bits >> here) & ((1 << <u32>(bothBits - lengthBits)) - 1)) + load<u16>(ofMatch, 6), 8)
      here -= lengthBits
      store<u32>(entry, (<u32>(bits >> here) & ((1 << <u32>lengthBits) - 1)) + load<u16>(ofLength, 6), 4)
    } else {
      store<u32>(entry, load<u16>(ofLength, 6), 4)
      store<u32>(entry, load<u16>(ofMatch, 6), 8)
    }
    ofLength = <u32>load<u16>(ofLength, 2) + (<u32>(bits >> (here + l)) & load<u16>(ofLength, 4))
    // No entry lies at 0. A branch makes the compiler end one state before it loads for the next, or registers run out.
    if (ofLength == 0) break
    here += both
    ofMatch = <u32>load<u16>(ofMatch, 2) + (<u32>(bits >> here) & load<u16>(ofMatch, 4))
    if (ofMatch == 0) break
    here += load<u64>(ofOffset)
    ofOffset = <u32>load<u16>(ofOffset, 2) + (<u32>(bits >> here) & load<u16>(ofOffset, 4))
    at += <usize>((here >> 3) & 7) - 6
    room = (here & 7) | 48
    entry += 12
  } while (entry != queueEnd)
  length = ofLength
  match = ofMatch
  offset = ofOffset
  left = <i32>(at - begin) * 8 + <i32>room + 4
  return entry
}
