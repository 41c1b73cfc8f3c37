import type { TextColumn } from '../../text/column.js'
import { wasmBase64 } from './kernel.wasm.js'

/** A decoder of our own, compiled from assembly/; what is not for it to decode it answers with false or undefined. */
export type ZstdKernel = {
  /** Decodes one frame into `plain`, which it must fill. */
  decompressInto(frame: Uint8Array, plain: Uint8Array): boolean
  /** Decodes one frame of `plainSize` bytes and leaves them in its own memory: they are good until the next frame. */
  decompress(frame: Uint8Array, plainSize: number): Uint8Array | undefined
  /** Moves `count` texts of a PLAIN page together, none of them above `most` bytes; `bytes` are part of the last frame's. */
  closeUp(bytes: Uint8Array, count: number, most: number): TextColumn | undefined
}

type Exports = {
  memory: { buffer: ArrayBuffer; grow(pages: number): number }
  /** The first byte of memory that is ours. */
  base(): number
  /** Answers how many bytes it made, or -1. */
  decompress(to: number, room: number, from: number, size: number): number
  /** Answers how many bytes the texts have, or -1. */
  closeUp(from: number, size: number, count: number, offsets: number, most: number): number
}

const page = 1 << 16
/** Room that the kernel reads and writes beyond either end of what it is given. */
const margin = 64
/** Memory kept from one frame to the next: an instance that has grown beyond gives way to a new one, since none ever shrinks. */
const kept = 16 << 20

let module: WebAssembly.Module | undefined

/** Makes a kernel with memory of its own. */
export function createZstdKernel(): ZstdKernel {
  module ??= new WebAssembly.Module(Buffer.from(wasmBase64, 'base64'))
  const compiled = module
  const start = () => new WebAssembly.Instance(compiled).exports as Exports
  let wasm = start()
  let heap = new Uint8Array(wasm.memory.buffer)
  const reserve = (size: number) => {
    if (size <= heap.length) return
    wasm.memory.grow(Math.ceil((size - heap.length) / page))
    heap = new Uint8Array(wasm.memory.buffer)
  }
  const decompress = (frame: Uint8Array, plainSize: number) => {
    if (heap.length > kept) {
      wasm = start()
      heap = new Uint8Array(wasm.memory.buffer)
    }
    const from = wasm.base() + margin
    const to = from + frame.length + margin
    reserve(to + plainSize + margin)
    heap.set(frame, from)
    const made = wasm.decompress(to, plainSize, from, frame.length)
    return made === plainSize ? heap.subarray(to, to + made) : undefined
  }
  return {
    decompress,
    decompressInto(frame, plain) {
      const made = decompress(frame, plain.length)
      if (made !== undefined) plain.set(made)
      return made !== undefined
    },
    closeUp({ buffer, byteOffset: at, length }, count, most) {
      if (buffer !== heap.buffer) return undefined
      const offsets = Math.ceil((at + length + margin) / 4) * 4
      reserve(offsets + (count + 1) * 4)
      const size = wasm.closeUp(at, length, count, offsets, most)
      if (size === -1) return undefined
      return { values: heap.subarray(at, at + size), offsets: new Int32Array(heap.buffer, offsets, count + 1) }
    },
  }
}
