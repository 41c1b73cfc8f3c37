// Sums over the coordinates of a vector, in four partial sums, one for each lane. `stride` is a vector's length in bytes,
// a multiple of 16.

// @ts-ignore: decorator
@inline
function across(sum: v128): f32 {
  return (
    f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
  )
}

/** Σ(a − b)². */
export function squared(a: usize, b: usize, stride: usize): f32 {
  let sum = f32x4.splat(0)
  for (let at: usize = 0; at < stride; at += 16) {
    const gap = f32x4.sub(v128.load(a + at), v128.load(b + at))
    sum = f32x4.add(sum, f32x4.mul(gap, gap))
  }
  return across(sum)
}

/** Σ a·b. */
export function dot(a: usize, b: usize, stride: usize): f32 {
  let sum = f32x4.splat(0)
  for (let at: usize = 0; at < stride; at += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(a + at), v128.load(b + at)))
  return across(sum)
}

/** Squared distances of `rows` vectors from one centre. */
export function distances(vectors: usize, rows: i32, stride: usize, centre: usize, out: usize): void {
  for (let row = 0; row < rows; row++) {
    f32.store(out + (<usize>row << 2), squared(vectors + <usize>row * stride, centre, stride))
  }
}

/**
 * Squared distances of `rows` vectors from the centroids of their labels, and lower bounds of those from the runners-up:
 * `seconds` holds upper bounds of the runners-up's scores, and is overwritten.
 */
export function distancesToLabels(
  vectors: usize,
  rows: i32,
  stride: usize,
  centroids: usize,
  labels: usize,
  norms: usize,
  near: usize,
  seconds: usize,
): void {
  for (let row: usize = 0; row < <usize>rows; row++) {
    const out = row << 2
    const distance = squared(vectors + row * stride, centroids + <usize>i32.load(labels + out) * stride, stride)
    const score = f32.load(seconds + out)
    f32.store(near + out, distance)
    f32.store(seconds + out, max(distance, f32.load(norms + out) - (score + score)))
  }
}

/** Dot products of `rows` vectors with the vectors of their labels. */
export function productsWithLabels(
  vectors: usize,
  rows: i32,
  stride: usize,
  others: usize,
  labels: usize,
  near: usize,
): void {
  for (let row: usize = 0; row < <usize>rows; row++) {
    const out = row << 2
    f32.store(near + out, dot(vectors + row * stride, others + <usize>i32.load(labels + out) * stride, stride))
  }
}

/**
 * Adds `rows` vectors, each times its weight, to the sums of their labels in double precision; `sums` has twice the stride.
 * Adding `shift` and taking it away rounds what is added to a multiple of shift / 1.5 · 2^-52; 0 leaves it as it is.
 */
export function addToClusters(
  vectors: usize,
  rows: i32,
  stride: usize,
  labels: usize,
  weights: usize,
  shift: f64,
  sums: usize,
): void {
  const shifts = f64x2.splat(shift)
  for (let row: usize = 0; row < <usize>rows; row++) {
    const weight = f64x2.splat(f64.load(weights + (row << 3)))
    const from = vectors + row * stride
    const to = sums + <usize>i32.load(labels + (row << 2)) * (stride << 1)
    for (let at: usize = 0; at < stride; at += 8) {
      const value = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(from + at)), weight)
      const rounded = f64x2.sub(f64x2.add(value, shifts), shifts)
      v128.store(to + (at << 1), f64x2.add(v128.load(to + (at << 1)), rounded))
    }
  }
}
