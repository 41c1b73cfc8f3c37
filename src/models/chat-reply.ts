import { redact } from '../http/redact.js'
import { field, readUsage, unusable } from './answer-fields.js'
import { CallFailure, type Reply } from './types.js'

/** Why a server may say that it stopped, and what that means for us; the last two are what older TGI servers say. */
const finishes: Readonly<Record<string, Reply['finish']>> = {
  stop: 'stop',
  length: 'length',
  eos_token: 'stop',
  stop_sequence: 'stop',
}

/**
 * Reads the answer of an OpenAI-compatible chat server, believing none of it. Throws a retryable HttpFailure where it is
 * not a chat completion with text and a reason to stop, and a CallFailure where the provider's filter held the text back or
 * the model refused.
 */
export function readChatReply(answer: unknown, secrets: readonly string[] = []): Reply {
  const choice = field(answer, 'choices', 0)
  if (choice === undefined) throw unusable('reply has no choices', answer, secrets)
  const reason = field(choice, 'finish_reason')
  if (reason === 'content_filter') throw new CallFailure('held back by a content filter', { attempts: 1 })
  const finish = typeof reason === 'string' && Object.hasOwn(finishes, reason) ? finishes[reason] : undefined
  if (finish === undefined) throw unusable('reply has no known finish reason', answer, secrets)
  const text = field(choice, 'message', 'content')
  const refusal = field(choice, 'message', 'refusal')
  // What OpenAI's models say in place of the JSON that they were to write.
  if (typeof refusal === 'string' && typeof text !== 'string') {
    throw new CallFailure('refused by the model', { attempts: 1, message: redact(refusal, secrets) })
  }
  if (typeof text !== 'string') throw unusable('reply has no text', answer, secrets)
  // A cut-off reply may be empty: a model that reasons can spend every token before its first word.
  if (finish === 'stop' && text.trim() === '') throw unusable('reply is blank', answer, secrets)
  return { text, finish, usage: readUsage(field(answer, 'usage')) }
}
