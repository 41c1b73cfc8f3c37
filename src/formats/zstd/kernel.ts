import type { TextColumn } from '../../text/column.js'
import { latin1, utf8, utf16 } from '../values.js'
import { wasmBase64 } from './kernel.wasm.js'

/** A decoder of our own, compiled from assembly/; what is not for it to decode it answers with false or undefined. */
export type ZstdKernel = {
  /** Size of its memory. */
  readonly bytes: number
  /** Decodes one frame into `plain`, which it must fill. */
  decompressInto(frame: Uint8Array, plain: Uint8Array): boolean
  /** Decodes one frame of `plainSize` bytes and leaves them in its own memory: they are good until the next frame. */
  decompress(frame: Uint8Array, plainSize: number): Uint8Array | undefined
  /** Moves `count` texts of a PLAIN page together, none of them above `most` bytes; `bytes` are part of the last frame's. */
  closeUp(bytes: Uint8Array, count: number, most: number): TextColumn | undefined
  /** Where each of those texts ends, or the complement where it is not ASCII; each begins four bytes behind the last. */
  findTexts(bytes: Uint8Array, count: number, most: number): Int32Array | undefined
  /** The string of UTF-8 that is part of the last frame's bytes, as the platform would make it. */
  decodeUtf8(bytes: Uint8Array, start: number, end: number): string
}

type Exports = {
  memory: { buffer: ArrayBuffer; grow(pages: number): number }
  /** The first byte of memory that is ours. */
  base(): number
  /** Answers how many bytes it made, or -1. */
  decompress(to: number, room: number, from: number, size: number): number
  /** Both answer -1 where there are no such texts. */
  closeUp(from: number, size: number, count: number, offsets: number, most: number): number
  findTexts(from: number, size: number, count: number, ends: number, most: number): number
  /** Answers how many UTF-16 units it wrote, the complement of how many bytes, or `brokenUtf8`. */
  decodeUtf8(from: number, size: number, to: number): number
}

const page = 1 << 16
/** Room that the kernel reads and writes beyond either end of what it is given. */
const margin = 64
/** Memory kept from one frame to the next: an instance grown beyond gives way to a new one, since none ever shrinks. */
const kept = 32 << 20
/** Longer texts are left to the platform. */
const longestText = 128 << 10
const brokenUtf8 = -(2 ** 31)

let module: WebAssembly.Module | null | undefined

/** Makes a kernel with memory of its own; undefined where this machine's WebAssembly knows no SIMD. */
export function createZstdKernel(): ZstdKernel | undefined {
  if (module === undefined) {
    const bytes = Buffer.from(wasmBase64, 'base64')
    module = WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null
  }
  return module === null ? undefined : openKernel(module)
}

function openKernel(compiled: WebAssembly.Module): ZstdKernel {
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
    const from = wasm.base() + margin + 2 * longestText + margin
    const to = from + frame.length + margin
    // As much again for what is found in it: memory that nobody touches costs nothing, and growing would end views of it.
    reserve(to + 2 * (plainSize + margin))
    heap.set(frame, from)
    const made = wasm.decompress(to, plainSize, from, frame.length)
    return made === plainSize ? heap.subarray(to, to + made) : undefined
  }
  /** Room for an integer for each four of `bytes`, behind them; undefined where they lie elsewhere or `count` is more. */
  const behind = ({ buffer, byteOffset, length }: Uint8Array, count: number) => {
    if (buffer !== heap.buffer || count * 4 > length + 4) return undefined
    return new Int32Array(heap.buffer, Math.ceil((byteOffset + length + margin) / 4) * 4, count)
  }
  return {
    get bytes() {
      return heap.length
    },
    decompress,
    decompressInto(frame, plain) {
      const made = decompress(frame, plain.length)
      if (made !== undefined) plain.set(made)
      return made !== undefined
    },
    closeUp(bytes, count, most) {
      const offsets = behind(bytes, count + 1)
      const size = offsets && wasm.closeUp(bytes.byteOffset, bytes.length, count, offsets.byteOffset, most)
      if (offsets === undefined || size === undefined || size < 0) return undefined
      return { values: heap.subarray(bytes.byteOffset, bytes.byteOffset + size), offsets }
    },
    findTexts(bytes, count, most) {
      const ends = behind(bytes, count)
      return ends && wasm.findTexts(bytes.byteOffset, bytes.length, count, ends.byteOffset, most) === 0
        ? ends
        : undefined
    },
    decodeUtf8(bytes, start, end) {
      if (bytes.buffer !== heap.buffer || end - start > longestText) return utf8(bytes, start, end)
      const to = wasm.base() + margin
      const size = wasm.decodeUtf8(bytes.byteOffset + start, end - start, to)
      if (size === brokenUtf8) return utf8(bytes, start, end)
      return size < 0 ? latin1(heap, to, to + ~size) : utf16(heap, to, to + 2 * size)
    },
  }
}
