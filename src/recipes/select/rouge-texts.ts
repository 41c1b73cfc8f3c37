import type { TaskContext } from '../../run/types.js'
import { createQuotaPick } from '../../select/quota.js'
import { createRougeDiversity, type RougeDiversity } from '../../select/rouge-diversity.js'
import { UsageError } from '../../stream/errors.js'
import { requireMemory } from '../memory.js'
import type { Resources } from '../types.js'
import type { Chosen } from './chosen.js'
import type { Held } from './held.js'
import type { SelectionConfig } from './options.js'
import { readRanked } from './ranked.js'
import { readTextsOf } from './texts-again.js'

/** Tokens of the texts that are compared with, at most: 256 MB, half as much again while they grow, and their distinct words. */
const mostTokens = 2 ** 25

/** Of a text of some 150 words, with its share of the distinct ones. */
const usualBytes = 3 * 1024

/** What {@link holdTexts} holds where texts are of usual length; how long they are is known once they are read. */
export function heldAsTexts(count: number): Held {
  return { what: `${count} texts to compare with`, rows: count, rowBytes: usualBytes }
}

export type RougeTextsOptions = {
  /** Rows to hold: those of least rank. */
  count: number
  config: SelectionConfig & { by: string }
} & Pick<Resources, 'reading' | 'memory'>

/** Some texts of the corpus to compare others with, and where they are, the one of least rank first. */
export async function holdTexts(
  context: TaskContext,
  { count, config, reading, memory = {} }: RougeTextsOptions,
): Promise<{ texts: RougeDiversity; places: readonly Chosen[] }> {
  const pick = createQuotaPick<Chosen>({ quotas: [count], seed: config.seed, inside: 'nearest' })
  for await (const rows of readRanked(context)) for (const row of rows) pick.push(row)
  const places = pick.finish()
  const texts = createRougeDiversity()
  for await (const rows of readTextsOf(context, places, { config, reading })) {
    context.signal.throwIfAborted()
    for (const { id, text } of rows) texts.add(id, text)
    requireMemory(memory, texts.bytes, {
      what: `${texts.size} of the ${places.length} texts that --by ${config.by} compares with`,
      fix: 'Allow more with --max-memory, or choose fewer rows, or of shorter texts: sluice filter --rules length.',
    })
    if (texts.tokens > mostTokens) {
      throw new UsageError(
        `--by ${config.by} compares with ${places.length} texts, and they have more than ${mostTokens} words`,
        { fix: 'Choose fewer rows, or of shorter texts: sluice filter --rules length.' },
      )
    }
  }
  return { texts, places }
}
