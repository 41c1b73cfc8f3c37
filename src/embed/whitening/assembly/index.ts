// AssemblyScript, compiled by src/kernels.mjs. Pointers are byte offsets into a memory that the caller lays out, `stride` is
// the dimensions rounded up to a multiple of four; what lies beyond the dimensions is zero. Everything is summed in double
// precision in the order of the dimensions, as ../plain.ts does, so that both give the same bits.

/** Strips of four rows that one panel of axes serves while it is in the nearest cache. */
const stripsAtOnce = 8

/** Whether a number of the row is not zero; the row, less the mean, goes side by side with three others. */
function pack(row: usize, dimensions: usize, mean: usize, packed: usize): bool {
  let any = false
  for (let k: usize = 0; k < dimensions; k++) {
    const value = f32.load(row + (k << 2))
    if (value != 0) any = true
    f64.store(packed + (k << 5), <f64>value - <f64>f32.load(mean + (k << 2)))
  }
  return any
}

/** Products of four packed rows with the four interleaved axes of a panel, to four places `gap` bytes apart. */
// @ts-ignore: decorator
@inline
function block(packed: usize, end: usize, panel: usize, to: usize, gap: usize): void {
  let a0 = f64x2.splat(0)
  let a1 = f64x2.splat(0)
  let b0 = f64x2.splat(0)
  let b1 = f64x2.splat(0)
  let c0 = f64x2.splat(0)
  let c1 = f64x2.splat(0)
  let d0 = f64x2.splat(0)
  let d1 = f64x2.splat(0)
  // One depth step a basic block: V8 hoists every load of a block to its top, so an unrolled body spills its registers.
  while (packed < end) {
    const low = f64x2.promote_low_f32x4(v128.load64_zero(panel))
    const high = f64x2.promote_low_f32x4(v128.load64_zero(panel, 8))
    let x = v128.load64_splat(packed)
    a0 = f64x2.add(a0, f64x2.mul(x, low))
    a1 = f64x2.add(a1, f64x2.mul(x, high))
    x = v128.load64_splat(packed, 8)
    b0 = f64x2.add(b0, f64x2.mul(x, low))
    b1 = f64x2.add(b1, f64x2.mul(x, high))
    x = v128.load64_splat(packed, 16)
    c0 = f64x2.add(c0, f64x2.mul(x, low))
    c1 = f64x2.add(c1, f64x2.mul(x, high))
    x = v128.load64_splat(packed, 24)
    d0 = f64x2.add(d0, f64x2.mul(x, low))
    d1 = f64x2.add(d1, f64x2.mul(x, high))
    packed += 32
    panel += 16
  }
  v128.store(to, a0)
  v128.store(to, a1, 16)
  to += gap
  v128.store(to, b0)
  v128.store(to, b1, 16)
  to += gap
  v128.store(to, c0)
  v128.store(to, c1, 16)
  to += gap
  v128.store(to, d0)
  v128.store(to, d1, 16)
}

/** Stretches a turned row and writes it at length 1; one of no length is written as zeros. */
function settle(turned: usize, dimensions: usize, scale: usize, out: usize): void {
  let squares: f64 = 0
  for (let k: usize = 0; k < dimensions; k++) {
    const value = f64.load(turned + (k << 3)) * <f64>f32.load(scale + (k << 2))
    f64.store(turned + (k << 3), value)
    squares += value * value
  }
  if (squares == 0) return memory.fill(out, 0, dimensions << 2)
  const length = sqrt(squares)
  for (let k: usize = 0; k < dimensions; k++) f32.store(out + (k << 2), <f32>(f64.load(turned + (k << 3)) / length))
}

/** Interleaves the axes, the rows of a d × d matrix, in panels of four. */
export function interleave(rotation: usize, dimensions: usize, stride: usize, panels: usize): void {
  for (let axis: usize = 0; axis < dimensions; axis++) {
    const place = panels + (axis >> 2) * (stride << 4) + ((axis & 3) << 2)
    for (let k: usize = 0; k < dimensions; k++) {
      f32.store(place + (k << 4), f32.load(rotation + ((axis * dimensions + k) << 2)))
    }
  }
}

/**
 * Whitens `rows` rows of `dimensions` numbers in place; rows of zeros stay. `scratch` has room for 8 strips: of four rows
 * each the packed and the turned numbers, in double precision, and their marks.
 */
export function whiten(
  vectors: usize,
  rows: i32,
  dimensions: usize,
  stride: usize,
  mean: usize,
  panels: usize,
  scale: usize,
  scratch: usize,
): void {
  const rowBytes = dimensions << 2
  const half = stride << 5
  const strip = 2 * half + 16
  for (let row = 0; row < rows; row += 4 * stripsAtOnce) {
    const here = min(4 * stripsAtOnce, rows - row)
    const strips = (here + 3) >> 2
    for (let r = 0; r < here; r++) {
      const place = scratch + <usize>(r >> 2) * strip
      const any = pack(vectors + <usize>(row + r) * rowBytes, dimensions, mean, place + (<usize>(r & 3) << 3))
      i32.store(place + 2 * half + (<usize>(r & 3) << 2), <i32>any)
    }
    for (let axis: usize = 0; axis < dimensions; axis += 4) {
      const panel = panels + axis * (stride << 2)
      for (let s = 0; s < strips; s++) {
        const place = scratch + <usize>s * strip
        block(place, place + (dimensions << 5), panel, place + half + (axis << 3), stride << 3)
      }
    }
    for (let r = 0; r < here; r++) {
      const place = scratch + <usize>(r >> 2) * strip + half
      if (!i32.load(place + half + (<usize>(r & 3) << 2))) continue
      const turned = place + <usize>(r & 3) * (stride << 3)
      settle(turned, dimensions, scale, vectors + <usize>(row + r) * rowBytes)
    }
  }
}
