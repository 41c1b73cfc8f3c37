import { append, type Growable, growable, taken } from './growable.js'

/** Bytes put one behind another: however many pieces they come in, they take at most twice their size. */
export type Gathered = {
  readonly length: number
  add(piece: Uint8Array): void
  /** All of them, good until the next is added. */
  bytes(): Buffer
}

/** Begins with no bytes; a single piece, as most are, is not copied. */
export function gathered(): Gathered {
  let first: Buffer = Buffer.alloc(0)
  let all: Growable | undefined
  return {
    get length() {
      return all?.length ?? first.length
    },
    add(piece) {
      if (all === undefined && first.length === 0) {
        first = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
        return
      }
      if (all === undefined) {
        all = growable(Math.max(2 * first.length, first.length + piece.length))
        append(all, first)
      }
      append(all, piece)
    },
    bytes: () => (all === undefined ? first : taken(all)),
  }
}
