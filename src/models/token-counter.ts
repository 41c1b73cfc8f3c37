import { estimateTokens } from '../text/token-count.js'
import { findPulled } from './catalogue.js'
import { ggufTokenCounter } from './gguf.js'
import type { TokenCounter } from './types.js'

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
