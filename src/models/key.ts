import { hash } from 'node:crypto'
import type { Call, Message, ScoreCall } from './types.js'
import type { Question } from './wrapped.js'

/**
 * What a reply is journalled under: the SHA-256, in hex, of the model's id and everything in the call, as `canonicalJson`
 * writes it. The row's id and the sample's number are part of it, so that rows of equal text stay distinct.
 */
export function callKey(model: string, question: Question): string {
  return hash('sha256', sortedText(model, question), 'hex')
}

function sortedText(model: string, question: Question): string {
  if (!('messages' in question)) return JSON.stringify(sortedScoreCall(model, question))
  // A schema has names at every depth, and few calls have one.
  if (question.schema !== undefined) return canonicalJson({ version: 1, model, ...question })
  return JSON.stringify(sortedCall(model, question))
}

/** Every part of a question, one that is added as well; written out in the order of the names, as each call needs it. */
type Sorted<Q> = { readonly [Name in keyof Required<Q>]: Q[Name] } & { readonly model: string; readonly version: 1 }

function sortedCall(model: string, call: Omit<Call, 'schema'>): Sorted<Omit<Call, 'schema'>> {
  const { keepCutOff, maxTokens, ordinal, presencePenalty, rowId, seed, stage, stop, temperature, topP } = call
  const messages = call.messages.map(({ content, role }) => ({ content, role }) satisfies Required<Message>)
  return {
    keepCutOff,
    maxTokens,
    messages,
    model,
    ordinal,
    presencePenalty,
    rowId,
    seed,
    stage,
    stop,
    temperature,
    topP,
    version: 1,
  }
}

function sortedScoreCall(model: string, { continuation, prompt, rowId, stage }: ScoreCall): Sorted<ScoreCall> {
  return { continuation, model, prompt, rowId, stage, version: 1 }
}

/** JSON with the keys of every object sorted and undefined fields left out: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  let text = ''
  if (Array.isArray(value)) {
    for (const item of value) text += `${text && ','}${canonicalJson(item ?? null)}`
    return `[${text}]`
  }
  for (const name of Object.keys(value).sort()) {
    const field = (value as Record<string, unknown>)[name]
    if (field !== undefined) text += `${text && ','}${JSON.stringify(name)}:${canonicalJson(field)}`
  }
  return `{${text}}`
}
