import type { z } from 'zod'
import type { Pass } from '../../../run/types.js'
import { UsageError } from '../../../stream/errors.js'
import type { Resources } from '../../types.js'
import type { Held } from '../held.js'
import type { SelectionConfig } from '../options.js'
import type { Ranking } from '../scan.js'
import type { VectorKind } from '../spill.js'

/** What every strategy is given beside its own options. */
export type StrategyConfig = SelectionConfig & { readonly scoreColumn?: string | undefined }

/**
 * A way to choose rows. Its passes come after `scan`, which left every kept row's id, place and vector, and a sketch of
 * the shard; the last one is called `choose` and made by `choosePass`.
 */
export type Strategy<Own extends z.ZodRawShape = z.ZodRawShape> = {
  /** What it chooses, for `--help`: a few words. */
  readonly summary: string
  /** Options that only this strategy has; each must be optional or have a default. */
  readonly options: Own
  /** Which vectors the scan leaves; default: whitened ones. With others there is no pilot and no sketch. */
  readonly vectors?: VectorKind
  /** What its passes hold at once, beside the coreset and the chosen rows, where vectors have so many dimensions. */
  holds?(config: StrategyConfig & z.infer<z.ZodObject<Own>>, dimensions: number): Held
  /** It may choose fewer rows than were asked for and there are. */
  readonly mayEndEarly?: true
  /** Bytes that the rows to choose take at most, until they are read; default 1 KB each. */
  chosenBytes?(config: SelectionConfig): number
  /** For a strategy that ranks each row by what is read of it, as it is set: the scan then leaves the ranks. */
  ranking?(config: StrategyConfig & z.infer<z.ZodObject<Own>>): Ranking | undefined
  passes(
    config: StrategyConfig & z.infer<z.ZodObject<Own>>,
    resources: Pick<Resources, 'reading' | 'memory'>,
  ): readonly Pass[]
}

/** The column that a strategy which goes by score reads. */
export function requireScoreColumn({ scoreColumn }: StrategyConfig): string {
  if (scoreColumn === undefined) {
    throw new UsageError('This strategy chooses by score, and no score column was named', {
      fix: 'Name a column of numbers with --score-column.',
    })
  }
  return scoreColumn
}
