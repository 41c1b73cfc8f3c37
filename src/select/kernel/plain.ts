import { type AssignBackend, type DistanceBackend, halfNorms, tileRows } from './backend.js'

// Rounding after every multiplication and every addition, in the order of assembly/nearest.ts, gives its bits exactly.
const { fround } = Math

/** nearestCentroid's arithmetic in plain TypeScript, for `k` centroids: the same bits as simdAssign. */
export function plainAssign(k: number, dimensions: number): AssignBackend {
  let centroids: Float32Array = new Float32Array(k * dimensions)
  let halves: Float32Array = new Float32Array(k)
  const labels = new Uint32Array(tileRows)
  const distances = new Float32Array(tileRows)
  const second = new Float32Array(tileRows)
  const norms = new Float32Array(tileRows)
  const dots = new Float32Array(4)

  return {
    move(next) {
      centroids = Float32Array.from(next)
      halves = halfNorms(next, k, dimensions)
    },
    tile(vectors, rows) {
      for (let row = 0; row < rows; row++) {
        const at = row * dimensions
        let best = Number.NEGATIVE_INFINITY
        let next = Number.NEGATIVE_INFINITY
        let label = 0
        for (let first = 0; first < k; first += 4) {
          const count = Math.min(4, k - first)
          if (count === 4) fourDots(vectors, at, centroids, first * dimensions, dimensions, dots)
          else
            for (let c = 0; c < count; c++) dots[c] = dot(vectors, at, centroids, (first + c) * dimensions, dimensions)
          for (let c = 0; c < count; c++) {
            const score = fround(dots[c]! - halves[first + c]!)
            if (score > best) {
              next = best
              best = score
              label = first + c
            } else if (score > next) next = score
          }
        }
        const distance = squared(vectors, at, centroids, label * dimensions, dimensions)
        const norm = squared(vectors, at, zeros(dimensions), 0, dimensions)
        labels[row] = label
        distances[row] = distance
        second[row] = Math.max(distance, fround(norm - fround(next + next)))
        norms[row] = norm
      }
      return { labels, distances, second, norms }
    },
  }
}

/** distancesFrom's arithmetic in plain TypeScript: the same bits as simdDistances. */
export function plainDistances(vectors: Float32Array, rows: number, dimensions: number): DistanceBackend {
  const out = new Float32Array(rows)
  return (centre) => {
    for (let row = 0; row < rows; row++) out[row] = squared(vectors, row * dimensions, centre, 0, dimensions)
    return out
  }
}

function dot(a: Float32Array, atA: number, b: Float32Array, atB: number, depth: number): number {
  let sum = fround(0)
  for (let d = 0; d < depth; d++) sum = fround(sum + fround(a[atA + d]! * b[atB + d]!))
  return sum
}

/** Four dot products at once: four independent sums keep the adder busy while each waits for its last result. */
function fourDots(a: Float32Array, atA: number, b: Float32Array, atB: number, depth: number, out: Float32Array): void {
  const at1 = atB + depth
  const at2 = at1 + depth
  const at3 = at2 + depth
  let sum0 = fround(0)
  let sum1 = fround(0)
  let sum2 = fround(0)
  let sum3 = fround(0)
  for (let d = 0; d < depth; d++) {
    const x = a[atA + d]!
    sum0 = fround(sum0 + fround(x * b[atB + d]!))
    sum1 = fround(sum1 + fround(x * b[at1 + d]!))
    sum2 = fround(sum2 + fround(x * b[at2 + d]!))
    sum3 = fround(sum3 + fround(x * b[at3 + d]!))
  }
  out[0] = sum0
  out[1] = sum1
  out[2] = sum2
  out[3] = sum3
}

/** Σ(a − b)² in four partial sums over every fourth coordinate, as the four lanes of a SIMD register add it up. */
function squared(a: Float32Array, atA: number, b: Float32Array, atB: number, depth: number): number {
  let sum0 = fround(0)
  let sum1 = fround(0)
  let sum2 = fround(0)
  let sum3 = fround(0)
  for (let d = 0; d < depth; d += 4) {
    const gap0 = fround(a[atA + d]! - b[atB + d]!)
    const gap1 = d + 1 < depth ? fround(a[atA + d + 1]! - b[atB + d + 1]!) : 0
    const gap2 = d + 2 < depth ? fround(a[atA + d + 2]! - b[atB + d + 2]!) : 0
    const gap3 = d + 3 < depth ? fround(a[atA + d + 3]! - b[atB + d + 3]!) : 0
    sum0 = fround(sum0 + fround(gap0 * gap0))
    sum1 = fround(sum1 + fround(gap1 * gap1))
    sum2 = fround(sum2 + fround(gap2 * gap2))
    sum3 = fround(sum3 + fround(gap3 * gap3))
  }
  return fround(fround(sum0 + sum1) + fround(sum2 + sum3))
}

let origin = new Float32Array(0)

/** A vector of zeros, the distance from which is the norm. */
function zeros(dimensions: number): Float32Array {
  if (origin.length < dimensions) origin = new Float32Array(dimensions)
  return origin
}
