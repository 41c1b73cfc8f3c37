import { type AssignBackend, type DistanceBackend, halfNorms, tileRows } from './backend.js'
import { wasmBase64 } from './nearest.wasm.js'

/** Centroids side by side in a panel, and strips of four rows at once: as in assembly/nearest.ts. */
const lanes = 8
const stripsAtOnce = 8

let compiled: WebAssembly.Module | undefined | null

/** Whether this machine's WebAssembly knows SIMD; asked once. */
export function simdAvailable(): boolean {
  if (compiled === undefined) {
    const bytes = Buffer.from(wasmBase64, 'base64')
    compiled = WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null
  }
  return compiled !== null
}

type Exports = {
  assign(...pointersAndSizes: number[]): void
  distances(vectors: number, rows: number, stride: number, centre: number, out: number): void
}

function instantiate(bytes: number): { exports: Exports; buffer: ArrayBuffer } {
  if (!simdAvailable()) throw new Error('WebAssembly SIMD is not available here')
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) })
  const { exports } = new WebAssembly.Instance(compiled!, { env: { memory } })
  return { exports: exports as Exports, buffer: memory.buffer }
}

/** Hands out consecutive places of a memory, each starting at a multiple of 16 bytes. */
function layout() {
  let end = 0
  return {
    take(bytes: number): number {
      const start = end
      end += Math.ceil(bytes / 16) * 16
      return start
    },
    size: () => end,
  }
}

/** Copies rows of `width` numbers to places `stride` numbers apart; the gap keeps its zeros. */
function copyRows(from: Float32Array, rows: number, width: number, to: Float32Array, stride: number): void {
  if (width === stride) to.set(from.subarray(0, rows * width))
  else for (let r = 0; r < rows; r++) to.set(from.subarray(r * width, (r + 1) * width), r * stride)
}

/** nearestCentroid's arithmetic in WebAssembly SIMD, for `k` centroids. */
export function simdAssign(k: number, dimensions: number): AssignBackend {
  const stride = Math.ceil(dimensions / 4) * 4
  const blocks = Math.ceil(k / lanes)
  const places = layout()
  const vectorsAt = places.take(tileRows * stride * 4)
  const centroidsAt = places.take(k * stride * 4)
  const panelsAt = places.take(blocks * lanes * dimensions * 4)
  const halvesAt = places.take(blocks * lanes * 4)
  const scratchAt = places.take(stripsAtOnce * (16 * dimensions + 4 * 48))
  const outAt = [0, 1, 2, 3].map(() => places.take(tileRows * 4))
  const { exports, buffer } = instantiate(places.size())

  const vectors = new Float32Array(buffer, vectorsAt, tileRows * stride)
  const rowCentroids = new Float32Array(buffer, centroidsAt, k * stride)
  const panels = new Float32Array(buffer, panelsAt, blocks * lanes * dimensions)
  const halves = new Float32Array(buffer, halvesAt, blocks * lanes)
  const labels = new Uint32Array(buffer, outAt[0], tileRows)
  const [distances, second, norms] = outAt.slice(1).map((at) => new Float32Array(buffer, at, tileRows))

  return {
    move(centroids) {
      copyRows(centroids, k, dimensions, rowCentroids, stride)
      for (let c = 0; c < k; c++) {
        const panel = Math.floor(c / lanes) * lanes * dimensions + (c % lanes)
        for (let d = 0; d < dimensions; d++) panels[panel + d * lanes] = centroids[c * dimensions + d]!
      }
      halves.fill(Number.POSITIVE_INFINITY).set(halfNorms(centroids, k, dimensions))
    },
    tile(from, rows) {
      copyRows(from, rows, dimensions, vectors, stride)
      const strips = Math.ceil(rows / 4) * 4
      vectors.fill(0, rows * stride, strips * stride)
      const sizes = [strips, dimensions, stride * 4, centroidsAt, panelsAt, halvesAt, blocks, scratchAt]
      exports.assign(vectorsAt, ...sizes, ...outAt)
      return { labels, distances: distances!, second: second!, norms: norms! }
    },
  }
}

/** distancesFrom's arithmetic in WebAssembly SIMD; the vectors are copied once. */
export function simdDistances(from: Float32Array, rows: number, dimensions: number): DistanceBackend {
  const stride = Math.ceil(dimensions / 4) * 4
  const places = layout()
  const vectorsAt = places.take(rows * stride * 4)
  const centreAt = places.take(stride * 4)
  const outAt = places.take(rows * 4)
  const { exports, buffer } = instantiate(places.size())
  copyRows(from, rows, dimensions, new Float32Array(buffer, vectorsAt, rows * stride), stride)
  const centre = new Float32Array(buffer, centreAt, stride)
  const out = new Float32Array(buffer, outAt, rows)
  return (at) => {
    centre.set(at)
    for (let row = 0; row < rows; row += tileRows) {
      const count = Math.min(tileRows, rows - row)
      exports.distances(vectorsAt + row * stride * 4, count, stride * 4, centreAt, outAt + row * 4)
    }
    return out
  }
}
