import type { Resources, Unread } from '../types.js'
import { sharedSubject } from './prompts.js'

/** A text's instruction, as a model wrote it. */
export type Instructed = { readonly instruction: string }

type Bounds = { readonly minSimilarity: number; readonly minShared: number }

/**
 * Takes, of several instructions for one text, the one most like it: by the cosine of the embeddings, times the share of
 * subjects where `minShared` asks for one. Below a bound none is taken. A small model's bad samples are mostly off the
 * subject (figures in README.md).
 */
export function mostAlike(
  resources: Resources,
  { minSimilarity, minShared }: Bounds,
): (row: { text: string }, readings: readonly Instructed[], signal?: AbortSignal) => Promise<Instructed | Unread> {
  return async ({ text }, readings, signal) => {
    if (readings.length === 1 && minSimilarity <= -1 && minShared === 0) return readings[0]!
    const embedder = await resources.embedder()
    const texts = [text, ...readings.map(({ instruction }) => instruction)]
    const vectors = await embedder.embed(texts, { ...(signal && { signal }) })
    const { dimensions } = embedder
    let best: { reading: Instructed; score: number } | undefined
    for (const [n, reading] of readings.entries()) {
      const cosine = dot(vectors, 0, (n + 1) * dimensions, dimensions)
      const shared = minShared === 0 ? 1 : sharedSubject(reading.instruction, text)
      if (cosine < minSimilarity || shared < minShared) continue
      if (!best || cosine * shared > best.score) best = { reading, score: cosine * shared }
    }
    return best?.reading ?? { unread: 'no instruction is about the text' }
  }
}

/** An answer whose subjects are the text's own, or why it cannot be taken. */
export function onSubject(
  answer: { readonly output: string },
  { text }: { text: string },
  { minShared }: Bounds,
): { output: string } | Unread {
  const strays = minShared > 0 && sharedSubject(answer.output, text) < minShared
  return strays ? { unread: 'the answer is not about the text' } : answer
}

function dot(vectors: Float32Array, a: number, b: number, dimensions: number): number {
  let sum = 0
  for (let i = 0; i < dimensions; i++) sum += vectors[a + i]! * vectors[b + i]!
  return sum
}
