import { createHash } from 'node:crypto'
import { normalizeText } from '../text/nfkc.js'

/**
 * A short stand-in for a text. Texts that may be alike have a key in common; how alike they are is told from the bytes,
 * without the texts. A key is two words, never both 0: that is the key of a text that is like no other.
 */
export type Fingerprinter = {
  /** Keys of a text. */
  readonly bands: number
  /** Bytes of a text beside its keys. */
  readonly bytes: number
  /** Writes a text's 2 × `bands` words and its bytes; what it writes into need not be empty. */
  mark(text: string, keys: Uint32Array, bytes: Uint8Array): void
  /** How alike two texts are, from 0 to 1. */
  likeness(a: Uint8Array, b: Uint8Array): number
}

/**
 * Fingerprints that agree for equal texts alone: 128 bits of the SHA-256 of the text, NFKC, with white space trimmed and each
 * run of it one space.
 */
export function createExactFingerprint(): Fingerprinter {
  return {
    bands: 1,
    bytes: 8,
    mark(text, keys, bytes) {
      const normalized = normalizeText(text).split(/\s+/u).filter(Boolean).join(' ')
      const digest = createHash('sha256').update(normalized).digest()
      keys[0] = digest.readUInt32LE(0)
      keys[1] = digest.readUInt32LE(4) || 1
      bytes.set(digest.subarray(8, 16))
    },
    likeness: (a, b) => (Buffer.compare(a, b) === 0 ? 1 : 0),
  }
}
