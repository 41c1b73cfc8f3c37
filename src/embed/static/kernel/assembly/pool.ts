// Adds up the rows of a text's pieces. Order and rounding are those of ../../plain.ts, bit for bit.

import { dimensions, partial, rows, total } from './layout'

const rowBytes: usize = <usize>dimensions * 4

// @ts-ignore: decorator
@inline
function rowOf(id: usize): usize {
  return rows + <usize>load<u16>(id) * rowBytes
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
    for (let k: usize = 0; k < rowBytes; k += 16) {
      const ab = f32x4.add(v128.load(a + k), v128.load(b + k))
      const cd = f32x4.add(v128.load(c + k), v128.load(d + k))
      v128.store(partial + k, f32x4.add(v128.load(partial + k), f32x4.add(ab, cd)))
    }
  }
  for (; id < end; id += 2) {
    const a = rowOf(id)
    for (let k: usize = 0; k < rowBytes; k += 16) {
      v128.store(partial + k, f32x4.add(v128.load(partial + k), v128.load(a + k)))
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
