// Adds up the rows of a text's pieces. Order and rounding are those of ../../plain.ts, bit for bit.

import { dimensions, partial, rows, scales, total } from './layout'

const rowBytes: usize = <usize>dimensions * 4

// @ts-ignore: decorator
@inline
function rowOf(id: usize): usize {
  return rows + (<usize>load<u16>(id) << 7)
}

// @ts-ignore: decorator
@inline
function scaleOf(id: usize): v128 {
  return v128.load32_splat(scales + (<usize>load<u16>(id) << 2))
}

/** Four int8 of a row as float32, times its scale. */
// @ts-ignore: decorator
@inline
function scaled(wide: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(wide), scale)
}

export function clearTotal(): void {
  memory.fill(total, 0, <usize>dimensions * 8)
}

/** Adds the rows of `count` ids, at most a block of them. */
export function addBlock(ids: usize, count: i32): void {
  memory.fill(partial, 0, rowBytes)
  const end = ids + (<usize>count << 1)
  let id = ids
  for (; id + 8 <= end; id += 8) {
    const a = rowOf(id)
    const b = rowOf(id + 2)
    const c = rowOf(id + 4)
    const d = rowOf(id + 6)
    const sa = scaleOf(id)
    const sb = scaleOf(id + 2)
    const sc = scaleOf(id + 4)
    const sd = scaleOf(id + 6)
    for (let k: usize = 0; k < 128; k += 8) {
      const wa = v128.load8x8_s(a + k)
      const wb = v128.load8x8_s(b + k)
      const wc = v128.load8x8_s(c + k)
      const wd = v128.load8x8_s(d + k)
      const low = f32x4.add(
        f32x4.add(scaled(i32x4.extend_low_i16x8_s(wa), sa), scaled(i32x4.extend_low_i16x8_s(wb), sb)),
        f32x4.add(scaled(i32x4.extend_low_i16x8_s(wc), sc), scaled(i32x4.extend_low_i16x8_s(wd), sd)),
      )
      const high = f32x4.add(
        f32x4.add(scaled(i32x4.extend_high_i16x8_s(wa), sa), scaled(i32x4.extend_high_i16x8_s(wb), sb)),
        f32x4.add(scaled(i32x4.extend_high_i16x8_s(wc), sc), scaled(i32x4.extend_high_i16x8_s(wd), sd)),
      )
      const to = partial + (k << 2)
      v128.store(to, f32x4.add(v128.load(to), low))
      v128.store(to, f32x4.add(v128.load(to, 16), high), 16)
    }
  }
  for (; id < end; id += 2) {
    const a = rowOf(id)
    const sa = scaleOf(id)
    for (let k: usize = 0; k < 128; k += 8) {
      const wa = v128.load8x8_s(a + k)
      const to = partial + (k << 2)
      v128.store(to, f32x4.add(v128.load(to), scaled(i32x4.extend_low_i16x8_s(wa), sa)))
      v128.store(to, f32x4.add(v128.load(to, 16), scaled(i32x4.extend_high_i16x8_s(wa), sa)), 16)
    }
  }
  for (let k: usize = 0; k < rowBytes; k += 8) {
    const more = f64x2.promote_low_f32x4(v128.load64_zero(partial + k))
    v128.store(total + 2 * k, f64x2.add(v128.load(total + 2 * k), more))
  }
}

/** Writes the total at length 1, or nothing where it is all zeros. */
export function writeUnit(out: usize): void {
  let sum = f64x2.splat(0)
  for (let k: usize = 0; k < 2 * rowBytes; k += 16) {
    const value = v128.load(total + k)
    sum = f64x2.add(sum, f64x2.mul(value, value))
  }
  const squares = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)
  if (squares == 0) return
  const scale = f64x2.splat(1 / sqrt(squares))
  for (let k: usize = 0; k < rowBytes; k += 8) {
    const value = f64x2.mul(v128.load(total + 2 * k), scale)
    v128.store64_lane(out + k, f32x4.demote_f64x2_zero(value), 0)
  }
}
