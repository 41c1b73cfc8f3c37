// UTF-8 to UTF-16 in NFKC, for one stretch between two white spaces. Bytes that are no UTF-8 become U+FFFD as the
// Encoding Standard says, one for each maximal part.

import { blockPieces, normal, pool } from './layout'
import { isFull, settleBlocks, waiting } from './list'
import { segment } from './segment'

/** Normalises `count` units at `unitsAt + 2`, writing to `normalizedAt + 2`, both of which it may move; answers the new count. */
// @ts-ignore: decorator
@external("env", "normalize")
declare function askNormalized(count: i32): i32

/** Two regions the caller arranges: units of the longest stretch there can be, and what NFKC made of them; even more a unit in front. */
export let unitsAt: usize = 0
export let normalizedAt: usize = 0

const replacement: u32 = 0xfffd
const wordStart: u16 = 0x2581

/** Whether a character came by that must be seen with its neighbours. */
let needsContext: bool = false

/** Writes `unit` at `to`, in NFKC if it should be; answers the place behind. */
// @ts-ignore: decorator
@inline
function put(to: usize, unit: u32, normalized: bool): usize {
  const change = normalized ? <usize>load<u16>(normal + (<usize>unit << 1)) : 0
  if (change == 0) {
    store<u16>(to, <u16>unit)
    return to + 2
  }
  if (change == 1) {
    needsContext = true
    return to
  }
  const place = pool + (change << 1)
  const count: usize = load<u16>(place)
  for (let i: usize = 0; i < count; i++) store<u16>(to + (i << 1), load<u16>(place + 2 + (i << 1)))
  return to + (count << 1)
}

/** Decodes `from..end` to `to`; answers the place behind the last unit. Stops early where context is needed and NFKC was asked for. */
function decode(from: usize, end: usize, to: usize, normalized: bool): usize {
  while (from < end) {
    const lead: u32 = load<u8>(from++)
    if (lead < 0x80) {
      store<u16>(to, <u16>lead)
      to += 2
      continue
    }
    let more = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
    let point: u32 = more == 0 ? replacement : lead & (0x3f >> more)
    // The second byte's range leaves out what is too long, a surrogate, or beyond U+10FFFF.
    let low: u32 = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80
    let high: u32 = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf
    for (; more > 0; more--) {
      const next: u32 = from < end ? <u32>load<u8>(from) : 0
      if (next < low || next > high) {
        point = replacement
        break
      }
      point = (point << 6) | (next & 0x3f)
      low = 0x80
      high = 0xbf
      from++
    }
    if (point < 0x10000) {
      to = put(to, point, normalized)
    } else if (normalized) {
      needsContext = true
    } else {
      store<u16>(to, <u16>(0xd7c0 + (point >> 10)))
      store<u16>(to, <u16>(0xdc00 + (point & 0x3ff)), 2)
      to += 4
    }
    if (needsContext) return to
  }
  return to
}

/** Appends the pieces of the words that the stretch `from..end` holds: one, unless NFKC makes white space within it. */
export function appendStretch(from: usize, end: usize): void {
  needsContext = false
  const start = unitsAt + 2
  let units = unitsAt
  let last = decode(from, end, start, true)
  if (needsContext) {
    needsContext = false
    const count = <i32>((decode(from, end, start, false) - start) >> 1)
    const normalizedCount = askNormalized(count)
    units = normalizedAt
    last = units + 2 + (<usize>normalizedCount << 1)
  }
  // ▁ takes the place of the white space before a word, or the one that is kept free in front of the first.
  for (let at = units + 2; at < last && !isFull(); at += 2) {
    const first = at
    while (at < last && load<u16>(at) > 0x20) at += 2
    if (at > first) {
      store<u16>(first - 2, wordStart)
      segment(first - 2, <i32>((at - first) >> 1) + 1)
      // Not sooner: what 64 bytes come to is remembered from where it lies.
      if (waiting >= 2 * blockPieces) settleBlocks()
    }
  }
}
