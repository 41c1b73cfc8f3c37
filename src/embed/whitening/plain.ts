import type { Whiten, Whitening } from './fit.js'

/** Whitening in plain TypeScript: what the WebAssembly one repeats, and what is used where it cannot be. */
export function plainWhiten({ dimensions, mean, rotation, scale }: Whitening): Whiten {
  const centred = new Float64Array(dimensions)
  const turned = new Float64Array(dimensions)
  return (vectors) => {
    const out = new Float32Array(vectors.length)
    for (let at = 0; at < vectors.length; at += dimensions) {
      let any = false
      for (let k = 0; k < dimensions; k++) {
        const value = vectors[at + k]!
        if (value !== 0) any = true
        centred[k] = value - mean[k]!
      }
      if (!any) continue
      turn(rotation, centred, turned)
      let squares = 0
      for (let k = 0; k < dimensions; k++) {
        turned[k]! *= scale[k]!
        squares += turned[k]! * turned[k]!
      }
      if (squares === 0) continue
      const length = Math.sqrt(squares)
      for (let k = 0; k < dimensions; k++) out[at + k] = turned[k]! / length
    }
    return out
  }
}

/** `out = rotation · x`, four axes at a time so that each component of x is read a quarter as often. */
function turn(rotation: Float32Array, x: Float64Array, out: Float64Array): void {
  const d = x.length
  let axis = 0
  for (; axis + 4 <= d; axis += 4) {
    const a = axis * d
    let p = 0
    let q = 0
    let r = 0
    let s = 0
    for (let k = 0; k < d; k++) {
      const value = x[k]!
      p += rotation[a + k]! * value
      q += rotation[a + d + k]! * value
      r += rotation[a + 2 * d + k]! * value
      s += rotation[a + 3 * d + k]! * value
    }
    out[axis] = p
    out[axis + 1] = q
    out[axis + 2] = r
    out[axis + 3] = s
  }
  for (; axis < d; axis++) {
    let p = 0
    for (let k = 0; k < d; k++) p += rotation[axis * d + k]! * x[k]!
    out[axis] = p
  }
}
