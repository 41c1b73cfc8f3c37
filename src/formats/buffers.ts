/**
 * Memory for blocks, pages and windows, lent and taken back. A new buffer for each would cost as much as a quarter of the reading:
 * the system zeroes its pages, and the collector finds out late that they are free.
 */
export type Buffers = {
  /** Memory of exactly `size` bytes, whatever was in it before. */
  lend(size: number): Uint8Array
  /** Whoever was lent it must not look at it afterwards. Memory that came from elsewhere is left to the collector. */
  takeBack(bytes: Uint8Array): void
}

const smallest = 12
/** Bytes kept for the next lender; beyond them the collector has it. */
const most = 32 << 20

export function createBuffers(): Buffers {
  const free: ArrayBuffer[][] = []
  const lent = new WeakSet<ArrayBufferLike>()
  let kept = 0
  return {
    lend(size) {
      const sizeClass = Math.max(smallest, 32 - Math.clz32(Math.max(1, size) - 1))
      const known = free[sizeClass]?.pop()
      const memory = known ?? Buffer.allocUnsafeSlow(2 ** sizeClass).buffer
      if (known !== undefined) kept -= known.byteLength
      lent.add(memory)
      return new Uint8Array(memory, 0, size)
    },
    takeBack({ buffer }) {
      if (!lent.delete(buffer) || kept + buffer.byteLength > most) return
      const sizeClass = Math.log2(buffer.byteLength)
      free[sizeClass] ??= []
      free[sizeClass].push(buffer as ArrayBuffer)
      kept += buffer.byteLength
    },
  }
}
