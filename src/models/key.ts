import { createHash } from 'node:crypto'
import type { Question } from './wrapped.js'

/** The last key of each call: the journal and the request's header want the same one. */
const known = new WeakMap<Question, { readonly modelId: string; readonly key: string }>()

/**
 * What a reply is journalled under: the SHA-256, in hex, of the model's id and everything in the call. The row's id and
 * the sample's number are part of it, so that rows of equal text stay distinct.
 */
export function callKey(modelId: string, call: Question): string {
  const last = known.get(call)
  if (last?.modelId === modelId) return last.key
  const key = createHash('sha256')
    .update(canonicalJson({ version: 1, model: modelId, ...call }))
    .digest('hex')
  known.set(call, { modelId, key })
  return key
}

/** JSON with the keys of every object sorted and undefined fields left out: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  // Written out with loops: this is done for every call.
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
