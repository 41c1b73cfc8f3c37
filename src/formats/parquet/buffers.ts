/**
 * Memory for pages and windows, lent and taken back. A new buffer for each would cost as much as a quarter of the reading:
 * the system zeroes its pages, and the collector finds out late that they are free.
 */
export type Buffers = {
  /** Memory of exactly `size` bytes, whatever was in it before. */
  lend(size: number): Uint8Array
  /** Whoever lent it must not look at it afterwards. */
  takeBack(bytes: Uint8Array): void
}

const smallest = 12
/** Bytes kept for the next lender; beyond them the collector has it. */
const most = 32 << 20

export function createBuffers(): Buffers {
  const free: ArrayBuffer[][] = []
  let kept = 0
  return {
    lend(size) {
      const sizeClass = Math.max(smallest, 32 - Math.clz32(Math.max(1, size) - 1))
      const memory = free[sizeClass]?.pop()
      if (memory === undefined) return new Uint8Array(Buffer.allocUnsafeSlow(2 ** sizeClass).buffer, 0, size)
      kept -= memory.byteLength
      return new Uint8Array(memory, 0, size)
    },
    takeBack({ buffer }) {
      const sizeClass = Math.log2(buffer.byteLength)
      // What another lent, a remote reader say, comes in any size.
      if (!Number.isInteger(sizeClass) || sizeClass < smallest || kept + buffer.byteLength > most) return
      free[sizeClass] ??= []
      free[sizeClass].push(buffer as ArrayBuffer)
      kept += buffer.byteLength
    },
  }
}
