// Texts of UTF-8 to the characters that JavaScript keeps: a byte each where all are below 256, else UTF-16.

/** The answer for bytes that are no UTF-8 (RFC 3629). */
const broken: i32 = i32.MIN_VALUE

/**
 * Writes the text of the `size` bytes at `from` at `to`, where twice as many and 32 more may be written over: as UTF-16, and
 * answers its units, or in a byte a character where that holds them all, and answers the complement of how many.
 */
export function decodeUtf8(from: usize, size: u32, to: usize): i32 {
  const end = from + size
  let at = to
  let seen: u32 = 0
  while (from < end) {
    const bytes = v128.load(from)
    v128.store(at, i16x8.extend_low_i8x16_u(bytes))
    v128.store(at, i16x8.extend_high_i8x16_u(bytes), 16)
    // The bit behind the sixteen ends a block that is ASCII throughout.
    const ascii = min<usize>(<usize>ctz(i8x16.bitmask(bytes) | 0x10000), end - from)
    from += ascii
    at += 2 * ascii
    while (from < end && load<u8>(from) > 127) {
      if (end - from >= 12 && fourOfThree(from, at)) {
        // Above 255, as all that take three bytes.
        seen = 256
        from += 12
        at += 8
        continue
      }
      const lead = <u32>load<u8>(from)
      const more: usize = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
      if (lead < 0xc2 || lead > 0xf4 || more >= end - from) return broken
      let point = (lead & (0x3f >> <u32>more)) << 6 | continuation(from + 1)
      if (more > 1) point = point << 6 | continuation(from + 2)
      if (more > 2) point = point << 6 | continuation(from + 3)
      // A byte that continues nothing shows in the high bits. So long a form for so low a character is no UTF-8, nor half a pair.
      if (more == 2 && (point < 0x800 || (point & 0xfff800) == 0xd800)) return broken
      if (more == 3 && point < 0x10000) return broken
      if (point > 0x10ffff) return broken
      if (point < 0x10000) {
        store<u16>(at, <u16>point)
        at += 2
      } else {
        store<u16>(at, <u16>(0xd7c0 + (point >> 10)))
        store<u16>(at, <u16>(0xdc00 | (point & 0x3ff)), 2)
        at += 4
      }
      seen |= point
      from += 1 + more
    }
  }
  const units = <u32>((at - to) >> 1)
  if (seen > 255) return units
  narrow(to, units)
  return ~units
}

/** Writes the units of four characters of three bytes each, as those of Chinese are; false where the next twelve bytes are others. */
@inline
function fourOfThree(from: usize, at: usize): bool {
  const none: u8 = 255
  const apart = i8x16(0, 1, 2, none, 3, 4, 5, none, 6, 7, 8, none, 9, 10, 11, none)
  const bytes = i8x16.swizzle(v128.load(from), apart)
  const marks = v128.and(bytes, i32x4.splat(0xc0c0f0))
  if (!i32x4.all_true(i32x4.eq(marks, i32x4.splat(0x8080e0)))) return false
  const first = i32x4.shl(v128.and(bytes, i32x4.splat(0x0f)), 12)
  const second = v128.and(i32x4.shr_u(bytes, 2), i32x4.splat(0xfc0))
  const third = v128.and(i32x4.shr_u(bytes, 16), i32x4.splat(0x3f))
  const points = v128.or(first, v128.or(second, third))
  const kept = v128.and(points, i32x4.splat(0xf800))
  const bad = v128.or(i32x4.eq(kept, i32x4.splat(0)), i32x4.eq(kept, i32x4.splat(0xd800)))
  if (v128.any_true(bad)) return false
  v128.store(at, i16x8.narrow_i32x4_u(points, points))
  return true
}

/** The six bits of a byte that continues a character; of another all bits are set. */
@inline
function continuation(at: usize): u32 {
  const byte = <u32>load<u8>(at)
  return (byte & 0xc0) == 0x80 ? byte & 0x3f : u32.MAX_VALUE
}

function narrow(at: usize, units: u32): void {
  for (let i: u32 = 0; i < units; i += 16) {
    const from = at + 2 * i
    v128.store(at + i, i8x16.narrow_i16x8_u(v128.load(from), v128.load(from, 16)))
  }
}
