import { HttpFailure } from '../http/failure.js'
import { redact } from '../http/redact.js'
import type { Usage } from './types.js'

/** What the server counted; `undefined` where it is no count. */
export function readUsage(usage: unknown): Usage | undefined {
  const promptTokens = field(usage, 'prompt_tokens')
  const completionTokens = field(usage, 'completion_tokens')
  return isCount(promptTokens) && isCount(completionTokens) ? { promptTokens, completionTokens } : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** The value at the end of a path of own fields and indices; `undefined` where any part of it is missing. */
export function field(value: unknown, ...path: readonly (string | number)[]): unknown {
  let at: unknown = value
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as Record<string | number, unknown>)[name]
  }
  return at
}

/** What to throw where an answer with status 200 is none: it may be better the next time. */
export function unusable(reason: string, answer: unknown, secrets: readonly string[]): HttpFailure {
  return new HttpFailure(reason, { retryable: true, status: 200, detail: redact(JSON.stringify(answer), secrets) })
}
