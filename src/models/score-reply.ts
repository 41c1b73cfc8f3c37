import { field, readUsage, unusable } from './answer-fields.js'
import { continuationStart } from './continuation.js'
import { areLate } from './late-scores.js'
import { noScores } from './scoring.js'
import type { Score, ScoreCall } from './types.js'

/**
 * Reads the answer of an OpenAI-compatible `/completions` that was asked to echo a text with its log-probabilities and to
 * write one token more. Throws a retryable HttpFailure where the tokens do not spell the text or have no log-probability,
 * and a UsageError where the server did not echo at all, or gives its tokens the numbers of others.
 */
export function readScoreReply(
  answer: unknown,
  { prompt, continuation }: ScoreCall,
  secrets: readonly string[] = [],
): Score {
  const choice = field(answer, 'choices', 0)
  if (choice === undefined) throw unusable('reply has no choices', answer, secrets)
  const tokens = field(choice, 'logprobs', 'tokens')
  const values = field(choice, 'logprobs', 'token_logprobs')
  const text = field(choice, 'text')
  const isEcho = typeof text === 'string' && text.length >= continuation.length
  if (!isEcho || !Array.isArray(tokens) || !Array.isArray(values)) {
    throw noScores('The endpoint does not give the log-probabilities of a text that it is sent.')
  }
  if (tokens.length !== values.length || !tokens.every((token) => typeof token === 'string')) {
    throw unusable('log-probabilities do not match their tokens', answer, secrets)
  }
  // The last token is the one that the model wrote, since no server is sure to take a limit of none; some leave it out.
  const echoed = [tokens.slice(0, -1), tokens].find((some) => startIn(some) !== undefined)
  const start = echoed && startIn(echoed)
  if (start === undefined) throw unusable('log-probabilities are of another text', answer, secrets)
  if (areLate(echoed!, choice)) {
    throw noScores(
      'The endpoint gives each token the log-probability of the place behind it, as llama-cpp-python does.',
    )
  }
  const scored = values.slice(start, echoed!.length)
  // Nothing comes before the first token of all.
  if (start === 0 && scored[0] === null) scored.shift()
  if (!scored.every(isLogProbability)) throw unusable('log-probabilities are no such numbers', answer, secrets)
  const usage = readUsage(field(answer, 'usage'))
  return { tokens: scored.length, logProbability: sum(scored), ...(usage && { usage }) }

  function startIn(some: readonly string[]) {
    return continuationStart(some, prompt, continuation)
  }
}

function isLogProbability(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value <= 0
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
