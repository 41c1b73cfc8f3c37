// Finite state entropy: distributions read from a block and the decoding tables made of them (RFC 8878, section 4.1).

const norm = memory.data(256 * 2, 8)
const next = memory.data(256 * 2, 8)
const spread = memory.data(512, 8)

/** How many symbols the distribution read last has, and its accuracy. */
export let symbols: u32 = 0
export let accuracy: u32 = 0

@inline
export function highBit(value: u32): u32 {
  return 31 - clz(value)
}

/** Reads a distribution that ends before `end`; answers how many bytes it takes, or 0 where it is none. */
export function readDistribution(at: usize, end: usize, most: u32, mostLog: u32): u32 {
  if (at >= end) return 0
  accuracy = (load<u8>(at) & 15) + 5
  if (accuracy > mostLog) return 0
  let remaining: i32 = 1 << accuracy
  let bit: u32 = 4
  let symbol: u32 = 0
  while (remaining > 0) {
    if (symbol > most || at + (bit >> 3) >= end) return 0
    const wide = <i32>highBit(remaining + 1) + 1
    const bits = <i32>(load<u32>(at + (bit >> 3)) >> (bit & 7))
    const low: i32 = (1 << (wide - 1)) - 1
    const threshold: i32 = (1 << wide) - 2 - remaining
    let value: i32 = bits & low
    if (value < threshold) bit += wide - 1
    else {
      value = bits & ((1 << wide) - 1)
      if (value > low) value -= threshold
      bit += wide
    }
    const probability = value - 1
    remaining -= probability < 0 ? 1 : probability
    store<i16>(norm + symbol * 2, <i16>probability)
    symbol++
    if (probability == 0) {
      for (let zeros: u32 = 3; zeros == 3; ) {
        zeros = (load<u16>(at + (bit >> 3)) >> (bit & 7)) & 3
        bit += 2
        if (symbol + zeros > most + 1) return 0
        for (let i: u32 = 0; i < zeros; i++) store<i16>(norm + symbol++ * 2, 0)
        if (at + (bit >> 3) > end) return 0
      }
    }
  }
  if (remaining != 0 || symbol > most + 1) return 0
  symbols = symbol
  const bytes = (bit + 7) >> 3
  return at + bytes > end ? 0 : bytes
}

/** Takes a distribution that the format itself defines. */
export function takeDistribution(values: usize, count: u32, log: u32): void {
  for (let i: u32 = 0; i < count; i++) store<i16>(norm + i * 2, load<i8>(values + i))
  symbols = count
  accuracy = log
}

/** Deals the symbols of the distribution out over the states; false where they do not fill them. */
function deal(): bool {
  const size: u32 = 1 << accuracy
  const mask = size - 1
  const step = (size >> 1) + (size >> 3) + 3
  let high = size
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = <i32>load<i16>(norm + symbol * 2)
    store<u16>(next + symbol * 2, <u16>(count < 0 ? 1 : count))
    if (count < 0) store<u8>(spread + --high, <u8>symbol)
  }
  let at: u32 = 0
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = <i32>load<i16>(norm + symbol * 2)
    for (let i = 0; i < count; i++) {
      store<u8>(spread + at, <u8>symbol)
      do at = (at + step) & mask
      while (at >= high)
    }
  }
  return at == 0
}

/**
 * Makes a table for sequences. A state's entry, of `1 << scale` bytes, is what `codes` has of its symbol in 8 bytes and, for the
 * state behind it: at bit 32 the mask of the bits that are added, at 16 the entry that they are added to, both as places in
 * memory, and at 0 how many bits that is, as `none` less their number.
 */
export function sequenceTable(table: usize, codes: usize, scale: u32, none: u32): bool {
  if (!deal()) return false
  const size: u32 = 1 << accuracy
  for (let state: u32 = 0; state < size; state++) {
    const symbol = <u32>load<u8>(spread + state)
    const count = <u32>load<u16>(next + symbol * 2)
    store<u16>(next + symbol * 2, <u16>(count + 1))
    const bits = accuracy - highBit(count)
    const mask: u64 = ((1 << bits) - 1) << scale
    const base: u64 = table + (((count << bits) - size) << scale)
    const after = (mask << 32) | (base << 16) | <u64>((none - bits) & 63)
    store<u64>(table + (state << scale), load<u64>(codes + symbol * 8) | after)
  }
  return true
}

/** Makes a table of symbols alone, 4 bytes a state: symbol 8, bits of the next state 8, its base 16. */
export function symbolTable(table: usize): bool {
  if (!deal()) return false
  const size: u32 = 1 << accuracy
  for (let state: u32 = 0; state < size; state++) {
    const symbol = <u32>load<u8>(spread + state)
    const count = <u32>load<u16>(next + symbol * 2)
    store<u16>(next + symbol * 2, <u16>(count + 1))
    const bits = accuracy - highBit(count)
    store<u32>(table + state * 4, (symbol << 24) | (bits << 16) | ((count << bits) - size))
  }
  return true
}
