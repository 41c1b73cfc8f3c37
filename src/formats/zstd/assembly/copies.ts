// What sequences make of the literals (RFC 8878, sections 3.1.1.4 and 3.1.1.5): literals and matches, copied one behind another.
import { literals, literalsEnd } from './literals'

/** Sequences read but not yet run, 12 bytes each: offset value less 3, literals, length of the match. They end at `queueEnd`. */
export const queued: u32 = 512
const queue = memory.data(512 * 12, 16)
export const queueEnd: usize = queue + 512 * 12
/** Offsets, the last one on top; the three below `recent` are those that a sequence may repeat. */
const offsets = memory.data((512 + 4) * 4, 16)
let recent: usize = 0
/** The next literal, and where the output of `runShort` ends. */
let literal: usize = 0
let written: usize = 0

/** The three offsets that a frame begins with. */
export function forgetOffsets(): void {
  store<u32>(offsets, 8)
  store<u32>(offsets, 4, 4)
  store<u32>(offsets, 1, 8)
  recent = offsets + 12
}

/** The literals are to be taken from their first. */
export function startCopies(): void {
  literal = literals
}

/** Does what the sequences of the queue say from `entry` on; answers where the output then ends, or 0. */
export function run(entry: usize, outStart: usize, out: usize, outEnd: usize): usize {
  for (;;) {
    entry = runShort(entry, outStart, out, outEnd)
    out = written
    if (entry == queueEnd) break
    out = runAny(entry, outStart, out, outEnd)
    if (out == 0) return 0
    entry += 12
    if (entry == queueEnd) break
  }
  // The three that may be repeated go back to the bottom.
  const last = recent
  store<u64>(offsets, load<u64>(last - 12))
  store<u32>(offsets, load<u32>(last - 4), 8)
  recent = offsets + 12
  return out
}

/** Runs sequences up to the first that is not short, or not sound; answers where that is. No call and no loop within the loop. */
export function runShort(entry: usize, outStart: usize, to: usize, outEnd: usize): usize {
  let out = to
  let from = literal
  let last = recent
  do {
    const plain = load<u32>(entry, 4)
    // What is copied beyond its end is written over by what comes next; both sides have room for that.
    v128.store(out, v128.load(from))
    if (plain > 16) {
      if (plain > 32) break
      v128.store(out, v128.load(from, 16), 16)
    }
    if (from + plain > literalsEnd) break
    const begins = out + plain
    const matched = load<u32>(entry, 8)
    const ends = begins + matched
    if (ends > outEnd) break
    const distance = load<i32>(entry)
    if (distance < 16) break
    const match = begins - distance
    if (<i32>match < <i32>outStart) break
    v128.store(begins, v128.load(match))
    v128.store(begins, v128.load(match, 16), 16)
    if (matched > 32) {
      if (matched > 64) break
      v128.store(begins, v128.load(match, 32), 32)
      v128.store(begins, v128.load(match, 48), 48)
    }
    store<u32>(last, distance)
    last += 4
    from += plain
    out = ends
    entry += 12
  } while (entry != queueEnd)
  literal = from
  recent = last
  written = out
  return entry
}

function runAny(entry: usize, outStart: usize, out: usize, outEnd: usize): usize {
  const plain = load<u32>(entry, 4)
  const matched = load<u32>(entry, 8)
  const from = literal
  if (plain > <u32>(literalsEnd - from) || plain + matched > <u32>(outEnd - out)) return 0
  literal = from + plain
  v128.store(out, v128.load(from))
  if (plain > 16) copyFar(out, from, plain)
  out += plain
  const distance = takeOffset(load<i32>(entry), plain)
  if (distance == 0 || distance > <u32>(out - outStart)) return 0
  if (distance >= 16) {
    v128.store(out, v128.load(out - distance))
    copyFar(out, out - distance, matched)
  } else copyNear(out, distance, matched)
  return out + matched
}

/** The offset that a value stands for: where it is not above 0, one of the last three. */
function takeOffset(distance: i32, plain: u32): u32 {
  const top = recent
  if (distance > 0) {
    store<u32>(top, distance)
    recent = top + 4
    return distance
  }
  // One of 2 GB wraps to below all others.
  if (distance < -2) return 0
  const which = distance + 2 + (plain == 0 ? 1 : 0)
  const last1 = load<u32>(top - 4)
  if (which == 0) return last1
  const last2 = load<u32>(top - 8)
  const last3 = load<u32>(top - 12)
  const taken = which == 1 ? last2 : which == 2 ? last3 : last1 - 1
  if (which > 1) store<u32>(top - 12, last2)
  store<u32>(top - 8, last1)
  store<u32>(top - 4, taken)
  return taken
}

/** Copies `size` bytes, of which 16 are copied already. */
function copyFar(to: usize, from: usize, size: u32): void {
  for (let i: u32 = 16; i < size; i += 16) v128.store(to + i, v128.load(from + i))
}

/** A match that overlaps itself within 16 bytes. */
function copyNear(out: usize, distance: u32, size: u32): void {
  const from = out - distance
  if (distance >= 8) {
    for (let i: u32 = 0; i < size; i += 8) store<u64>(out + i, load<u64>(from + i))
  } else {
    for (let i: u32 = 0; i < size; i++) store<u8>(out + i, load<u8>(from + i))
  }
}

/** The literals behind the last sequence. */
export function copyRest(out: usize, outEnd: usize): usize {
  const size = literalsEnd - literal
  if (size > outEnd - out) return 0
  memory.copy(out, literal, size)
  return out + size
}
