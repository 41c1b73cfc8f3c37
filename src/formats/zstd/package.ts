import load from '@foxglove/wasm-zstd/dist/wasm-zstd.js'

/** What is kept of the module's memory between calls; what a larger block took is given back to it. */
const kept = 4 << 20

/**
 * zstd by the compiled module of @foxglove/wasm-zstd, driven here because the package's own functions take and free both
 * sides of its memory and bring a new buffer for every block, which costs a fifth of the decoding.
 */
export async function loadZstdPackage() {
  const wasm = await load()
  const rooms = [
    { at: 0, size: 0 },
    { at: 0, size: 0 },
  ] as const

  function reserve(side: 0 | 1, size: number): number {
    const room = rooms[side]
    if (room.size < size) {
      release(side)
      const wanted = Math.max(size, 1 << 16)
      const at = wasm._malloc(wanted)
      if (at === 0) throw new Error(`no memory for a zstd block of ${size} bytes`)
      Object.assign(room, { at, size: wanted })
    }
    return room.at
  }

  function release(side: 0 | 1): void {
    if (rooms[side].size > 0) wasm._free(rooms[side].at)
    Object.assign(rooms[side], { at: 0, size: 0 })
  }

  /** Runs `work` over a block put into the module, and hands what it made, still in the module, to `take`. */
  function run<T>(block: Uint8Array, room: number, work: Work, take: (made: Uint8Array) => T): T {
    const from = reserve(0, block.length)
    const to = reserve(1, room)
    try {
      wasm.HEAPU8.set(block, from)
      const size = work(to, room, from, block.length)
      if (size < 0) throw new Error('its zstd does not decode')
      return take(wasm.HEAPU8.subarray(to, to + size))
    } finally {
      for (const side of [0, 1] as const) if (rooms[side].size > kept) release(side)
    }
  }

  const copy = (made: Uint8Array) => {
    const bytes = Buffer.allocUnsafeSlow(made.length)
    bytes.set(made)
    return bytes
  }
  return {
    decompress: (block: Uint8Array, plainSize: number): Uint8Array => run(block, plainSize, wasm._decompress, copy),
    decompressInto: (block: Uint8Array, plain: Uint8Array): void =>
      run(block, plain.length, wasm._decompress, (made) => {
        if (made.length !== plain.length) throw new Error(`it holds ${made.length} bytes instead of ${plain.length}`)
        plain.set(made)
      }),
    compress: (block: Uint8Array, level = 3): Uint8Array =>
      run(block, wasm._compressBound(block.length), (...places) => wasm._compress(...places, level), copy),
  }
}

type Work = (to: number, room: number, from: number, size: number) => number
