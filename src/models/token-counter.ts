import { estimateTokens } from '../text/token-count.js'
import { findPulled } from './catalogue.js'
import { ggufTokenCounter } from './gguf.js'
import type { TokenCounter, Usage } from './types.js'
import type { Answer, Question } from './wrapped.js'

/** Tokens that chat templates set around a message, and before the reply. */
const aroundMessage = 4
const beforeReply = 3

/** Tokens as large vocabularies cut them, for models that cannot be asked. */
export const estimatingCounter: TokenCounter = {
  prompt: (messages) =>
    messages.reduce((sum, { content }) => sum + estimateTokens(content) + aroundMessage, beforeReply),
  reply: estimateTokens,
  isExact: false,
}

/** The tokeniser of the model that `spec` names where it is on this machine, else {@link estimatingCounter}. */
export async function openTokenCounter(spec: string): Promise<TokenCounter> {
  if (spec.startsWith('gguf:')) return ggufTokenCounter(spec.slice('gguf:'.length))
  const pulled = spec === 'smollm2' ? await findPulled(spec) : undefined
  return pulled === undefined ? estimatingCounter : ggufTokenCounter(pulled)
}

/** The most tokens that a question and its answer may take, by an estimate of the prompt. */
export function mostUsage(question: Question): Usage {
  if ('messages' in question) {
    return { promptTokens: estimatingCounter.prompt(question.messages), completionTokens: question.maxTokens }
  }
  return { promptTokens: estimateTokens(question.prompt + question.continuation), completionTokens: 1 }
}

/** The tokens of a question and its answer, as the server counted them or, where it did not, by an estimate. */
export function usageOf(question: Question, answer: Answer): Usage {
  if (answer.usage !== undefined) return answer.usage
  const { promptTokens } = mostUsage(question)
  return { promptTokens, completionTokens: 'text' in answer ? estimatingCounter.reply(answer.text) : 1 }
}
