import type { JsonSchema, ReplySchema } from '../../models/reply-schema.js'
import type { Unread } from '../types.js'
import { echoesFence } from './fence.js'
import type { Language } from './language.js'

/**
 * What a judge is to choose, as data: a label, a score, or some of a list. How a structured reply is asked for, its schema
 * and its reader follow from it.
 */
export type Choice<Out> = {
  /** The field of the JSON object that holds it, such as `score`. */
  readonly field: string
  /** All that there is to choose from. */
  readonly among: readonly (string | number)[]
  /** How many of them, as a list; absent where it is one by itself. */
  readonly count?: number
  /** The judge gives its reasons first, in a field of their own. */
  readonly reasoned?: true
  /** What the judge was shown between fences. */
  readonly shown: readonly string[]
  /** What it means to choose these places of `among`: one of them, or from one to `count`, each once. */
  means(places: readonly number[]): Out
}

/** The whole numbers from 1 to `most`. */
export function numbersTo(most: number): number[] {
  return Array.from({ length: most }, (_, n) => n + 1)
}

/** What a provider is to hold the reply to. Enumerations alone, since not every provider knows bounds of numbers. */
export function choiceSchema({ field, among, count, reasoned }: Choice<unknown>): ReplySchema {
  const one: JsonSchema = { type: typeof among[0] === 'string' ? 'string' : 'integer', enum: among }
  const chosen: JsonSchema = count === undefined ? one : { type: 'array', items: one, minItems: count, maxItems: count }
  const properties = { ...(reasoned && { reasons: { type: 'string' } as const }), [field]: chosen }
  const schema = { type: 'object', properties, required: Object.keys(properties), additionalProperties: false } as const
  return { name: field, schema }
}

/** The line that asks for it, last in the question: a model that does not see the schema knows the form from here alone. */
export function choiceLine({ field, among, count, reasoned }: Choice<unknown>, language: Language): string {
  const form = `{${reasoned ? '"reasons": "…", ' : ''}"${field}": ${count === undefined ? 'X' : '[X, …]'}}`
  const all = among.map((each) => JSON.stringify(each)).join(', ')
  return language === 'zh'
    ? `请改用一个 JSON 对象回复，不写别的：${form}，${count === undefined ? '' : '每个 '}X 是下列之一：${all}。`
    : `In place of that, reply with one JSON object and nothing else: ${form}, where ${count === undefined ? '' : 'each '}X is one of ${all}.`
}

/** A reply that makes the first choices there are, after these reasons. */
export function sampleChoice({ field, among, count, reasoned }: Choice<unknown>, reasons: string): string {
  return JSON.stringify({
    ...(reasoned && { reasons }),
    [field]: count === undefined ? among[0] : among.slice(0, count),
  })
}

/**
 * What a reply in JSON chooses; `undefined` where it holds no JSON object of this form and is to be read as prose. The object
 * has its lines to itself, since one within a sentence may be a quotation; of several the last counts. What it does not say
 * within `among` is unread: there is no default.
 */
export function readChoice<Out extends object>(reply: string, choice: Choice<Out>): Out | Unread | undefined {
  const { field, count, shown, means } = choice
  const found = objectIn(reply)
  if (found === undefined || !Object.hasOwn(found, field)) {
    return beginsAsJson.test(reply) ? { unread: 'broken JSON' } : undefined
  }
  if (echoesFence(reply, ...shown)) return { unread: 'echo of the fence' }
  const said = found[field]
  if (count === undefined) {
    const place = placeOf(said, choice)
    return place < 0 ? { unread: 'no choice that there is' } : means([place])
  }
  const places = [...new Set([said].flat().map((each) => placeOf(each, choice)))].filter((place) => place >= 0)
  return places.length === 0 ? { unread: 'no choice that there is' } : means(places.slice(0, count))
}

const beginsAsJson = /^\s*(?:```(?:json)?\s*)?\{/i

/** A number may come as a string, and a label in any case. */
function placeOf(said: unknown, { among }: Choice<unknown>): number {
  if (typeof said !== 'string' && typeof said !== 'number') return -1
  const plain = String(said).trim().toLowerCase()
  return among.findIndex((each) => String(each).toLowerCase() === plain)
}

/** The last object that has its lines to itself; one inside another is none. */
function objectIn(reply: string): Record<string, unknown> | undefined {
  let last: Record<string, unknown> | undefined
  let end = 0
  // Of a reply that holds more than this, the rest is no verdict.
  for (const { 0: head, index } of [...reply.matchAll(/^[ \t`*]*\{/gm)].slice(-mostObjects)) {
    const start = index + head.length - 1
    const until = start < end ? undefined : endOfObject(reply, start)
    if (until === undefined || !/^[\s`*]*$/.test(reply.slice(until).split('\n', 1)[0]!)) continue
    try {
      last = JSON.parse(reply.slice(start, until))
      end = until
    } catch {
      // Prose that holds braces.
    }
  }
  return last
}

const mostObjects = 50
const longestObject = 20_000

/** Where the brace at `start` is closed, those within strings not counted. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0
  let isText = false
  for (let at = start; at < Math.min(text.length, start + longestObject); at++) {
    const char = text[at]
    if (char === '\\' && isText) at++
    else if (char === '"') isText = !isText
    else if (!isText && char === '{') depth++
    else if (!isText && char === '}' && --depth === 0) return at + 1
  }
  return undefined
}
