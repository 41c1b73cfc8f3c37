/** The eigenvalues of a symmetric matrix, largest first, and its eigenvectors as the rows of a row-major matrix. */
export type Eigen = { values: Float64Array; vectors: Float64Array }

const maxRoundsPerValue = 60
// In a matrix whose largest entry is 1, this is zero: far below rounding, and far above where squares are lost to underflow.
const leastSize = Number.EPSILON ** 2

/**
 * All eigenvalues and eigenvectors of the symmetric row-major n × n `matrix`: Householder reflections to tridiagonal
 * form, then QR steps with Wilkinson's shift (Golub & Van Loan, Matrix Computations, 8.3). The largest component of each
 * vector (the first of equals) is positive. Only + - × ÷ and square roots are used, so every machine gives the same bits.
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const size = Math.abs(largestComponent(matrix)) || 1
  const { diagonal, beside, rotation } = tridiagonalize(
    matrix.map((value) => value / size),
    n,
  )
  diagonalize(diagonal, beside, rotation, n)
  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[b]! - diagonal[a]! || a - b)
  const vectors = new Float64Array(n * n)
  order.forEach((from, to) => {
    const vector = rotation.subarray(from * n, (from + 1) * n)
    const sign = largestComponent(vector) < 0 ? -1 : 1
    for (let k = 0; k < n; k++) vectors[to * n + k] = sign * vector[k]!
  })
  return { values: Float64Array.from(order, (i) => size * diagonal[i]!), vectors }
}

type Tridiagonal = { diagonal: Float64Array; beside: Float64Array; rotation: Float64Array }

/** Writes `a` as Qᵀ · T · Q with T tridiagonal and Q the `rotation`; `a` is used up. */
function tridiagonalize(a: Float64Array, n: number): Tridiagonal {
  const diagonal = new Float64Array(n)
  const beside = new Float64Array(n)
  const weights = new Float64Array(n)
  const image = new Float64Array(n)
  for (let k = 0; k < n - 1; k++) {
    // Row k beyond the diagonal becomes the reflection's vector; the rows below it are reflected from both sides.
    const v = a.subarray(k * n, (k + 1) * n)
    diagonal[k] = v[k]!
    beside[k] = k < n - 2 ? makeReflection(v, k + 1, weights, k) : v[k + 1]!
    const weight = weights[k]!
    if (weight === 0) continue
    let overlap = 0
    for (let i = k + 1; i < n; i++) {
      let dot = 0
      for (let j = k + 1; j < n; j++) dot += a[i * n + j]! * v[j]!
      image[i] = weight * dot
      overlap += image[i]! * v[i]!
    }
    for (let i = k + 1; i < n; i++) image[i]! -= 0.5 * weight * overlap * v[i]!
    for (let i = k + 1; i < n; i++) {
      const vi = v[i]!
      const wi = image[i]!
      for (let j = k + 1; j < n; j++) a[i * n + j]! -= vi * image[j]! + wi * v[j]!
    }
  }
  if (n > 0) diagonal[n - 1] = a[n * n - 1]!

  const rotation = new Float64Array(n * n)
  for (let i = 0; i < n; i++) rotation[i * n + i] = 1
  for (let k = n - 3; k >= 0; k--) {
    const v = a.subarray(k * n, (k + 1) * n)
    for (let i = k + 1; i < n && weights[k] !== 0; i++) {
      let dot = 0
      for (let j = k + 1; j < n; j++) dot += rotation[i * n + j]! * v[j]!
      dot *= weights[k]!
      for (let j = k + 1; j < n; j++) rotation[i * n + j]! -= dot * v[j]!
    }
  }
  return { diagonal, beside, rotation }
}

/** Turns `v[from..]` into the vector of the reflection that maps it to (r, 0, …); sets its weight and answers r. */
function makeReflection(v: Float64Array, from: number, weights: Float64Array, k: number): number {
  let tail = 0
  for (let i = from + 1; i < v.length; i++) tail += v[i]! * v[i]!
  const head = v[from]!
  if (tail <= leastSize * leastSize) return head
  const length = Math.sqrt(head * head + tail)
  const r = head > 0 ? -length : length
  v[from] = head - r
  weights[k] = 2 / (v[from]! * v[from]! + tail)
  return r
}

/** Makes a tridiagonal matrix diagonal by QR steps on the last block that is not yet, turning the rows of `rotation` along. */
function diagonalize(diagonal: Float64Array, beside: Float64Array, rotation: Float64Array, n: number): void {
  let high = n - 1
  for (let rounds = 0; high > 0; rounds++) {
    if (isNegligible(diagonal, beside, high - 1)) {
      beside[--high] = 0
      rounds = 0
      continue
    }
    if (rounds > maxRoundsPerValue) throw new RangeError('Expected a symmetric matrix of finite numbers')
    let low = high - 1
    while (low > 0 && !isNegligible(diagonal, beside, low - 1)) low--
    qrStep(diagonal, beside, rotation, n, low, high)
  }
}

function isNegligible(diagonal: Float64Array, beside: Float64Array, k: number): boolean {
  const size = Math.abs(diagonal[k]!) + Math.abs(diagonal[k + 1]!)
  return Math.abs(beside[k]!) <= Number.EPSILON * size + leastSize
}

function qrStep(
  diagonal: Float64Array,
  beside: Float64Array,
  rotation: Float64Array,
  n: number,
  low: number,
  high: number,
): void {
  let x = diagonal[low]! - wilkinsonShift(diagonal[high - 1]!, beside[high - 1]!, diagonal[high]!)
  let z = beside[low]!
  for (let k = low; k < high; k++) {
    const r = Math.sqrt(x * x + z * z)
    const c = r === 0 ? 1 : x / r
    const s = r === 0 ? 0 : z / r
    if (k > low) beside[k - 1] = r
    const p = diagonal[k]!
    const q = diagonal[k + 1]!
    const b = beside[k]!
    diagonal[k] = c * c * p + 2 * c * s * b + s * s * q
    diagonal[k + 1] = s * s * p - 2 * c * s * b + c * c * q
    beside[k] = c * s * (q - p) + (c * c - s * s) * b
    if (k < high - 1) {
      x = beside[k]!
      z = s * beside[k + 1]!
      beside[k + 1]! *= c
    }
    const first = k * n
    for (let j = first; j < first + n; j++) {
      const u = rotation[j]!
      const v = rotation[j + n]!
      rotation[j] = c * u + s * v
      rotation[j + n] = c * v - s * u
    }
  }
}

/** The eigenvalue of [[p, b], [b, q]] that is nearer to q. */
function wilkinsonShift(p: number, b: number, q: number): number {
  const half = (p - q) / 2
  const root = Math.sqrt(half * half + b * b)
  return half === 0 && root === 0 ? q : q - (b * b) / (half + (half < 0 ? -root : root))
}

/** The component of largest magnitude, the first of equals. */
function largestComponent(vector: Float64Array): number {
  let largest = 0
  for (const value of vector) if (Math.abs(value) > Math.abs(largest)) largest = value
  return largest
}
