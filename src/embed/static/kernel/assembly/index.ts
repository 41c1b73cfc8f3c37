// AssemblyScript, compiled by src/kernels.mjs: UTF-8 bytes to vectors, with the pieces and the bits of ../../plain.ts. Pointers
// are byte offsets into a memory that the caller makes.

import { appendStretch } from './decode'
import { blockPieces } from './layout'
import { isFull, settleBlocks, settleRest, startList, waiting } from './list'
import { writeUnit } from './pool'
import { appendLong, appendShort, longestWord } from './words'

export { normalizedAt, unitsAt } from './decode'
export { classes, masks, nodes, normal, pool, roots, rows, scales, slots } from './layout'
export { longestPiece, unknownPiece } from './segment'
export { longShift, longWordsAt, shortShift, shortWordsAt } from './words'
export { startList as start } from './list'

/** A bit for each of 64 bytes that is white space, which is everything up to U+0020. */
// @ts-ignore: decorator
@inline
function spaces(at: usize): u64 {
  const space = i8x16.splat(0x20)
  const a = <u64>(<u32>i8x16.bitmask(i8x16.le_u(v128.load(at), space)))
  const b = <u64>(<u32>i8x16.bitmask(i8x16.le_u(v128.load(at, 16), space)))
  const c = <u64>(<u32>i8x16.bitmask(i8x16.le_u(v128.load(at, 32), space)))
  const d = <u64>(<u32>i8x16.bitmask(i8x16.le_u(v128.load(at, 48), space)))
  return a | (b << 16) | (c << 32) | (d << 48)
}

/** Appends the pieces of the words of `text..end`, of which the byte at `end` is white space. */
function scan(text: usize, end: usize): void {
  let from = text
  for (let block = text; ; block += 64) {
    let mask = spaces(block)
    while (mask != 0) {
      const to = block + <usize>ctz(mask)
      mask &= mask - 1
      const length = to - from
      if (length - 1 < 16) appendShort(from, to)
      else if (length > longestWord) appendStretch(from, to)
      else if (length > 16) appendLong(from, to)
      if (isFull() || to == end) return
      if (waiting >= blockPieces) settleBlocks()
      from = to + 1
    }
  }
}

/**
 * Takes up the words of `text..end`; a word does not go on from one call to the next. 64 bytes behind `end` must be there.
 * Answers whether the text has as many pieces as count.
 */
export function feed(text: usize, end: usize): bool {
  if (waiting >= blockPieces) settleBlocks()
  const behind = load<u8>(end)
  store<u8>(end, 0x20)
  scan(text, end)
  store<u8>(end, behind)
  return isFull()
}

/** Writes the vector of all that was fed since `start` to `out`, which holds zeros. */
export function finish(out: usize): void {
  settleRest()
  writeUnit(out)
}

/** The vectors of `count` texts one after another: text i lies at `text + offsets[i]` and ends where the next begins. */
export function embed(text: usize, offsets: usize, count: i32, maxPieces: i32, out: usize): void {
  for (let row: usize = 0; row < <usize>count; row++) {
    const begin = text + <usize>load<i32>(offsets + (row << 2))
    const end = text + <usize>load<i32>(offsets + (row << 2), 4)
    startList(maxPieces)
    feed(begin, end)
    finish(out + row * 512)
  }
}
