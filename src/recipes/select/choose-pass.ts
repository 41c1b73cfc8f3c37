import { type Pass, reduceTask, type TaskContext } from '../../run/types.js'
import type { Batches } from '../../stream/types.js'
import { requireRows } from '../pass/artifacts.js'
import { type Chosen, locateChosen, writeChosen } from './chosen.js'
import type { SelectionConfig } from './options.js'

/** What a strategy chose: rows with their places, all at once or as a stream in corpus order, or what it says of each by id. */
export type Choices = readonly Chosen[] | Batches<Chosen> | ReadonlyMap<string, Pick<Chosen, 'cluster' | 'distance'>>

/**
 * The pass `choose`, in which `choose` decides: leaves the chosen rows in corpus order. Throws a UsageError where the corpus
 * has no rows. Only a strategy that `mayEndEarly` may choose fewer than were asked for and there are.
 */
export function choosePass<Config extends SelectionConfig>(
  config: Config,
  choose: (context: TaskContext, config: Config) => Promise<Choices>,
  options: { mayEndEarly?: boolean } = {},
): Pass {
  return {
    name: 'choose',
    tasks: async () => reduceTask,
    async work(_task, context) {
      requireRows(context, 'scan')
      const choices = await choose(context, config)
      const rows =
        choices instanceof Map
          ? await locateChosen(context, choices)
          : (choices as Exclude<Choices, ReadonlyMap<string, unknown>>)
      return writeChosen(context, rows, config, options)
    },
  }
}
