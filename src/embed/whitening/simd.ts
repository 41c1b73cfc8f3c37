import { simdModule } from '../simd-module.js'
import type { Whiten, Whitening } from './fit.js'
import { wasmBase64 } from './whiten.wasm.js'

/** Rows a call: V8 replaces a WebAssembly loop by its optimised code only between calls. */
const tileRows = 1024
/** As in assembly/: strips of four rows at once. */
const stripsAtOnce = 8

type Exports = Readonly<Record<'interleave' | 'whiten', (...pointersAndSizes: number[]) => void>>

const compiled = simdModule(wasmBase64)

/** Whether this machine's WebAssembly knows SIMD; asked once. */
export function simdAvailable(): boolean {
  return compiled() !== null
}

/** Whitening in WebAssembly SIMD: the same bits as plainWhiten. */
export function simdWhiten({ dimensions, mean, rotation, scale }: Whitening): Whiten {
  if (!simdAvailable()) throw new Error('WebAssembly SIMD is not available here')
  const stride = Math.ceil(dimensions / 4) * 4
  let end = 0
  const take = (bytes: number) => {
    const start = end
    end += Math.ceil(bytes / 16) * 16
    return start
  }
  const at = {
    mean: take(dimensions * 4),
    scale: take(dimensions * 4),
    panels: take(stride * stride * 4),
    scratch: take(stripsAtOnce * (64 * stride + 16)),
    // Also where the rotation lies until it is interleaved.
    vectors: take(Math.max(tileRows, dimensions) * dimensions * 4),
  }
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / 65536) })
  const { whiten, interleave } = new WebAssembly.Instance(compiled()!, { env: { memory } }).exports as Exports
  const floats = new Float32Array(memory.buffer)
  floats.set(mean, at.mean / 4)
  floats.set(scale, at.scale / 4)
  floats.set(rotation, at.vectors / 4)
  interleave(at.vectors, dimensions, stride, at.panels)
  return (vectors) => {
    const out = new Float32Array(vectors.length)
    for (let from = 0; from < vectors.length; from += tileRows * dimensions) {
      const tile = vectors.subarray(from, from + tileRows * dimensions)
      floats.set(tile, at.vectors / 4)
      whiten(at.vectors, tile.length / dimensions, dimensions, stride, at.mean, at.panels, at.scale, at.scratch)
      out.set(floats.subarray(at.vectors / 4, at.vectors / 4 + tile.length), from)
    }
    return out
  }
}
