/**
 * Decodes Parquet's hybrid of run lengths and packed bits into `output`, never past its end, and answers the largest
 * value found. Throws an Error where the bytes from `start` to `end` are too few. Source: Parquet format, Encodings, RLE.
 */
export function decodeHybrid(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: number,
  output: Uint8Array | Uint16Array | Uint32Array,
): number {
  if (width > 32) throw new Error(`its values are ${width} bits wide`)
  const wholeBytes = (width + 7) >> 3
  let [at, seen, largest] = [start, 0, 0]
  while (seen < output.length) {
    let [head, shift] = [0, 0]
    for (;;) {
      if (at >= end) throw new Error(`it holds ${seen} levels or indexes where it promises ${output.length}`)
      const byte = bytes[at++]!
      head += (byte & 127) * 2 ** shift
      if (byte < 128) break
      shift += 7
      if (shift > 28) throw new Error('a run is longer than any page')
    }
    const left = output.length - seen
    if (head % 2 === 0) {
      if (at + wholeBytes > end) throw new Error('a run ends beyond the page')
      let value = 0
      for (let i = 0; i < wholeBytes; i++) value += bytes[at++]! * 2 ** (8 * i)
      const count = Math.min(head / 2, left)
      output.fill(value, seen, seen + count)
      seen += count
      if (count > 0 && value > largest) largest = value
      continue
    }
    const count = Math.min(((head - 1) / 2) * 8, left)
    // Writers may leave out the padding of the last group, but no byte that holds a value.
    if (at + Math.ceil((count * width) / 8) > end) throw new Error('a run ends beyond the page')
    largest = Math.max(largest, unpack(bytes, at, width, output, seen, count))
    seen += count
    at += ((head - 1) / 2) * width
  }
  return largest
}

function unpack(
  bytes: Uint8Array,
  start: number,
  width: number,
  output: Uint8Array | Uint16Array | Uint32Array,
  from: number,
  count: number,
): number {
  let largest = 0
  if (width === 1) {
    for (let i = 0; i < count; i++) {
      const value = (bytes[start + (i >> 3)]! >> (i & 7)) & 1
      output[from + i] = value
      if (value > largest) largest = value
    }
    return largest
  }
  // Up to 24 bits a value and what is left of a byte fit into 32.
  if (width > 24) return unpackWide(bytes, start, width, output, from, count)
  const mask = (1 << width) - 1
  let [held, bits, at] = [0, 0, start]
  for (let i = 0; i < count; i++) {
    while (bits < width) {
      held |= bytes[at++]! << bits
      bits += 8
    }
    const value = held & mask
    output[from + i] = value
    if (value > largest) largest = value
    held >>>= width
    bits -= width
  }
  return largest
}

function unpackWide(
  bytes: Uint8Array,
  start: number,
  width: number,
  output: Uint8Array | Uint16Array | Uint32Array,
  from: number,
  count: number,
): number {
  let largest = 0
  for (let i = 0; i < count; i++) {
    let value = 0
    for (let bit = 0; bit < width; bit++) {
      const at = i * width + bit
      if ((bytes[start + Math.floor(at / 8)]! >> (at % 8)) & 1) value += 2 ** bit
    }
    output[from + i] = value
    if (value > largest) largest = value
  }
  return largest
}

/** Bits that hold every level from 0 up to `largest`. */
export function bitWidth(largest: number): number {
  return 32 - Math.clz32(largest)
}
