import { wasmBase64 } from './nearest.wasm.js'

let compiled: WebAssembly.Module | undefined | null

/** Whether this machine's WebAssembly knows SIMD; asked once. */
export function simdAvailable(): boolean {
  if (compiled === undefined) {
    const bytes = Buffer.from(wasmBase64, 'base64')
    compiled = WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null
  }
  return compiled !== null
}

/** What assembly/index.ts exports; all arguments are pointers and sizes, in the order given there. */
export type Exports = Readonly<
  Record<
    | 'rankQuantised'
    | 'rankSingle'
    | 'panelQuantised'
    | 'panelSingle'
    | 'addToClusters'
    | 'distances'
    | 'distancesToLabels'
    | 'productsWithLabels',
    (...pointersAndSizes: number[]) => number
  >
>

/** The kernel on a memory of its own of so many bytes, all zero. */
export function instantiate(bytes: number): { exports: Exports; buffer: ArrayBuffer } {
  if (!simdAvailable()) throw new Error('WebAssembly SIMD is not available here')
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) })
  const { exports } = new WebAssembly.Instance(compiled!, { env: { memory } })
  return { exports: exports as Exports, buffer: memory.buffer }
}

/** Hands out consecutive places of a memory, each starting at a multiple of 16 bytes; `take(0)` is where they end. */
export function layout(): (bytes: number) => number {
  let end = 0
  return (bytes) => {
    const start = end
    end += Math.ceil(bytes / 16) * 16
    return start
  }
}

/**
 * Copies the first rows of `width` numbers, or those whose numbers `only` has, to places `stride` numbers apart; the gap keeps
 * its zeros.
 */
export function copyRows(
  from: Float32Array,
  rows: number,
  width: number,
  to: Float32Array,
  stride: number,
  only?: Uint32Array,
): void {
  // As many rows at a time as lie side by side in both places.
  for (let r = 0; r < rows; ) {
    const first = only?.[r] ?? r
    let run = 1
    if (width === stride) while (r + run < rows && (only?.[r + run] ?? r + run) === first + run) run++
    to.set(from.subarray(first * width, (first + run) * width), r * stride)
    r += run
  }
}
