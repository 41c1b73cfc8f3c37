// Ranks centroids for a tile of rows by dot products in single precision, each summed in the order of the dimensions.
import { clear, index, rank, second, settle, stateBytes } from './rank'
import { dot } from './sums'

/** Strips of four rows that one panel of centroids serves while it is in the nearest cache. */
const stripsAtOnce = 8

/** Four rows side by side, so that one pointer serves all of them in the inner loop. */
function pack(vectors: usize, stride: usize, packed: usize): void {
  for (let at: usize = 0; at < stride; at += 4) {
    const from = vectors + at
    const to = packed + (at << 2)
    f32.store(to, f32.load(from))
    f32.store(to, f32.load(from + stride), 4)
    f32.store(to, f32.load(from + 2 * stride), 8)
    f32.store(to, f32.load(from + 3 * stride), 12)
  }
}

/** Scores of four packed rows against eight interleaved centroids, ranked into the rows' states. */
// @ts-ignore: decorator
@inline
function block(packed: usize, panel: usize, half: usize, state: usize, first: i32): void {
  let a0 = f32x4.splat(0)
  let a1 = f32x4.splat(0)
  let b0 = f32x4.splat(0)
  let b1 = f32x4.splat(0)
  let c0 = f32x4.splat(0)
  let c1 = f32x4.splat(0)
  let d0 = f32x4.splat(0)
  let d1 = f32x4.splat(0)
  // One depth step a basic block: V8 hoists every load of a block to its top, so an unrolled body spills its registers.
  while (packed < state) {
    const low = v128.load(panel)
    const high = v128.load(panel, 16)
    let x = v128.load32_splat(packed)
    a0 = f32x4.add(a0, f32x4.mul(x, low))
    a1 = f32x4.add(a1, f32x4.mul(x, high))
    x = v128.load32_splat(packed, 4)
    b0 = f32x4.add(b0, f32x4.mul(x, low))
    b1 = f32x4.add(b1, f32x4.mul(x, high))
    x = v128.load32_splat(packed, 8)
    c0 = f32x4.add(c0, f32x4.mul(x, low))
    c1 = f32x4.add(c1, f32x4.mul(x, high))
    x = v128.load32_splat(packed, 12)
    d0 = f32x4.add(d0, f32x4.mul(x, low))
    d1 = f32x4.add(d1, f32x4.mul(x, high))
    packed += 16
    panel += 32
  }
  const halfLow = v128.load(half)
  const halfHigh = v128.load(half, 16)
  rank(state, f32x4.sub(a0, halfLow), f32x4.sub(a1, halfHigh), first)
  rank(state + stateBytes, f32x4.sub(b0, halfLow), f32x4.sub(b1, halfHigh), first)
  rank(state + 2 * stateBytes, f32x4.sub(c0, halfLow), f32x4.sub(c1, halfHigh), first)
  rank(state + 3 * stateBytes, f32x4.sub(d0, halfLow), f32x4.sub(d1, halfHigh), first)
}

/** Interleaves `count` vectors of a matrix in panels of eight, from place `first` up. */
export function panelSingle(vectors: usize, first: i32, count: i32, stride: usize, panels: usize): void {
  for (let c = first; c < first + count; c++) {
    const from = vectors + <usize>c * stride
    const place = panels + <usize>(c >> 3) * (stride << 3) + (<usize>(c & 7) << 2)
    for (let at: usize = 0; at < stride; at += 4) f32.store(place + (at << 3), f32.load(from + at))
  }
}

/**
 * Labels, second best scores and squared norms of `rows` vectors; rows are read up to the next multiple of four. `panels`
 * holds the centroids eight by eight with their coordinates interleaved, `halves` what is taken off each one's products
 * (Infinity where there is no centroid). `scratch` has room for 8 strips: four packed rows and their states each.
 */
export function rankSingle(
  vectors: usize,
  rows: i32,
  stride: usize,
  panels: usize,
  halves: usize,
  blocks: i32,
  scratch: usize,
  labels: usize,
  seconds: usize,
  norms: usize,
): void {
  const strip = (stride << 2) + 4 * stateBytes
  for (let row = 0; row < rows; row += 4 * stripsAtOnce) {
    const strips = min(stripsAtOnce, (rows - row + 3) >> 2)
    for (let s = 0; s < strips; s++) {
      const place = scratch + <usize>s * strip
      pack(vectors + <usize>(row + 4 * s) * stride, stride, place)
      clear(place + (stride << 2))
    }
    let panel = panels
    let half = halves
    for (let b = 0; b < blocks; b++) {
      for (let s = 0; s < strips; s++) {
        const place = scratch + <usize>s * strip
        block(place, panel, half, place + (stride << 2), b << 3)
      }
      panel += stride << 3
      half += 32
    }
    const end = min(rows - row, 4 * strips)
    for (let r = 0; r < end; r++) {
      const out = <usize>(row + r) << 2
      const vector = vectors + <usize>(row + r) * stride
      settle(scratch + <usize>(r >> 2) * strip + (stride << 2) + <usize>(r & 3) * stateBytes)
      i32.store(labels + out, index)
      f32.store(seconds + out, second)
      f32.store(norms + out, dot(vector, vector, stride))
    }
  }
}
