import { type DistanceBackend, halfNorms, type RankBackend, type RankShape, tileRows } from './backend.js'

// Rounding after every multiplication and every addition, in the order of assembly/, gives its bits exactly.
const { fround } = Math

/** A ranking in plain TypeScript: the same labels and values, bit for bit, as simdRank. */
export function plainRank({ capacity, dimensions, measure }: RankShape): RankBackend {
  const targets = new Float32Array(capacity * dimensions)
  const halves = new Float32Array(capacity)
  const labels = new Uint32Array(tileRows)
  const values = new Float32Array(tileRows)
  const second = new Float32Array(tileRows)
  const norms = new Float32Array(tileRows)
  const dots = new Float32Array(4)
  const origin = new Float32Array(dimensions)

  return {
    put(first, added) {
      targets.set(added, first * dimensions)
      if (measure === 'distance') halves.set(halfNorms(added, dimensions), first)
    },
    tile(vectors, rows, count, only) {
      for (let row = 0; row < rows; row++) {
        const at = (only?.[row] ?? row) * dimensions
        let best = Number.NEGATIVE_INFINITY
        let next = Number.NEGATIVE_INFINITY
        let label = 0
        for (let first = 0; first < count; first += 4) {
          const some = Math.min(4, count - first)
          if (some === 4) fourDots(vectors, at, targets, first * dimensions, dimensions, dots)
          else for (let c = 0; c < some; c++) dots[c] = dot(vectors, at, targets, (first + c) * dimensions, dimensions)
          for (let c = 0; c < some; c++) {
            const score = fround(dots[c]! - halves[first + c]!)
            if (score > best) {
              next = best
              best = score
              label = first + c
            } else if (score > next) next = score
          }
        }
        labels[row] = label
        norms[row] = squared(vectors, at, origin, 0, dimensions)
        if (measure === 'distance') {
          values[row] = squared(vectors, at, targets, label * dimensions, dimensions)
          second[row] = Math.max(values[row]!, fround(norms[row]! - fround(next + next)))
        } else values[row] = dotByLanes(vectors, at, targets, label * dimensions, dimensions)
      }
      return { labels, values, second, norms }
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

/** Σ a·b in the same four partial sums. */
function dotByLanes(a: Float32Array, atA: number, b: Float32Array, atB: number, depth: number): number {
  const sums = new Float32Array(4)
  for (let d = 0; d < depth; d++) sums[d & 3] = fround(sums[d & 3]! + fround(a[atA + d]! * b[atB + d]!))
  return fround(fround(sums[0]! + sums[1]!) + fround(sums[2]! + sums[3]!))
}
