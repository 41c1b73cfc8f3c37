import { CorruptInputError, UsageError } from '../stream/errors.js'
import { uniform } from '../text/hash.js'
import { decodeArtifact, encodeArtifactParts } from './artifact.js'
import { rowCount } from './kernel/rows.js'
import { createSensitivity, type Pilot } from './pilot.js'
import { createPrioritySample, type SampledRows } from './priority-sample.js'
import type { WeightedRows } from './weighted-rows.js'

/** Rows that stand for a whole corpus, in order of id. */
export type Coreset = WeightedRows

export type SketchOptions = {
  pilot: Pilot
  /** Rows of the finished coreset. */
  size: number
  seed: number
  /** Rows that will be pushed and merged in all, as far as is known, so that room need not be made again and again. */
  expected?: number | undefined
}

/** A summary of any number of rows in bounded memory: about 1.25 × size vectors. */
export type Sketch = {
  /** Takes rows in; an id must come only once over all pushes and merges. */
  push(ids: readonly string[], vectors: Float32Array): void
  /** Takes in what another sketch of the same pilot, size and seed has seen. */
  merge(other: Pick<Sketch, 'terms' | 'rows'>): void
  /** The coreset in order of id. Rows can still be pushed afterwards. */
  finish(): Coreset
  /** The sketch as bytes, equal for equal sets of rows. */
  encode(): Buffer
  /** The same bytes in pieces, for a file: there is no copy of the whole. */
  encodeParts(): Buffer[]
  /** What two sketches must share to be merged. */
  readonly terms: { readonly pilot: string; readonly size: number; readonly seed: number }
  /** The rows held, one more than the size: the last one's priority sets the weights. */
  rows(): SampledRows
}

/**
 * Starts a sensitivity coreset by priority sampling (Duffield, Lund and Thorup 2007) with a pinned pilot: a row's priority
 * is its sensitivity over a hash of its id, and the highest priorities stay. Which rows those are depends on the set of
 * rows alone, so pushing and merging are exactly associative and commutative. With weights w, Σ w f(x) over the coreset
 * is an unbiased estimate of Σ f(x) over all rows. Fewer rows than the size all stay, at weight 1.
 */
export function createSketch({ pilot, size, seed, expected }: SketchOptions): Sketch {
  if (!Number.isInteger(size) || size < 1) {
    throw new TypeError(`Expected \`size\` to be an integer from 1 up, got \`${size}\``)
  }
  const { dimensions } = pilot
  const terms = { pilot: pilot.hash, size, seed }
  const sensitivity = createSensitivity(pilot)
  const sample = createPrioritySample(size + 1, dimensions, expected)

  return {
    terms,
    rows: sample.rows,
    push(ids, vectors) {
      if (rowCount(vectors, dimensions, 'vectors') !== ids.length) {
        throw new TypeError(`Expected ${ids.length} vectors of ${dimensions} dimensions, got ${vectors.length} numbers`)
      }
      const found = sensitivity(vectors, ids)
      ids.forEach((id, row) => {
        sample.offer(id, found[row]! / uniform(seed, id, 'coreset'), found[row]!, vectors, row)
      })
    },
    merge(other) {
      requireSameTerms(terms, other.terms)
      offerAll(sample, other.rows())
    },
    finish: () => weigh(sample.rows(), size, dimensions),
    encode: () => Buffer.concat(encodeRows(terms, sample.rows())),
    encodeParts: () => encodeRows(terms, sample.rows()),
  }
}

function encodeRows(terms: Sketch['terms'], { ids, priorities, sensitivities, vectors }: SampledRows): Buffer[] {
  return encodeArtifactParts('sketch', { ...terms, ids }, [priorities, sensitivities, vectors])
}

/** Reads what a sketch's `encode` gave; it must have been made with the same pilot. Damaged bytes are a CorruptInputError. */
export function decodeSketch(buffer: Uint8Array, { pilot }: { pilot: Pilot }): Sketch {
  const { fields, parts } = decodeArtifact('sketch', buffer)
  const [priorities, sensitivities, vectors] = parts
  const { ids, size, seed } = fields as { ids: string[]; size: number; seed: number }
  if (
    !(priorities instanceof Float64Array && sensitivities instanceof Float64Array && vectors instanceof Float32Array)
  ) {
    throw new CorruptInputError('Expected a sketch to hold priorities, sensitivities and vectors')
  }
  requireSameTerms({ pilot: pilot.hash, size, seed }, fields as Sketch['terms'])
  const held = { ids, priorities, sensitivities, vectors }
  const terms = { pilot: pilot.hash, size, seed }
  // Most are only merged into another, which takes the rows as they lie.
  let opened: Sketch | undefined
  const open = () => {
    if (opened === undefined) {
      opened = createSketch({ pilot, size, seed })
      opened.merge({ terms, rows: () => held })
    }
    return opened
  }
  return {
    terms,
    rows: () => opened?.rows() ?? held,
    push: (more, from) => open().push(more, from),
    merge: (other) => open().merge(other),
    finish: () => open().finish(),
    encode: () => open().encode(),
    encodeParts: () => open().encodeParts(),
  }
}

function offerAll(sample: ReturnType<typeof createPrioritySample>, rows: SampledRows): void {
  rows.ids.forEach((id, row) => {
    sample.offer(id, rows.priorities[row]!, rows.sensitivities[row]!, rows.vectors, row)
  })
}

function requireSameTerms(mine: Sketch['terms'], theirs: Sketch['terms']): void {
  for (const term of ['pilot', 'size', 'seed'] as const) {
    if (mine[term] !== theirs[term]) {
      throw new UsageError(`Expected a sketch of ${term} ${mine[term]}, got one of ${term} ${theirs[term]}`, {
        fix: 'Merge only sketches that one run made.',
      })
    }
  }
}

/** Drops the row of least priority τ when there is one too many, and gives each other max(1, τ / sensitivity). */
function weigh(rows: SampledRows, size: number, dimensions: number): Coreset {
  const { ids, priorities, sensitivities, vectors } = rows
  if (ids.length <= size) return { ids, vectors, weights: new Float64Array(ids.length).fill(1), dimensions }
  let least = 0
  // On ties the highest id goes, which in order of id is the last.
  for (let row = 1; row < ids.length; row++) if (priorities[row]! <= priorities[least]!) least = row
  const weights = sensitivities.map((sensitivity) => Math.max(1, priorities[least]! / sensitivity))
  vectors.copyWithin(least * dimensions, (least + 1) * dimensions)
  weights.copyWithin(least, least + 1)
  return {
    ids: ids.toSpliced(least, 1),
    vectors: vectors.subarray(0, size * dimensions),
    weights: weights.subarray(0, size),
    dimensions,
  }
}
