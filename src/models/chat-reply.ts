import { HttpFailure } from '../http/failure.js'
import { redact } from '../http/redact.js'
import { CallFailure, type Reply, type Usage } from './types.js'

/** Why a server may say that it stopped, and what that means for us; the last two are what older TGI servers say. */
const finishes: Readonly<Record<string, Reply['finish']>> = {
  stop: 'stop',
  length: 'length',
  eos_token: 'stop',
  stop_sequence: 'stop',
}

/**
 * Reads the answer of an OpenAI-compatible chat server, believing none of it. Throws a retryable HttpFailure where it is
 * not a chat completion with text and a reason to stop, and a CallFailure where the provider's filter held the text back.
 */
export function readChatReply(answer: unknown, secrets: readonly string[] = []): Reply {
  const choice = field(answer, 'choices', 0)
  if (choice === undefined) throw unusable('reply has no choices', answer, secrets)
  const reason = field(choice, 'finish_reason')
  if (reason === 'content_filter') throw new CallFailure('held back by a content filter', { attempts: 1 })
  const finish = typeof reason === 'string' && Object.hasOwn(finishes, reason) ? finishes[reason] : undefined
  if (finish === undefined) throw unusable('reply has no known finish reason', answer, secrets)
  const text = field(choice, 'message', 'content')
  if (typeof text !== 'string') throw unusable('reply has no text', answer, secrets)
  // A cut-off reply may be empty: a model that reasons can spend every token before its first word.
  if (finish === 'stop' && text.trim() === '') throw unusable('reply is blank', answer, secrets)
  return { text, finish, usage: readUsage(field(answer, 'usage')) }
}

function readUsage(usage: unknown): Usage | undefined {
  const promptTokens = field(usage, 'prompt_tokens')
  const completionTokens = field(usage, 'completion_tokens')
  return isCount(promptTokens) && isCount(completionTokens) ? { promptTokens, completionTokens } : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** The value at the end of a path of own fields and indices; `undefined` where any part of it is missing. */
function field(value: unknown, ...path: readonly (string | number)[]): unknown {
  let at: unknown = value
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as Record<string | number, unknown>)[name]
  }
  return at
}

function unusable(reason: string, answer: unknown, secrets: readonly string[]): HttpFailure {
  return new HttpFailure(reason, { retryable: true, status: 200, detail: redact(JSON.stringify(answer), secrets) })
}
