// A memory of words and their pieces. It answers only for a word that is equal byte by byte, so nothing but speed
// depends on what it holds; a search looks at four entries, so no text can make it slow.

import { masks } from './layout'
import { advance, isFull, listEnd, waiting } from './list'
import { appendStretch } from './decode'

const ways: i32 = 4
/** Short: 16 bytes of word, 7 ids, their count, a use counter. Long: 64 bytes of word, 30 ids, their count, a use counter. */
const shortEntry: usize = 32
const longEntry: usize = 128
const shortIds: i32 = 7
const longIds: i32 = 30
export const longestWord: usize = 64

/** Two regions of zeros that the caller arranges, and how far a hash of 32 bits is shifted to give a set of each. */
export let shortWordsAt: usize = 0
export let longWordsAt: usize = 0
export let shortShift: u64 = 17
export let longShift: u64 = 19

// @ts-ignore: decorator
@inline
function mix(low: u64, high: u64): u64 {
  const a = (low ^ (low >> 29)) * 0x9e3779b97f4a7c15
  const b = (high ^ (high >> 31)) * 0xc2b2ae3d27d4eb4f
  return (a ^ rotl(b, 32)) * 0xd6e8feb86659fd93 >> 32
}

/** The entry used least of a set, an empty one first: counters are halved, so that what was common long ago can go, but not to 0. */
function leastUsed(set: usize, entry: usize): usize {
  let least = set
  for (let way = 1; way < ways; way++) {
    const other = set + <usize>way * entry
    if (load<u8>(other + entry - 1) < load<u8>(least + entry - 1)) least = other
  }
  for (let way = 0; way < ways; way++) {
    const counter = set + <usize>way * entry + entry - 1
    store<u8>(counter, <u8>((<u32>load<u8>(counter) + 1) >> 1))
  }
  return least
}

// @ts-ignore: decorator
@inline
function countUse(counter: usize): void {
  const uses = load<u8>(counter)
  store<u8>(counter, uses + <u8>(uses < 255))
}

/** Appends the pieces of the word `from..end`, at most 16 bytes of it. */
// @ts-ignore: decorator
@inline
export function appendShort(from: usize, end: usize): void {
  const key = v128.and(v128.load(from), v128.load(masks + ((end - from) << 4)))
  const low = i64x2.extract_lane(key, 0)
  const high = i64x2.extract_lane(key, 1)
  const set = shortWordsAt + (<usize>(mix(low, high) >> shortShift) << 7)
  for (let entry = set; entry < set + <usize>ways * shortEntry; entry += shortEntry) {
    if (load<u64>(entry) != low || load<u64>(entry, 8) != high) continue
    v128.store(listEnd(), v128.load(entry, 16))
    advance(load<u8>(entry, 30))
    countUse(entry + 31)
    return
  }
  missShort(from, end, low, high, set)
}

function missShort(from: usize, end: usize, low: u64, high: u64, set: usize): void {
  const first = waiting
  const ids = listEnd()
  appendStretch(from, end)
  const count = waiting - first
  // Of a stretch that fills the list only the first words may have been taken.
  if (count > shortIds || isFull()) return
  const entry = leastUsed(set, shortEntry)
  store<u64>(entry, low)
  store<u64>(entry, high, 8)
  v128.store(entry, v128.load(ids), 16)
  store<u8>(entry, <u8>count, 30)
  store<u8>(entry, 1, 31)
}

// @ts-ignore: decorator
@inline
function keyPart(from: usize, length: usize, part: usize): v128 {
  const left = length - min(length, part << 4)
  return v128.and(v128.load(from + (part << 4)), v128.load(masks + (min<usize>(left, 16) << 4)))
}

/** Appends the pieces of the word `from..end`, at most 64 bytes of it. */
export function appendLong(from: usize, end: usize): void {
  const length = end - from
  const a = v128.load(from)
  const b = keyPart(from, length, 1)
  const c = keyPart(from, length, 2)
  const d = keyPart(from, length, 3)
  const ab = mix(
    i64x2.extract_lane(a, 0) + rotl<u64>(i64x2.extract_lane(b, 0), 21),
    i64x2.extract_lane(a, 1) + rotl<u64>(i64x2.extract_lane(b, 1), 43),
  )
  const cd = mix(
    i64x2.extract_lane(c, 0) + rotl<u64>(i64x2.extract_lane(d, 0), 21),
    i64x2.extract_lane(c, 1) + rotl<u64>(i64x2.extract_lane(d, 1), 43),
  )
  const set = longWordsAt + (<usize>(mix(ab, cd) >> longShift) << 9)
  for (let entry = set; entry < set + <usize>ways * longEntry; entry += longEntry) {
    const differs = v128.or(
      v128.or(v128.xor(a, v128.load(entry)), v128.xor(b, v128.load(entry, 16))),
      v128.or(v128.xor(c, v128.load(entry, 32)), v128.xor(d, v128.load(entry, 48))),
    )
    if (v128.any_true(differs)) continue
    const to = listEnd()
    for (let at: usize = 0; at < 64; at += 16) v128.store(to + at, v128.load(entry + 64 + at))
    advance(load<u8>(entry, 126))
    countUse(entry + 127)
    return
  }
  const first = waiting
  const ids = listEnd()
  appendStretch(from, end)
  const count = waiting - first
  if (count > longIds || isFull()) return
  const entry = leastUsed(set, longEntry)
  v128.store(entry, a)
  v128.store(entry, b, 16)
  v128.store(entry, c, 32)
  v128.store(entry, d, 48)
  for (let at: usize = 0; at < 64; at += 16) v128.store(entry + 64 + at, v128.load(ids + at))
  store<u8>(entry, <u8>count, 126)
  store<u8>(entry, 1, 127)
}
