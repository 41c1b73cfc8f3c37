import { createSegmenter } from '../text/segment.js'
import type { Fingerprinter } from './fingerprint.js'

export type MinHashOptions = {
  /** Texts meet when all hashes of one band agree; default 20 bands. */
  bands?: number
  /** Hashes of a band; default 5. */
  rows?: number
  /** Tokens of a shingle, which are words, or characters where a script has no spaces; default 5. */
  ngram?: number
  seed?: number
}

/**
 * MinHash fingerprints (Broder 1997) for locality-sensitive hashing: two texts whose shingles have the Jaccard
 * similarity J meet with a probability of 1 − (1 − J^rows)^bands, and `likeness` estimates J with an error of about
 * √(J(1 − J) / (rows · bands)). Of each hash a byte is kept (b-bit minwise hashing, Li and König 2010).
 */
export function createMinHash({ bands = 20, rows = 5, ngram = 5, seed = 0 }: MinHashOptions = {}): Fingerprinter {
  for (const [name, value] of Object.entries({ bands, rows, ngram })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new TypeError(`Expected \`${name}\` to be an integer from 1 up, got \`${value}\``)
    }
  }
  const hashes = bands * rows
  // Four hashes are taken at a time.
  const least = new Int32Array(4 * Math.ceil(hashes / 4))
  const factors = least.map((_, n) => mix(Math.imul(2 * n + 1, 0x9e3779b1) ^ seed) | 1)
  const addends = least.map((_, n) => mix(Math.imul(2 * n + 2, 0x9e3779b1) ^ seed))
  const shingles = createShingler(ngram)
  return {
    bands,
    bytes: hashes,
    mark(text, keys, bytes) {
      const { words, count } = shingles(text)
      if (count === 0) {
        keys.fill(0, 0, 2 * bands)
        bytes.fill(0, 0, hashes)
        return
      }
      for (let n = 0; n < least.length; n += 4) leastOfFour(words, count, { least, factors, addends }, n)
      for (let n = 0; n < hashes; n++) bytes[n] = least[n]!
      for (let band = 0; band < bands; band++) writeKey(least, band * rows, rows, keys, 2 * band)
    },
    likeness(a, b) {
      let equal = 0
      for (let n = 0; n < hashes; n++) if (a[n] === b[n]) equal++
      // Of different hashes, one byte in 256 agrees all the same.
      return Math.max(0, (equal / hashes - 1 / 256) / (1 - 1 / 256))
    },
  }
}

type Hashes = { least: Int32Array; factors: Int32Array; addends: Int32Array }

/** The least of (x · factor + addend) mod 2^32, as signed numbers, of hashes n to n + 3: each word is loaded once for four. */
function leastOfFour(words: Int32Array, count: number, { least, factors, addends }: Hashes, n: number): void {
  const [fa, fb, fc, fd] = [factors[n]!, factors[n + 1]!, factors[n + 2]!, factors[n + 3]!]
  const [aa, ab, ac, ad] = [addends[n]!, addends[n + 1]!, addends[n + 2]!, addends[n + 3]!]
  let [a, b, c, d] = [0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff]
  for (let at = 0; at < count; at++) {
    const word = words[at]!
    const ha = (Math.imul(word, fa) + aa) | 0
    if (ha < a) a = ha
    const hb = (Math.imul(word, fb) + ab) | 0
    if (hb < b) b = hb
    const hc = (Math.imul(word, fc) + ac) | 0
    if (hc < c) c = hc
    const hd = (Math.imul(word, fd) + ad) | 0
    if (hd < d) d = hd
  }
  least[n] = a
  least[n + 1] = b
  least[n + 2] = c
  least[n + 3] = d
}

function writeKey(least: Int32Array, from: number, rows: number, keys: Uint32Array, at: number): void {
  let [low, high] = [0, 0x2545f491]
  for (let n = from; n < from + rows; n++) {
    low = mix(low ^ least[n]!)
    high = mix(Math.imul(high, 0x01000193) + least[n]!)
  }
  keys[at] = low
  keys[at + 1] = high || 1
}

/** Hashes of a text's shingles, in its order; a text shorter than a shingle has one, of all its tokens. */
function createShingler(ngram: number): (text: string) => { words: Int32Array; count: number } {
  const base = 0x2c1b3c6d
  // What a token weighs when it leaves the shingle.
  let leaving = 1
  for (let n = 0; n < ngram; n++) leaving = Math.imul(leaving, base)
  const segment = createSegmenter()
  let tokens = new Int32Array(1024)
  let words = new Int32Array(1024)
  return (given) => {
    const { text, bounds, count } = segment(given)
    if (tokens.length < count) {
      tokens = new Int32Array(2 * count)
      words = new Int32Array(2 * count)
    }
    let rolling = 0
    let shingles = 0
    for (let n = 0; n < count; n++) {
      tokens[n] = hashToken(text, bounds[2 * n]!, bounds[2 * n + 1]!)
      rolling = (Math.imul(rolling, base) + tokens[n]!) | 0
      if (n >= ngram) rolling = (rolling - Math.imul(tokens[n - ngram]!, leaving)) | 0
      if (n >= ngram - 1) words[shingles++] = mix(rolling)
    }
    if (shingles === 0 && count > 0) words[shingles++] = mix(rolling)
    return { words, count: shingles }
  }
}

function hashToken(text: string, start: number, end: number): number {
  let hash = end - start
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return mix(hash)
}

/** MurmurHash3's finaliser: every bit of the word bears on every bit of the result. */
function mix(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
