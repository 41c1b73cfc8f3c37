import { z } from 'zod'
import { reinstructSelector } from '../../filters/reinstruct.js'
import { openShards } from '../../formats/shards.js'
import type { Pass } from '../../run/types.js'
import { UsageError } from '../../stream/errors.js'
import { onBadAgain } from '../pass/bad-shards.js'
import type { Recipe, Resources } from '../types.js'
import type { JudgeText } from './corpus.js'
import { fetchPasses } from './fetch.js'
import { writeChosenPass } from './finish.js'
import { corpusOptions } from './options.js'
import { pilotPass } from './pilot.js'
import { withRoom } from './room.js'
import { scanPass } from './scan.js'
import { strategies, strategyOptions } from './strategies/index.js'

/** Options of every recipe that begins by choosing rows. */
export const selectionOptions = { ...corpusOptions, ...strategyOptions }

type SelectionConfig = z.infer<z.ZodObject<typeof selectionOptions>>

export type SelectionOptions = {
  /** Without one every text may be chosen. */
  judge: JudgeText | undefined
  /** The config keys that `judge` was made from. */
  judgeSettings: readonly string[]
  /** What to fetch of the chosen rows. */
  columns: 'text' | 'all'
  /** With `columns: 'text'`: one more column to fetch, as `title`. */
  titleColumn?: string | undefined
}

/**
 * The passes every corpus recipe begins with: embed what `judge` lets through, where the strategy wants vectors, and choose
 * `config.select` rows of that by the strategy `config.by`. What they leave is `fetchedFile` of the pass `fetch`.
 */
export function selectionPasses(
  config: SelectionConfig,
  resources: Resources,
  { judge, judgeSettings, columns, titleColumn }: SelectionOptions,
): Pass[] {
  const strategy = strategies[config.by]
  const { vectors = 'whitened' } = strategy
  const ranking = strategy.ranking?.(config)
  if (config.scoreColumn !== undefined && ranking?.scoreColumn === undefined) throw idleScore(config)
  const isWhitened = vectors === 'whitened'
  const scan = scanPass(config, resources, judge, { ranking, vectors })
  const [first, ...others] = isWhitened ? [pilotPass(config, resources, judge), scan] : [scan]
  const roomy = withRoom(first, strategy, config, resources)
  const scanning = [titleColumn === undefined ? roomy : withColumn(roomy, titleColumn, config, resources), ...others]
  const choosing = [...strategy.passes(config, resources), ...fetchPasses(config, resources, { columns, titleColumn })]
  // The strategies that take whitened vectors and rank nothing share a scan: another can be tried without embedding again.
  const isShared = isWhitened && ranking === undefined
  const scanOptions = isShared ? corpusOptions : selectionOptions
  const scanSettings = [...Object.keys(scanOptions), 'limits', ...judgeSettings]
  const settings = [...Object.keys(selectionOptions), 'limits', ...judgeSettings]
  return [
    ...scanning.map((pass) => ({ ...pass, settings: scanSettings })),
    ...choosing.map((pass) => ({ ...pass, settings })),
  ]
}

/** The same pass, the first of a selection, which refuses to begin where no shard has a column that few rows need have. */
function withColumn(
  pass: Pass,
  column: string,
  config: SelectionConfig,
  { reading }: Pick<Resources, 'reading'>,
): Pass {
  return {
    ...pass,
    async tasks(run) {
      await openShards(run.plan.shards, { ...reading, columns: [column], onBad: onBadAgain(config) })
      return pass.tasks(run)
    },
  }
}

function idleScore({ by }: SelectionConfig): UsageError {
  return new UsageError(`--by ${by}, as it is set, does not look at --score-column`, {
    fix: 'Leave it out, or choose by score: --by gumbel, deita or mmr, or quota with --inside score.',
  })
}

const options = z.object({
  ...selectionOptions,
  keep: z
    .enum(['all', 'light', 'right', 'strict'])
    .default('all')
    .describe('texts to choose from: all, or those a REInstruct selector keeps'),
})

/** The selection by itself: a diverse subset of a corpus, every column as it was. */
export const selectRecipe: Recipe<z.infer<typeof options>> = {
  name: 'select',
  summary: 'a diverse subset of a corpus: embed, then choose by a strategy; no model',
  usesModel: false,
  options,
  passes(config, resources) {
    const judge = config.keep === 'all' ? undefined : reinstructSelector({ mode: config.keep })
    return [
      ...selectionPasses(config, resources, { judge, judgeSettings: ['keep'], columns: 'all' }),
      writeChosenPass(config),
    ]
  },
}
