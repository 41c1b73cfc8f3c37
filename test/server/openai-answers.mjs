// What the test server answers where it means well, and the faults that are in the answer itself.
import { createHash } from 'node:crypto'

/**
 * @typedef {import('./openai-server.d.mts').Fault} Fault
 * @typedef {import('./openai-server.d.mts').ChatRequest} ChatRequest
 */

/** @type {import('./openai-server.d.mts').defaultReply} */
export function defaultReply({ messages, model: _model, ...parameters }) {
  const last = messages.at(-1)?.content ?? ''
  const key = JSON.stringify([messages, parameters])
  const words = [...new Set(last.match(/\b\p{Ll}{5,12}\b/gu) ?? [])].filter(
    (word) => !/^(instruct|write|rewrit)/.test(word),
  )
  const pick = (/** @type {string} */ use) => words[Math.floor(share(key + use) * words.length)] ?? 'bread'
  const asksForInstruction =
    /\b(write|give|guess|create|generate|propose|what|which)\b[^.?!\n]{0,80}\binstruction\b/i.test(last)
  if (asksForInstruction) return `Explain how ${pick('a')} and ${pick('b')} are connected with ${pick('c')}.`
  const sentences = 2 + Math.floor(share(`${key}length`) * 3)
  return Array.from({ length: sentences }, (_, i) => {
    const forms = [
      `The ${pick(`${i}a`)} depends on the ${pick(`${i}b`)}, which makes the ${pick(`${i}c`)} easier to follow.`,
      `Start with the ${pick(`${i}a`)}, then look at the ${pick(`${i}b`)} and compare both with the ${pick(`${i}c`)}.`,
      `In practice a good ${pick(`${i}a`)} needs a careful ${pick(`${i}b`)} as much as any ${pick(`${i}c`)}.`,
    ]
    return forms[Math.floor(share(`${key}${i}form`) * forms.length)]
  }).join(' ')
}

/** @param {string} text */
export const quarterOf = (text) => Math.ceil(text.length / 4)

/** @param {ChatRequest} body @param {string} text @param {Fault | undefined} fault @param {(text: string) => number} tokensOf */
export function chat(body, text, fault, tokensOf) {
  const content = fault === 'blank' ? '  ' : fault === 'length' ? text.slice(0, text.length / 2) : text
  const finish = fault === 'length' ? 'length' : fault === 'bad-finish' ? 'because' : 'stop'
  const said = fault === 'refusal' ? { content: null, refusal: 'I will not judge this.' } : { content }
  const choice = { index: 0, message: { role: 'assistant', ...said }, finish_reason: finish }
  const prompt = body.messages.reduce((sum, message) => sum + tokensOf(message.content), 0)
  const completion = tokensOf(content)
  return {
    id: `chatcmpl-${sha256(JSON.stringify(body)).slice(0, 12)}`,
    object: 'chat.completion',
    model: body.model,
    choices: fault === 'no-choices' ? [] : [choice],
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  }
}

/** The vectors come in reverse order, as the protocol allows. @param {any} body @param {number} dimensions @param {Fault | undefined} fault */
export function embeddings(body, dimensions, fault) {
  const texts = /** @type {string[]} */ ([body.input].flat())
  const size = fault === 'wrong-size' ? dimensions + 1 : dimensions
  const data = texts.map((text, index) => {
    const embedding = Array.from({ length: size }, (_, i) => share(`${text}/${i}`) - 0.5)
    return { object: 'embedding', index, embedding: fault === 'not-finite' ? embedding.map(() => null) : embedding }
  })
  if (fault === 'wrong-count') data.pop()
  return { object: 'list', model: body.model, data: data.reverse(), usage: { prompt_tokens: 1, total_tokens: 1 } }
}

/**
 * The echo of a text with log-probabilities, and one word more, as vLLM answers it.
 * @param {any} body @param {Fault | undefined} fault
 */
export function scores(body, fault) {
  const prompt = fault === 'other-text' ? `Not ${body.prompt}` : body.prompt
  const echoed = fault === 'no-echo' ? [] : (prompt.match(/\s*[^\s]{1,6}|\s+$/gu) ?? [])
  const tokens = [...echoed, ' more']
  const values = tokens.map((_, i) => (i === 0 ? null : -5 * share(tokens.slice(0, i + 1).join(''))))
  if (fault === 'not-finite') values[values.length - 2] = null
  if (fault === 'positive') values[values.length - 2] = 0.5
  if (fault === 'wrong-count') values.pop()
  const logprobs = { tokens, token_logprobs: values, text_offset: tokens.map(() => 0) }
  const usage = { prompt_tokens: echoed.length, completion_tokens: 1, total_tokens: tokens.length }
  const choice = { index: 0, text: tokens.join(''), logprobs, finish_reason: 'length' }
  return { object: 'text_completion', model: body.model, choices: fault === 'no-choices' ? [] : [choice], usage }
}

/** What OpenAI's strict mode would refuse about the form that a reply is to have; none where it is well. @param {any} format */
export function strictFault({ type, json_schema: { name, strict, schema } }) {
  if (type !== 'json_schema' || strict !== true) return 'not a strict schema'
  if (!/^[\w-]{1,64}$/.test(name)) return `the name ${name}`
  return schema.type === 'object' ? schemaFault(schema) : 'the root is no object'
}

/** The keywords that a schema of each type may have. */
const keywords = {
  object: ['type', 'properties', 'required', 'additionalProperties'],
  array: ['type', 'items', 'minItems', 'maxItems'],
  string: ['type', 'enum'],
  integer: ['type', 'enum'],
}

/** @param {any} schema @returns {string | undefined} */
function schemaFault(schema) {
  const known = keywords[/** @type {keyof typeof keywords} */ (schema.type)] ?? []
  const unknown = Object.keys(schema).find((keyword) => !known.includes(keyword))
  if (unknown) return `the keyword ${unknown}`
  if (schema.type === 'array') return schemaFault(schema.items)
  if (schema.type !== 'object') return undefined
  const names = Object.keys(schema.properties)
  if (schema.additionalProperties !== false) return 'additionalProperties'
  if (names.join() !== schema.required.join()) return 'not all properties are required'
  return names.map((name) => schemaFault(schema.properties[name])).find(Boolean)
}

/** A number in [0, 1) that depends on the text alone. @param {string} text */
export function share(text) {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32
}

/** @param {string} text */
export function sha256(text) {
  return createHash('sha256').update(text).digest('hex')
}
