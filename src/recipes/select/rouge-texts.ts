import type { TaskContext } from '../../run/types.js'
import { createQuotaPick } from '../../select/quota.js'
import { createRougeDiversity, type RougeDiversity } from '../../select/rouge-diversity.js'
import { UsageError } from '../../stream/errors.js'
import type { Resources } from '../types.js'
import type { Chosen } from './chosen.js'
import type { SelectionConfig } from './options.js'
import { readRanked } from './ranked.js'
import { readTextsOf } from './texts-again.js'

/** Tokens of the texts that are compared with, at most: 128 MB, and their distinct words beside them. */
const mostTokens = 2 ** 25

export type RougeTextsOptions = {
  /** Rows to hold: those of least rank. */
  count: number
  config: SelectionConfig & { by: string }
  reading: Resources['reading']
}

/** Some texts of the corpus to compare others with, and where they are, the one of least rank first. */
export async function holdTexts(
  context: TaskContext,
  { count, config, reading }: RougeTextsOptions,
): Promise<{ texts: RougeDiversity; places: readonly Chosen[] }> {
  const pick = createQuotaPick<Chosen>({ quotas: [count], seed: config.seed, inside: 'nearest' })
  for await (const rows of readRanked(context)) for (const row of rows) pick.push(row)
  const places = pick.finish()
  const texts = createRougeDiversity()
  for await (const rows of readTextsOf(context, places, { config, reading })) {
    context.signal.throwIfAborted()
    for (const { id, text } of rows) texts.add(id, text)
    if (texts.tokens > mostTokens) {
      throw new UsageError(
        `--by ${config.by} compares with ${places.length} texts, and they have more than ${mostTokens} words`,
        { fix: 'Choose fewer rows, or of shorter texts: sluice filter --rules length.' },
      )
    }
  }
  return { texts, places }
}
