/**
 * A number in (0, 1) that depends on its arguments alone: the same for any shard order, batch size or worker count.
 * All randomness in sluice is this hash of (seed, id, use), never a shared generator. `seed` counts modulo 2^32.
 */
export function uniform(seed: number, id: string, use: string): number {
  const high = hash32(id, hash32(use, seed >>> 0))
  const low = hash32(id, hash32(use, (seed ^ 0x9e3779b9) >>> 0))
  // 52 bits, shifted by half a step so that neither 0 nor 1 can come out; with 53 the half step would round up to 1.
  return (high * 0x100000 + (low >>> 12) + 0.5) / 0x10000000000000
}

/** MurmurHash3 (x86, 32 bits) over the string's UTF-16 code units. */
export function hash32(text: string, seed = 0): number {
  let h = seed | 0
  const pairs = text.length & ~1
  for (let i = 0; i < pairs; i += 2) {
    h ^= scramble(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16))
    h = (h << 13) | (h >>> 19)
    h = (Math.imul(h, 5) + 0xe6546b64) | 0
  }
  if (pairs < text.length) h ^= scramble(text.charCodeAt(pairs))
  h ^= text.length * 2
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function scramble(k: number): number {
  k = Math.imul(k, 0xcc9e2d51)
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593)
}
