import { bestKind, type KernelOptions, openRank } from './nearest.js'
import { requireDimensions, requireFinite, rowCount } from './rows.js'
import { rankRows } from './tiles.js'

export type LargestDot = {
  readonly kind: 'simd' | 'plain'
  /** Vectors held. */
  readonly size: number
  /** Holds more vectors; their indices go on from `size`. */
  add(vectors: Float32Array): void
  /**
   * For each of `rows` vectors the held one with the largest dot product, the lowest index on ties, and that product. With
   * none held every product is −Infinity. `ids` only name a faulty row in the error.
   */
  find(
    vectors: Float32Array,
    rows: number,
    ids?: readonly string[],
  ): { readonly labels: Uint32Array; readonly dots: Float32Array }
}

/** Vectors there is room for at first; the room doubles as it fills. */
const startingRoom = 256

/**
 * The most similar of a growing set of vectors: of unit vectors the dot product is the cosine. Same arithmetic, and as
 * fast, as nearestCentroid. A vector that holds a NaN, an Infinity or a squared norm from 2^124 up is a CorruptInputError.
 */
export function largestDot(dimensions: number, { kind = bestKind() }: KernelOptions = {}): LargestDot {
  requireDimensions(dimensions)
  let held = new Float32Array(startingRoom * dimensions)
  const open = () => openRank({ capacity: held.length / dimensions, dimensions, measure: 'product' }, kind)
  let backend = open()
  let size = 0

  return {
    kind,
    get size() {
      return size
    },
    add(vectors) {
      const added = rowCount(vectors, dimensions, 'vectors')
      requireFinite(vectors, dimensions, (row) => `held vector ${size + row}`)
      const needed = (size + added) * dimensions
      if (needed > held.length) {
        const larger = new Float32Array(Math.max(2 * held.length, needed))
        larger.set(held.subarray(0, size * dimensions))
        larger.set(vectors, size * dimensions)
        held = larger
        backend = open()
        backend.put(0, held.subarray(0, needed))
      } else {
        held.set(vectors, size * dimensions)
        backend.put(size, vectors)
      }
      size += added
    },
    find(vectors, rows, ids) {
      if (size === 0) {
        requireFinite(vectors.subarray(0, rows * dimensions), dimensions, (row) => ids?.[row] ?? `number ${row}`)
        return { labels: new Uint32Array(rows), dots: new Float32Array(rows).fill(Number.NEGATIVE_INFINITY) }
      }
      const { labels, values } = rankRows(backend, size, { vectors, rows, dimensions, ids })
      return { labels, dots: values }
    },
  }
}
