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
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`)
    return `{${fields.join(',')}}`
  }
  return JSON.stringify(value)
}
