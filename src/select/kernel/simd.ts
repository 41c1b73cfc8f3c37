import { type DistanceBackend, halfNorms, type RankBackend, type RankShape, tileRows } from './backend.js'
import { copyRows, instantiate, layout } from './memory.js'

/** Targets side by side in a panel, and strips of four rows at once: as in assembly/. */
const lanes = 8
const stripsAtOnce = 8
const stateBytes = 64

/** Tiles ranked in single precision alone after one that 16 bits left open by half, before 16 bits are tried again. */
const pause = 15

/**
 * A ranking in WebAssembly SIMD. Products of 16-bit integers rank the targets first; rows whose two best come nearer to
 * each other than rounding may have moved them are ranked again in single precision, so labels are those of single
 * precision throughout.
 */
export function simdRank({ capacity, dimensions, measure }: RankShape): RankBackend {
  const stride = Math.ceil(dimensions / 4) * 4
  const places = Math.ceil(capacity / lanes) * lanes
  const take = layout()
  const at = {
    vectors: take(tileRows * stride * 4),
    again: take(tileRows * stride * 4),
    targets: take(places * stride * 4),
    single: take(places * stride * 4),
    quantised: take(places * stride * 2),
    halves: take(places * 4),
    inverses: take(places * 4),
    lost: take(places * 4),
    scratch: take(stripsAtOnce * (16 * stride + 4 * stateBytes + 32)),
    labels: take(tileRows * 4),
    values: take(tileRows * 4),
    second: take(tileRows * 4),
    norms: take(tileRows * 4),
    open: take(tileRows * 4),
    againLabels: take(tileRows * 4),
    againSecond: take(tileRows * 4),
    againNorms: take(tileRows * 4),
  }
  const { exports, buffer } = instantiate(take(0))
  const floats = (start: number, length: number) => new Float32Array(buffer, start, length)
  const vectors = floats(at.vectors, tileRows * stride)
  const again = floats(at.again, tileRows * stride)
  const targets = floats(at.targets, places * stride)
  const halves = floats(at.halves, places).fill(Number.POSITIVE_INFINITY)
  const lost = floats(at.lost, places)
  const labels = new Uint32Array(buffer, at.labels, tileRows)
  const second = floats(at.second, tileRows)
  const open = new Uint32Array(buffer, at.open, tileRows)
  const againLabels = new Uint32Array(buffer, at.againLabels, tileRows)
  const againSecond = floats(at.againSecond, tileRows)
  const found = { labels, values: floats(at.values, tileRows), second, norms: floats(at.norms, tileRows) }
  // Rounding of the sums of both ways, as a share of the norms' product; and the most that the targets put so far have.
  const slack = (dimensions + 16) * 2 ** -24
  const most = { norm: 0, lost: 0 }
  let paused = 0

  const single = (rows: number, blocks: number, from: number, ...out: number[]) =>
    exports.rankSingle(from, rows, stride * 4, at.single, at.halves, blocks, at.scratch, ...out)

  /** Ranks the tile by integers, and again in single precision what they leave open. */
  const rank = (rows: number, blocks: number) => {
    const integers = [at.quantised, at.halves, at.inverses, blocks, at.scratch]
    const out = [at.labels, at.second, at.norms, at.open]
    // A hundredth more than they are, for the rounding of the bounds themselves.
    const bounds = [1.01 * most.norm, 1.01 * most.lost, slack]
    const undecided = exports.rankQuantised(at.vectors, rows, stride * 4, ...integers, ...out, ...bounds)
    for (let n = 0; n < undecided; n++) {
      const row = open[n]!
      again.set(vectors.subarray(row * stride, (row + 1) * stride), n * stride)
    }
    single(undecided, blocks, at.again, at.againLabels, at.againSecond, at.againNorms)
    for (let n = 0; n < undecided; n++) {
      labels[open[n]!] = againLabels[n]!
      second[open[n]!] = againSecond[n]!
    }
    if (undecided > rows / 2) paused = pause
  }

  return {
    put(first, added) {
      const count = added.length / dimensions
      copyRows(added, count, dimensions, targets.subarray(first * stride), stride)
      exports.panelSingle(at.targets, first, count, stride * 4, at.single)
      exports.panelQuantised(at.targets, first, count, stride * 4, at.quantised, at.inverses, at.lost)
      const half = halfNorms(added, dimensions)
      // A panel's last places may hold what was put before.
      halves.fill(Number.POSITIVE_INFINITY, first + count)
      if (measure === 'distance') halves.set(half, first)
      else halves.fill(0, first, first + count)
      if (first === 0) Object.assign(most, { norm: 0, lost: 0 })
      for (let c = 0; c < count; c++) {
        most.norm = Math.max(most.norm, Math.sqrt(2 * half[c]!))
        most.lost = Math.max(most.lost, lost[first + c]!)
      }
    },
    tile(from, rows, count, only) {
      copyRows(from, rows, dimensions, vectors, stride, only)
      const blocks = Math.ceil(count / lanes)
      if (paused > 0) {
        paused--
        single(rows, blocks, at.vectors, at.labels, at.second, at.norms)
      } else rank(rows, blocks)
      if (measure === 'distance') {
        const out = [at.labels, at.norms, at.values, at.second]
        exports.distancesToLabels(at.vectors, rows, stride * 4, at.targets, ...out)
      } else exports.productsWithLabels(at.vectors, rows, stride * 4, at.targets, at.labels, at.values)
      return found
    },
  }
}

/** distancesFrom's arithmetic in WebAssembly SIMD; the vectors are copied once. */
export function simdDistances(from: Float32Array, rows: number, dimensions: number): DistanceBackend {
  const stride = Math.ceil(dimensions / 4) * 4
  const take = layout()
  const vectorsAt = take(rows * stride * 4)
  const centreAt = take(stride * 4)
  const outAt = take(rows * 4)
  const { exports, buffer } = instantiate(take(0))
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
