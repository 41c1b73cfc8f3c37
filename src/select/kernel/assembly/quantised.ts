// Ranks centroids for a tile of rows by dot products of 16-bit integers, which are exact and twice as fast, and says which
// rows that decides beyond doubt: the others are to be ranked in single precision.
import { best, clear, index, rank, second, settle, stateBytes } from './rank'
import { dot } from './sums'

const stripsAtOnce = 8

/** Norm that each vector is scaled to: a product of two such is below 2^31, and so is every sum on the way to it. */
const length: f32 = 46000
const largest: f32 = 32766
const shift: f32 = 12582912
/** Squared norm under which a vector is not quantised, because its scale could overflow. */
const tiny: f32 = 2e-24

/** Writes a vector as integers, a pair every `pitch` bytes; tells its 1 / scale and the length of what rounding took off. */
function quantise(vector: usize, stride: usize, to: usize, pitch: usize, inverse: usize, lost: usize): f32 {
  let peaks = f32x4.splat(0)
  for (let at: usize = 0; at < stride; at += 16) peaks = f32x4.pmax(peaks, f32x4.abs(v128.load(vector + at)))
  const peak = max(
    max(f32x4.extract_lane(peaks, 0), f32x4.extract_lane(peaks, 1)),
    max(f32x4.extract_lane(peaks, 2), f32x4.extract_lane(peaks, 3)),
  )
  const square = dot(vector, vector, stride)
  const scale: f32 = square > tiny ? min(length / sqrt<f32>(square), largest / peak) : 0
  const scales = f32x4.splat(scale)
  let rests = f32x4.splat(0)
  for (let at: usize = 0; at < stride; at += 16) {
    const scaled = f32x4.mul(v128.load(vector + at), scales)
    // Adding 1.5 · 2^23 leaves whole numbers, and those in the low bits: cheaper than rounding and converting.
    const moved = f32x4.add(scaled, f32x4.splat(shift))
    const rest = f32x4.sub(scaled, f32x4.sub(moved, f32x4.splat(shift)))
    rests = f32x4.add(rests, f32x4.mul(rest, rest))
    const short = i16x8.narrow_i32x4_s(i32x4.sub(moved, f32x4.splat(shift)), i32x4.splat(0))
    v128.store32_lane(to, short, 0)
    v128.store32_lane(to + pitch, short, 1)
    to += 2 * pitch
  }
  const sum: f32 =
    f32x4.extract_lane(rests, 0) + f32x4.extract_lane(rests, 1) + (f32x4.extract_lane(rests, 2) + f32x4.extract_lane(rests, 3))
  const back: f32 = scale > 0 ? 1 / scale : 0
  f32.store(inverse, back)
  f32.store(lost, scale > 0 ? sqrt<f32>(sum) * back : sqrt<f32>(square))
  return square
}

/** Quantises `count` vectors of a matrix into panels of eight, from place `first` up. */
export function panelQuantised(
  vectors: usize,
  first: i32,
  count: i32,
  stride: usize,
  panels: usize,
  inverses: usize,
  losts: usize,
): void {
  for (let c = first; c < first + count; c++) {
    const place = panels + <usize>(c >> 3) * (stride << 2) + (<usize>(c & 7) << 2)
    const out = <usize>c << 2
    quantise(vectors + <usize>c * stride, stride, place, 32, inverses + out, losts + out)
  }
}

/** The scores that integer products come to; `inverse` is 1 / scale of the row. */
// @ts-ignore: decorator
@inline
function scored(product: v128, inverses: v128, inverse: v128, half: v128): v128 {
  return f32x4.sub(f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(product), inverses), inverse), half)
}

