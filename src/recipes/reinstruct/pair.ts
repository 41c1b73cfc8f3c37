import { type Columns, messages, type Schema } from '../../formats/index.js'
import type { ChosenText } from '../select/fetch.js'
import { type Source, taggedTurns } from '../source-tags.js'

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

/** A pair written from a text of the corpus. */
export function toPair({ id, text, cluster, distance, instruction, output }: Written): Columns {
  return { ...pair(`${id}/0`, 'synthetic', instruction, output), text, cluster, distance }
}

/** A pair of the seed data. */
export function toSeedPair(id: string, instruction: string, output: string): Columns {
  return { ...pair(id, 'seed', instruction, output), text: null, cluster: null, distance: null }
}

function pair(id: string, source: Source, instruction: string, output: string): Columns {
  return { id, messages: taggedTurns({ instruction, output }, source), instruction, output, source }
}
