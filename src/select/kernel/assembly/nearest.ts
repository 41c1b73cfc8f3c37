// AssemblyScript, compiled by ../build.mjs. Pointers are byte offsets into a memory that the caller lays out; every
// vector starts at a multiple of 16 bytes and is padded with zeros to `stride` bytes, itself a multiple of 16.
// ../plain.ts repeats every sum here in the same order, so that both give the same bits.

/** Strips of four rows that one panel of centroids serves while it is in the nearest cache. */
const stripsAtOnce = 8

/** Top two of four rows against four interleaved centroids: lanes are centroids, so no lane waits for another. */
// @ts-ignore: decorator
@inline
function rank(state: usize, score: v128, index: v128): void {
  const best = v128.load(state)
  const above = f32x4.gt(score, best)
  v128.store(state, f32x4.max(score, best))
  v128.store(state, v128.bitselect(index, v128.load(state, 16), above), 16)
  v128.store(state, f32x4.max(v128.load(state, 32), f32x4.min(score, best)), 32)
}

/** Σ(a − b)² with four partial sums, one for each lane. */
// @ts-ignore: decorator
@inline
function squared(a: usize, b: usize, stride: usize): f32 {
  let sum = f32x4.splat(0)
  for (let at: usize = 0; at < stride; at += 16) {
    const gap = f32x4.sub(v128.load(a + at), v128.load(b + at))
    sum = f32x4.add(sum, f32x4.mul(gap, gap))
  }
  return (
    f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
  )
}

/** Σa² with four partial sums, one for each lane. */
// @ts-ignore: decorator
@inline
function squaredNorm(a: usize, stride: usize): f32 {
  let sum = f32x4.splat(0)
  for (let at: usize = 0; at < stride; at += 16) {
    const value = v128.load(a + at)
    sum = f32x4.add(sum, f32x4.mul(value, value))
  }
  return (
    f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
  )
}

/** Squared distances of `rows` vectors from one centre. */
export function distances(vectors: usize, rows: i32, stride: usize, centre: usize, out: usize): void {
  for (let row = 0; row < rows; row++) {
    f32.store(out + (<usize>row << 2), squared(vectors + <usize>row * stride, centre, stride))
  }
}

/** Four rows side by side, so that one pointer serves all of them in the inner loop. */
function pack(vectors: usize, stride: usize, depth: i32, packed: usize): void {
  for (let d: usize = 0; d < <usize>depth; d++) {
    const from = vectors + (d << 2)
    const to = packed + (d << 4)
    f32.store(to, f32.load(from))
    f32.store(to, f32.load(from + stride), 4)
    f32.store(to, f32.load(from + 2 * stride), 8)
    f32.store(to, f32.load(from + 3 * stride), 12)
  }
}

/** Scores of four packed rows against eight interleaved centroids, ranked into the rows' states. */
// @ts-ignore: decorator
@inline
function block(packed: usize, panel: usize, half: usize, depth: i32, first: i32, state: usize): void {
  let a0 = f32x4.splat(0)
  let a1 = f32x4.splat(0)
  let b0 = f32x4.splat(0)
  let b1 = f32x4.splat(0)
  let c0 = f32x4.splat(0)
  let c1 = f32x4.splat(0)
  let d0 = f32x4.splat(0)
  let d1 = f32x4.splat(0)
  const end = packed + (<usize>depth << 4)
  // One depth step a basic block: V8 hoists every load of a block to its top, so an unrolled body spills its registers.
  while (packed < end) {
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
  const low = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3))
  const high = i32x4.add(low, i32x4.splat(4))
  rank(state, f32x4.sub(a0, halfLow), low)
  rank(state, f32x4.sub(a1, halfHigh), high)
  rank(state + 48, f32x4.sub(b0, halfLow), low)
  rank(state + 48, f32x4.sub(b1, halfHigh), high)
  rank(state + 96, f32x4.sub(c0, halfLow), low)
  rank(state + 96, f32x4.sub(c1, halfHigh), high)
  rank(state + 144, f32x4.sub(d0, halfLow), low)
  rank(state + 144, f32x4.sub(d1, halfHigh), high)
}

function clear(state: usize): void {
  for (let row = 0; row < 4; row++, state += 48) {
    v128.store(state, f32x4.splat(-Infinity))
    v128.store(state, i32x4.splat(0), 16)
    v128.store(state, f32x4.splat(-Infinity), 32)
  }
}

/** One row's four lanes become its label (the lowest index of the best score), and its two distances. */
function settle(
  state: usize,
  vector: usize,
  centroids: usize,
  stride: usize,
  label: usize,
  near: usize,
  next: usize,
  norm: usize,
): void {
  let best: f32 = -Infinity
  let second: f32 = -Infinity
  let index = 0
  for (let lane: usize = 0; lane < 16; lane += 4) {
    const score = f32.load(state + lane)
    const at = i32.load(state + lane, 16)
    if (score > best || (score == best && at < index)) {
      second = max(second, best)
      best = score
      index = at
    } else {
      second = max(second, score)
    }
    second = max(second, f32.load(state + lane, 32))
  }
  const distance = squared(vector, centroids + <usize>index * stride, stride)
  const length = squaredNorm(vector, stride)
  i32.store(label, index)
  f32.store(near, distance)
  f32.store(next, max(distance, length - (second + second)))
  f32.store(norm, length)
}

/**
 * Labels, distances, second distances and squared norms of `rows` vectors, a multiple of four. `panels` holds the centroids eight by
 * eight with their coordinates interleaved, `halves` half their squared norms (Infinity where there is no centroid),
 * `centroids` the same row by row. `scratch` has room for 8 strips: four packed rows and their states of 48 bytes each.
 */
export function assign(
  vectors: usize,
  rows: i32,
  depth: i32,
  stride: usize,
  centroids: usize,
  panels: usize,
  halves: usize,
  blocks: i32,
  scratch: usize,
  labels: usize,
  near: usize,
  next: usize,
  norms: usize,
): void {
  const strip = (<usize>depth << 4) + 192
  for (let row = 0; row < rows; row += 4 * stripsAtOnce) {
    const strips = min(stripsAtOnce, (rows - row) >> 2)
    for (let s = 0; s < strips; s++) {
      const place = scratch + <usize>s * strip
      pack(vectors + <usize>(row + 4 * s) * stride, stride, depth, place)
      clear(place + (<usize>depth << 4))
    }
    let panel = panels
    let half = halves
    for (let b = 0; b < blocks; b++) {
      for (let s = 0; s < strips; s++) {
        const place = scratch + <usize>s * strip
        block(place, panel, half, depth, b << 3, place + (<usize>depth << 4))
      }
      panel += <usize>depth << 5
      half += 32
    }
    for (let r = 0; r < 4 * strips; r++) {
      const out = <usize>(row + r) << 2
      const vector = vectors + <usize>(row + r) * stride
      const state = scratch + <usize>(r >> 2) * strip + (<usize>depth << 4) + <usize>((r & 3) * 48)
      settle(state, vector, centroids, stride, labels + out, near + out, next + out, norms + out)
    }
  }
}
