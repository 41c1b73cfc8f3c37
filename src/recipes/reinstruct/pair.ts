import { type Columns, messages, type Schema } from '../../formats/index.js'
import type { ChosenText } from '../select/fetch.js'

/** What a pair is made of before it becomes an output row. */
export type Written = Omit<ChosenText, 'title'> & { readonly instruction: string; readonly output: string }

/** An output row: the pair as messages and as plain columns, and what it was made from. */
export const pairSchema: Schema = {
  id: 'string',
  messages,
  instruction: 'string',
  output: 'string',
  source: 'string',
  text: 'string',
  cluster: 'int32',
  distance: 'float',
}

/**
 * One sentence a source, set as the system message, so that training tells the two kinds of answer apart and inference
 * can ask for either (methods: the tags of Humpback, which REInstruct takes over; the wording is ours).
 */
const sourceTags = {
  synthetic: 'Answer with knowledge gathered from the web.',
  seed: 'Answer as a helpful AI assistant would.',
} as const

/** A pair written from a text of the corpus. */
export function toPair({ id, text, cluster, distance, instruction, output }: Written): Columns {
  return { ...pair(`${id}/0`, 'synthetic', instruction, output), text, cluster, distance }
}

/** A pair of the seed data. */
export function toSeedPair(id: string, instruction: string, output: string): Columns {
  return { ...pair(id, 'seed', instruction, output), text: null, cluster: null, distance: null }
}

function pair(id: string, source: keyof typeof sourceTags, instruction: string, output: string): Columns {
  const conversation = [
    { role: 'system', content: sourceTags[source] },
    { role: 'user', content: instruction },
    { role: 'assistant', content: output },
  ]
  return { id, messages: conversation, instruction, output, source }
}
