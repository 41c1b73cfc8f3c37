import { UsageError } from '../stream/errors.js'
import type { Model } from './types.js'

/** The model's `score`; throws a UsageError where it has none. */
export function scoringBy(model: Model): NonNullable<Model['score']> {
  if (model.score !== undefined) return model.score
  throw noScores(`The model ${model.id} does not tell how likely a text is.`)
}

/** What to throw where a model is asked for log-probabilities and has none. */
export function noScores(message: string, cause?: unknown): UsageError {
  return new UsageError(message, {
    ...(cause === undefined ? {} : { cause }),
    fix: 'Use gguf:PATH or smollm2, or openai:NAME at a server whose /completions echoes log-probabilities, such as vLLM.',
  })
}
