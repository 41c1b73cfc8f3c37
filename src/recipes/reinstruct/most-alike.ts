import type { Resources, Unread } from '../types.js'

/** A text's instruction, as a model wrote it. */
export type Instructed = { readonly instruction: string }

/**
 * Takes, of several instructions for one text, the one whose embedding is nearest to the text's: a small model's bad
 * samples are mostly off the subject. Below `minSimilarity` none is taken.
 */
export function mostAlike(
  resources: Resources,
  { minSimilarity }: { minSimilarity: number },
): (row: { text: string }, readings: readonly Instructed[]) => Promise<Instructed | Unread> {
  return async ({ text }, readings) => {
    if (readings.length === 1 && minSimilarity <= -1) return readings[0]!
    const embedder = await resources.embedder()
    const vectors = await embedder.embed([text, ...readings.map(({ instruction }) => instruction)])
    const { dimensions } = embedder
    const cosines = readings.map((_, n) => dot(vectors, 0, (n + 1) * dimensions, dimensions))
    const best = cosines.indexOf(Math.max(...cosines))
    return cosines[best]! < minSimilarity ? { unread: 'no instruction is about the text' } : readings[best]!
  }
}

function dot(vectors: Float32Array, a: number, b: number, dimensions: number): number {
  let sum = 0
  for (let i = 0; i < dimensions; i++) sum += vectors[a + i]! * vectors[b + i]!
  return sum
}
