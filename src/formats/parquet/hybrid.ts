import { appendByte, appendVarInt, type Growable, reserve } from '../../stream/growable.js'

/** Bits that hold every number from 0 to `largest`. */
export function bitsFor(largest: number): number {
  return 32 - Math.clz32(largest)
}

/**
 * Appends numbers in Parquet's hybrid of run lengths and bit packing, `width` bits each. Source: Parquet format, Encodings.
 */
export function appendHybrid(
  out: Growable,
  values: ArrayLike<number>,
  start: number,
  end: number,
  width: number,
): void {
  let packedFrom = start
  let at = start
  while (at < end) {
    const value = values[at]!
    let stop = at + 1
    while (stop < end && values[stop] === value) stop++
    if (stop - at >= 8) {
      if (packedFrom < at) appendPacked(out, values, packedFrom, at, width)
      appendRun(out, value, stop - at, width)
      at = stop
      packedFrom = at
    } else {
      // Packed values come in groups of eight, and only the last group may be padded.
      at = Math.min(at + 8, end)
    }
  }
  if (packedFrom < at) appendPacked(out, values, packedFrom, at, width)
}

function appendRun(out: Growable, value: number, count: number, width: number): void {
  appendVarInt(out, count * 2)
  for (let bits = 0; bits < width; bits += 8) appendByte(out, (value >>> bits) & 255)
}

function appendPacked(out: Growable, values: ArrayLike<number>, start: number, end: number, width: number): void {
  const groups = Math.ceil((end - start) / 8)
  appendVarInt(out, groups * 2 + 1)
  reserve(out, groups * width)
  const { bytes } = out
  let at = out.length
  let [held, bits] = [0, 0]
  for (let i = start; i < start + groups * 8; i++) {
    let value = i < end ? values[i]! : 0
    // A value may be wider than what is left of the 32 bits that fit here, so it goes in by bytes.
    for (let left = width; left > 0; left -= 8, value >>>= 8) {
      held |= (value & 255) << bits
      bits += Math.min(left, 8)
      if (bits >= 8) {
        bytes[at++] = held & 255
        held >>>= 8
        bits -= 8
      }
    }
  }
  out.length = at
}
