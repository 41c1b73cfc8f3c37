import { createHash } from 'node:crypto'
import { CorruptInputError } from '../stream/errors.js'
import { decodeArtifact, encodeArtifact } from './artifact.js'
import { type NearestCentroid, nearestCentroid } from './kernel/nearest.js'
import { kmeans } from './kmeans.js'

/** A rough clustering of a few thousand rows, by which every row of the corpus is judged for its importance. */
export type Pilot = {
  readonly dimensions: number
  /** k' × dimensions. */
  readonly centroids: Float32Array
  /** The share of the pilot's rows at each centroid, smoothed so that none is 0. */
  readonly shares: Float64Array
  /** Mean squared distance of the pilot's rows from their centroids. */
  readonly meanDistance: number
  /** Tells pilots apart: sketches merge only when theirs is equal. */
  readonly hash: string
}

const pilotCentroids = 64
const pilotIterations = 3

/**
 * Fits the pilot of a sensitivity coreset: 64 centroids by k-means++ and three Lloyd iterations over the given rows
 * (about 8,192 of them), the same for any order of the rows.
 */
export async function fitPilot(
  vectors: Float32Array,
  dimensions: number,
  { seed, ids, signal }: { seed: number; ids: readonly string[]; signal?: AbortSignal },
): Promise<Pilot> {
  // An empty corpus has an empty coreset, which needs some pilot to be built with.
  if (ids.length === 0) return withHash(dimensions, new Float32Array(dimensions), Float64Array.of(1), 1)
  const { centroids, k, inertia } = await kmeans({
    ids,
    vectors,
    dimensions,
    k: pilotCentroids,
    seed,
    iterations: pilotIterations,
    ...(signal && { signal }),
  })
  const counts = new Float64Array(k)
  for (const label of nearestCentroid(centroids, dimensions).assign(vectors, ids.length, ids).labels)
    counts[label]! += 1
  const shares = counts.map((count) => (count + 1) / (ids.length + k))
  // Where the centroids explain the pilot exactly, its scale is gone; the vectors' own mean square takes its place.
  const meanDistance = inertia / ids.length || meanSquare(vectors, ids.length) || 1
  return withHash(dimensions, centroids, shares, meanDistance)
}

/** A judge of rows: q(x) = (1 + d²(x, B) / mean d² + 1 / (k' · share)) / 3, from 1/3 up and about 1 on average. */
export function createSensitivity({ centroids, dimensions, shares, meanDistance }: Pilot) {
  const kernel: NearestCentroid = nearestCentroid(centroids, dimensions)
  return (vectors: Float32Array, ids: readonly string[]): Float64Array => {
    const { labels, distances } = kernel.assign(vectors, ids.length, ids)
    const found = new Float64Array(ids.length)
    for (let row = 0; row < found.length; row++) {
      found[row] = (1 + distances[row]! / meanDistance + 1 / (shares.length * shares[labels[row]!]!)) / 3
    }
    return found
  }
}

/** A pilot as bytes, for the run's artifacts. */
export function encodePilot({ dimensions, centroids, shares, meanDistance }: Omit<Pilot, 'hash'>): Buffer {
  return encodeArtifact('pilot', { dimensions, meanDistance }, [centroids, shares])
}

/** Reads what encodePilot wrote; damaged bytes are a CorruptInputError. */
export function decodePilot(buffer: Uint8Array): Pilot {
  const { fields, parts } = decodeArtifact('pilot', buffer)
  const [centroids, shares] = parts
  if (!(centroids instanceof Float32Array) || !(shares instanceof Float64Array)) {
    throw new CorruptInputError('Expected a pilot to hold centroids and shares')
  }
  return withHash(fields.dimensions as number, centroids, shares, fields.meanDistance as number)
}

function withHash(dimensions: number, centroids: Float32Array, shares: Float64Array, meanDistance: number): Pilot {
  const pilot = { dimensions, centroids, shares, meanDistance }
  return { ...pilot, hash: createHash('sha256').update(encodePilot(pilot)).digest('hex') }
}

function meanSquare(vectors: Float32Array, rows: number): number {
  let sum = 0
  for (const value of vectors) sum += value * value
  return sum / rows
}