/** Scores of four packed rows against eight interleaved centroids, ranked into the rows' states. */
// @ts-ignore: decorator
@inline
function block(packed: usize, panel: usize, half: usize, inverse: usize, state: usize, first: i32): void {
  let a0 = i32x4.splat(0)
  let a1 = i32x4.splat(0)
  let b0 = i32x4.splat(0)
  let b1 = i32x4.splat(0)
  let c0 = i32x4.splat(0)
  let c1 = i32x4.splat(0)
  let d0 = i32x4.splat(0)
  let d1 = i32x4.splat(0)
  // One step a basic block, as in single.ts; a step here is two dimensions.
  while (packed < state) {
    const low = v128.load(panel)
    const high = v128.load(panel, 16)
    let x = v128.load32_splat(packed)
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, low))
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, high))
    x = v128.load32_splat(packed, 4)
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(x, low))
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(x, high))
    x = v128.load32_splat(packed, 8)
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(x, low))
    c1 = i32x4.add(c1, i32x4.dot_i16x8_s(x, high))
    x = v128.load32_splat(packed, 12)
    d0 = i32x4.add(d0, i32x4.dot_i16x8_s(x, low))
    d1 = i32x4.add(d1, i32x4.dot_i16x8_s(x, high))
    packed += 16
    panel += 32
  }
  const inverseLow = v128.load(inverse)
  const inverseHigh = v128.load(inverse, 16)
  const halfLow = v128.load(half)
  const halfHigh = v128.load(half, 16)
  const rows = state + 4 * stateBytes
  let row = v128.load32_splat(rows)
  rank(state, scored(a0, inverseLow, row, halfLow), scored(a1, inverseHigh, row, halfHigh), first)
  row = v128.load32_splat(rows, 4)
  state += stateBytes
  rank(state, scored(b0, inverseLow, row, halfLow), scored(b1, inverseHigh, row, halfHigh), first)
  row = v128.load32_splat(rows, 8)
  state += stateBytes
  rank(state, scored(c0, inverseLow, row, halfLow), scored(c1, inverseHigh, row, halfHigh), first)
  row = v128.load32_splat(rows, 12)
  state += stateBytes
  rank(state, scored(d0, inverseLow, row, halfLow), scored(d1, inverseHigh, row, halfHigh), first)
}

/**
 * As rankSingle, over integers: `panels` holds quantised centroids, two coordinates of each side by side, and `inverses`
 * their 1 / scales. A row is decided when its best score leads by more than the two scores can be wrong: `longest` is the
 * norm of the longest centroid, `lost` the most that rounding took off one, and `slack` covers the single-precision sums of
 * both ways. Rows that are not decided are listed in `open` and counted in the result. Seconds are upper bounds.
 */
export function rankQuantised(
  vectors: usize,
  rows: i32,
  stride: usize,
  panels: usize,
  halves: usize,
  inverses: usize,
  blocks: i32,
  scratch: usize,
  labels: usize,
  seconds: usize,
  norms: usize,
  open: usize,
  longest: f32,
  lost: f32,
  slack: f32,
): i32 {
  const packed = stride << 1
  const strip = packed + 4 * stateBytes + 32
  let undecided = 0
  for (let row = 0; row < rows; row += 4 * stripsAtOnce) {
    const strips = min(stripsAtOnce, (rows - row + 3) >> 2)
    for (let s = 0; s < strips; s++) clear(scratch + <usize>s * strip + packed)
    for (let r = 0; r < 4 * strips; r++) {
      const place = scratch + <usize>(r >> 2) * strip
      const lane = <usize>(r & 3) << 2
      const own = place + packed + 4 * stateBytes + lane
      const square = quantise(vectors + <usize>(row + r) * stride, stride, place + lane, 16, own, own + 16)
      f32.store(norms + (<usize>(row + r) << 2), square)
    }
    let panel = panels
    let half = halves
    let inverse = inverses
    for (let b = 0; b < blocks; b++) {
      for (let s = 0; s < strips; s++) {
        const place = scratch + <usize>s * strip
        block(place, panel, half, inverse, place + packed, b << 3)
      }
      panel += stride << 2
      half += 32
      inverse += 32
    }
    const end = min(rows - row, 4 * strips)
    for (let r = 0; r < end; r++) {
      const out = <usize>(row + r) << 2
      const states = scratch + <usize>(r >> 2) * strip + packed
      settle(states + <usize>(r & 3) * stateBytes)
      const reach = sqrt<f32>(f32.load(norms + out))
      const own = f32.load(states + 4 * stateBytes + (<usize>(r & 3) << 2), 16)
      const doubt: f32 = reach * lost + own * (longest + lost) + (reach + longest) * longest * slack
      i32.store(labels + out, index)
      f32.store(seconds + out, second + doubt)
      if (!(best - second > doubt + doubt)) {
        i32.store(open + (<usize>undecided << 2), row + r)
        undecided++
      }
    }
  }
  return undecided
}
