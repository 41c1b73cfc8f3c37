import type { z } from 'zod'
import type { Pass } from '../../../run/types.js'
import type { SelectionConfig } from '../options.js'

/**
 * A way to choose rows. Its passes come after `scan`, which left every kept row's id, place and vector, and a sketch of
 * the shard; the last one is called `choose` and ends with `writeChosen`.
 */
export type Strategy<Own extends z.ZodRawShape = z.ZodRawShape> = {
  /** What it chooses, for `--help`: a few words. */
  readonly summary: string
  /** Options that only this strategy has; each must be optional or have a default. */
  readonly options: Own
  passes(config: SelectionConfig & z.infer<z.ZodObject<Own>>): readonly Pass[]
}
