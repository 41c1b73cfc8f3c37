import { wasmBase64 } from './kernel.wasm.js'

/** Decodes one frame into `plain`, which it must fill; false where it is not for this kernel to decode. */
export type ZstdKernel = (frame: Uint8Array, plain: Uint8Array) => boolean

type Exports = {
  memory: { buffer: ArrayBuffer; grow(pages: number): number }
  /** The first byte of memory that is ours. */
  base(): number
  /** Answers how many bytes it made, or -1. */
  decompress(to: number, room: number, from: number, size: number): number
}

const page = 1 << 16
/** Room that the kernel reads and writes beyond either end of what it is given. */
const margin = 64
/** Memory kept between calls: an instance that has grown beyond gives way to a new one, since none ever shrinks. */
const kept = 16 << 20

/** Makes a decoder of our own kernel, compiled from assembly/. */
export function createZstdKernel(): ZstdKernel {
  const module = new WebAssembly.Module(Buffer.from(wasmBase64, 'base64'))
  const start = () => new WebAssembly.Instance(module).exports as Exports
  let wasm = start()
  let heap = new Uint8Array(wasm.memory.buffer)
  return (frame, plain) => {
    const from = wasm.base() + margin
    const to = from + frame.length + margin
    const missing = to + plain.length + margin - heap.length
    if (missing > 0) {
      wasm.memory.grow(Math.ceil(missing / page))
      heap = new Uint8Array(wasm.memory.buffer)
    }
    heap.set(frame, from)
    const made = wasm.decompress(to, plain.length, from, frame.length)
    const isWhole = made === plain.length
    if (isWhole) plain.set(heap.subarray(to, to + made))
    if (heap.length > kept) {
      wasm = start()
      heap = new Uint8Array(wasm.memory.buffer)
    }
    return isWhole
  }
}
