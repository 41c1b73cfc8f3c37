// A page of texts as Parquet's PLAIN encoding has them, each behind its length: moved together where they lie.

/**
 * Moves the `count` texts of the `size` bytes at `from` together, over the lengths before them, and writes where each ends at
 * `offsets`, behind a 0; answers their bytes. Or -1, and nothing is moved, where the lengths do not fill the page or one
 * is above `most`.
 */
export function closeUp(from: usize, size: u32, count: u32, offsets: usize, most: u32): i32 {
  let at: u32 = 0
  let whole: u32 = 0
  store<u32>(offsets, 0)
  for (let text: u32 = 1; text <= count; text++) {
    if (at + 4 > size) return -1
    const length = load<u32>(from + at)
    at += 4
    if (length > most || length > size - at) return -1
    at += length
    whole += length
    store<u32>(offsets + text * 4, whole)
  }
  if (at != size) return -1
  let to = from
  for (let text: u32 = 1; text <= count; text++) {
    const next = from + load<u32>(offsets + text * 4)
    move(to, to + text * 4, <u32>(next - to))
    to = next
  }
  return whole
}

/** Moves bytes down, by 4 at least; up to 16 bytes behind them may be written over where that is no more than they moved. */
@inline
function move(to: usize, from: usize, size: u32): void {
  if (size > 256 || from - to < 16) memory.copy(to, from, size)
  else for (let i: u32 = 0; i < size; i += 16) v128.store(to + i, v128.load(from + i))
}

/**
 * Writes where each of the `count` texts of the `size` bytes at `from` ends at `ends`, of one that is not ASCII the complement;
 * answers 0, or -1 as closeUp does.
 */
export function findTexts(from: usize, size: u32, count: u32, ends: usize, most: u32): i32 {
  let at: u32 = 0
  for (let text: u32 = 0; text < count; text++) {
    if (at + 4 > size) return -1
    const length = load<u32>(from + at)
    at += 4
    if (length > most || length > size - at) return -1
    const end = at + length
    store<u32>(ends + text * 4, isAscii(from + at, from + end) ? end : ~end)
    at = end
  }
  return at == size ? 0 : -1
}

@inline
function isAscii(from: usize, end: usize): bool {
  for (; from + 64 <= end; from += 64) {
    const half = v128.or(v128.load(from), v128.load(from, 16))
    if (i8x16.bitmask(v128.or(half, v128.or(v128.load(from, 32), v128.load(from, 48))))) return false
  }
  for (; from + 8 <= end; from += 8) if (load<u64>(from) & 0x8080808080808080) return false
  for (; from < end; from++) if (load<u8>(from) > 127) return false
  return true
}
