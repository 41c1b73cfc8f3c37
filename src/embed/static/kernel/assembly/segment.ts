// The unigram segmenter of ../../viterbi.ts over the same trie: the same windows, scores and ties.

import { classes, nodes, path, paths, roots, slots, windowUnits } from './layout'
import { advance, isFull, listEnd, settleBlocks } from './list'

const classBits: i32 = 13
const commonClasses: i32 = 30
const lastSlot: i32 = (1 << 17) - 1
const unknownCost: i32 = 250000
const noPiece: i32 = 0xffff
/** Units of the longest piece, and the id of what is in no piece; the caller sets them. */
export let longestPiece: i32 = 1
export let unknownPiece: i32 = 0

// @ts-ignore: decorator
@inline
function classOf(unit: usize): i32 {
  return load<u16>(classes + (<usize>load<u16>(unit) << 1))
}

// @ts-ignore: decorator
@inline
function offer(end: i32, score: i32, from: i32, piece: i32): void {
  const place = paths + (<usize>end << 3)
  if (score > load<i32>(place)) {
    store<i64>(place, <i64>(<u32>score) | ((<i64>from) << 32) | ((<i64>piece) << 48))
  }
}

/** Finds the best path to every position up to `length`; answers with the last one that every path goes through. */
function findPaths(units: usize, length: i32): i32 {
  store<i64>(paths, 0)
  for (let end = 1; end <= length; end++) store<i32>(paths + (<usize>end << 3), i32.MIN_VALUE)
  let furthest = 0
  let crossing = 0
  for (let at = 0; at < length; at++) {
    if (furthest <= at && at + longestPiece <= length) crossing = at
    const score = load<i32>(paths + (<usize>at << 3))
    const from = units + (<usize>at << 1)
    let node = load<i32>(roots + (<usize>classOf(from) << 2))
    let end = at + 1
    let known = false
    for (;;) {
      const place = nodes + (<usize>node << 4)
      const piece: i32 = load<u16>(place, 12)
      if (piece != noPiece) {
        if (end == at + 1) known = true
        if (end > furthest) furthest = end
        offer(end, score + load<i32>(place, 4), at, piece)
      }
      if (end == length) break
      const unitClass = classOf(units + (<usize>end << 1))
      const children = load<u32>(place, 8)
      if (unitClass <= commonClasses) {
        const bit: u32 = 1 << unitClass
        if ((children & bit) == 0) break
        node = load<i32>(place) + popcnt<i32>(children & (bit - 1))
      } else {
        if (children >> 31 == 0) break
        node = otherChild((node << classBits) | unitClass)
        if (node == 0) break
      }
      end++
    }
    if (!known) offer(at + 1, score - unknownCost, at, unknownPiece)
  }
  return crossing
}

/** The child of that node and class, or 0. */
function otherChild(key: i32): i32 {
  let slot: i32 = <i32>(<u32>(key * <i32>0x9e3779b1) >> 15)
  let place = slots + (<usize>slot << 3)
  while (load<i32>(place) != key && load<i32>(place) != 0) {
    slot = (slot + 1) & lastSlot
    place = slots + (<usize>slot << 3)
  }
  return load<i32>(place, 4)
}

/** Appends the pieces of the best path to position `end`; `last` is the word's last piece before, and the answer after. */
function append(end: i32, last: i32): i32 {
  let steps: usize = 0
  for (let at = end; at > 0; ) {
    const place = paths + (<usize>at << 3)
    store<u16>(path + (steps++ << 1), load<u16>(place, 6))
    at = load<u16>(place, 4)
  }
  let to = listEnd()
  const first = to
  while (steps-- > 0) {
    const piece: i32 = load<u16>(path + (steps << 1))
    if (piece == unknownPiece && last == unknownPiece) continue
    store<u16>(to, <u16>piece)
    to += 2
    last = piece
  }
  advance(<i32>((to - first) >> 1))
  return last
}

/** Appends the pieces of a word, which starts with ▁, until the list is full. */
export function segment(units: usize, length: i32): void {
  let last = -1
  for (let base = 0; base < length && !isFull(); ) {
    const rest = length - base
    const crossing = findPaths(units + (<usize>base << 1), min(rest, windowUnits))
    const end = rest <= windowUnits ? rest : crossing > 0 ? crossing : windowUnits
    last = append(end, last)
    base += end
    // A word that may be remembered has fewer units than a window, and its ids stay where they are.
    if (length > windowUnits) settleBlocks()
  }
}
