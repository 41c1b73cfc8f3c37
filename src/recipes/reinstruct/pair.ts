import { type Columns, messages, type Schema } from '../../formats/index.js'
import type { Language } from '../ask/language.js'
import type { Exchange } from '../pairs/read.js'
import { type Source, taggedTurns } from '../pass/source-tags.js'
import type { ChosenText } from '../select/fetch.js'

/** What a pair is made of before it becomes an output row. */
export type Written = Omit<ChosenText, 'title'> & Exchange

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

/** A pair written from a text of the corpus. */
export function toPair({ id, text, cluster, distance, ...written }: Written, language: Language): Columns {
  return { ...pair(`${id}/0`, written, 'synthetic', language), text, cluster, distance }
}

/** A pair of the seed data. */
export function toSeedPair(id: string, exchange: Exchange, language: Language): Columns {
  return { ...pair(id, exchange, 'seed', language), text: null, cluster: null, distance: null }
}

function pair(id: string, { instruction, output }: Exchange, source: Source, language: Language): Columns {
  return { id, messages: taggedTurns({ instruction, output }, source, language), instruction, output, source }
}
