/** Bytes that come in blocks of any size, taken in pieces of any other. */
export type ByteQueue = {
  /** The next `bytes`, or fewer where there are no more. */
  take(bytes: number): Promise<Buffer>
  /** The same, left where they are. */
  peek(bytes: number): Promise<Buffer>
  /** All the rest, block by block. */
  rest(): AsyncGenerator<Uint8Array>
  /** Stops the source. */
  close(): Promise<unknown>
}

/** A queue over `blocks`. It holds what has come and never makes room for what was only promised. */
export function byteQueue(blocks: AsyncGenerator<Uint8Array>): ByteQueue {
  let held: Uint8Array[] = []
  let heldBytes = 0
  const gather = async (bytes: number): Promise<Buffer> => {
    while (heldBytes < bytes) {
      const next = await blocks.next()
      if (next.done) break
      held.push(next.value)
      heldBytes += next.value.length
    }
    const [first] = held
    const all = held.length === 1 ? Buffer.from(first!.buffer, first!.byteOffset, first!.length) : Buffer.concat(held)
    held = [all]
    return all
  }
  return {
    async take(bytes) {
      const all = await gather(bytes)
      const taken = all.subarray(0, bytes)
      held = taken.length < all.length ? [all.subarray(taken.length)] : []
      heldBytes -= taken.length
      return taken
    },
    peek: async (bytes) => (await gather(bytes)).subarray(0, bytes),
    async *rest() {
      // Yielding inside the try hands an early stop on to the source.
      try {
        yield* held.splice(0)
        yield* blocks
      } finally {
        await blocks.return(undefined)
      }
    },
    close: () => blocks.return(undefined),
  }
}
