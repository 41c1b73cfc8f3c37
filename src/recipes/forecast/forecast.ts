import { type Price, priceOf } from '../../models/prices.js'
import { openTokenCounter } from '../../models/token-counter.js'
import { UsageError } from '../../stream/errors.js'
import { planRun } from '../plan-run.js'
import type { Resources } from '../types.js'
import { readEarlierRun } from './earlier-run.js'
import { type Forecast, forecastCalls } from './forecast-calls.js'

export type ForecastOptions = {
  recipe: string
  inputs: readonly string[]
  config?: Readonly<Record<string, unknown>>
  /** Dollars for a million tokens by model, such as `openai:NAME`, before the built-in list. */
  prices?: Readonly<Record<string, Price>> | undefined
  /** Whether calls are to be asked in batches, which may cost less. */
  batch?: boolean | undefined
  /** Folder of an earlier run of the recipe, such as a small one, to go by. */
  like?: string | undefined
  signal?: AbortSignal
  /** How shards are read. */
  reading?: Resources['reading'] | undefined
}

/** What {@link curate} would ask its model with the same recipe, inputs and config, and what that would cost. */
export async function forecast({
  recipe: name,
  inputs,
  config = {},
  prices,
  batch,
  like,
  reading = {},
  signal = new AbortController().signal,
}: ForecastOptions): Promise<Forecast> {
  const { recipe, plan, texts } = await planRun(name, inputs, { config, reading })
  if (recipe.calls === undefined) {
    throw new UsageError(`The recipe ${name} asks no model, so there is nothing to plan`, { fix: 'Just run it.' })
  }
  const model = plan.config as { model: string; endpoint?: string }
  const calls = recipe.calls(plan.config, texts)
  const earlier = like === undefined ? undefined : await readEarlierRun(like, name, calls.stages)
  const counter = await openTokenCounter(model.model)
  try {
    return await forecastCalls(calls, plan, {
      counter,
      earlier,
      price: priceOf({ ...model, batch }, prices),
      prices,
      signal,
      reading,
    })
  } finally {
    await counter.close?.()
  }
}
