import type { LlamaContextSequence, Token } from 'node-llama-cpp'
import { continuationStart } from './continuation.js'
import { CallFailure, type Score, type ScoreCall } from './types.js'

/** Tokens whose probabilities are asked for at once: each brings the whole vocabulary's, several megabytes. */
const atOnce = 16
/** The smallest number a float holds, which is what a probability below it comes as. */
const leastProbability = 2 ** -149

/**
 * How likely a local model finds a continuation. The sequence is cleared first and always computed in the same pieces, so
 * that a score depends on its call alone, to the last bit. Costs about three times what reading the text does.
 */
export async function scoreOf(sequence: LlamaContextSequence, call: ScoreCall, signal?: AbortSignal): Promise<Score> {
  const { model } = sequence
  const text = model.tokenize(call.prompt + call.continuation)
  const first = continuationStart(
    text.map((token) => model.detokenize([token])),
    call.prompt,
    call.continuation,
  )
  if (first === undefined) {
    // Some vocabularies normalise what they read.
    throw new CallFailure('tokens do not spell the text', { attempts: 1 })
  }
  const { bos, shouldPrependBosToken } = model.tokens
  const tokens = shouldPrependBosToken && bos !== null ? [bos, ...text] : text
  if (tokens.length > sequence.contextSize) {
    const message = `${tokens.length} tokens, into a context of ${sequence.contextSize}`
    throw new CallFailure('prompt too long', { attempts: 1, message })
  }
  // Nothing comes before the first token of all.
  const start = Math.max(1, first + tokens.length - text.length)
  await sequence.clearHistory()
  if (start > 1) await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(0, start - 1))
  let logProbability = 0
  for (let at = start; at < tokens.length; at += atOnce) {
    signal?.throwIfAborted()
    const targets = tokens.slice(at, at + atOnce)
    for (const probability of await probabilitiesOf(sequence, tokens.slice(at - 1, at - 1 + targets.length), targets)) {
      if (probability === undefined) throw new CallFailure('no probability of a token', { attempts: 1 })
      logProbability += Math.log(Math.max(probability, leastProbability))
    }
  }
  const usage = { promptTokens: tokens.length, completionTokens: 0 }
  return { tokens: tokens.length - start, logProbability, usage }
}

/** The probability of each target after the token in its place among `before`, which are evaluated. */
async function probabilitiesOf(
  sequence: LlamaContextSequence,
  before: readonly Token[],
  targets: readonly Token[],
): Promise<(number | undefined)[]> {
  // At temperature 0 they are those of the whole vocabulary, as the model has them.
  const generateNext = { probabilities: true, options: { temperature: 0 } }
  const outputs = await sequence.controlledEvaluate(before.map((token) => [token, { generateNext }]))
  return targets.map((target, index) => outputs[index]?.next.probabilities?.get(target))
}
