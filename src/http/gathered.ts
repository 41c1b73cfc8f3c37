/** Bytes put one behind another: however many pieces they come in, they take at most twice their size. */
export type Gathered = {
  readonly length: number
  add(piece: Uint8Array): void
  /** All of them, good until the next is added. */
  bytes(): Buffer
}

export function gathered(): Gathered {
  let held: Buffer = Buffer.alloc(0)
  let length = 0
  return {
    get length() {
      return length
    },
    add(piece) {
      // Most answers are one piece, which is not copied.
      if (length === 0) held = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
      else {
        if (length + piece.length > held.length) {
          const larger = Buffer.allocUnsafe(Math.max(2 * length, length + piece.length))
          held.copy(larger, 0, 0, length)
          held = larger
        }
        held.set(piece, length)
      }
      length += piece.length
    },
    bytes: () => held.subarray(0, length),
  }
}
