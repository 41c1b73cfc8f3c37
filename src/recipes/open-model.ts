import { type BudgetOptions, budgeted } from '../models/budget.js'
import { openModel } from '../models/index.js'
import { type Journal, journalled } from '../models/journal.js'
import { limited } from '../models/limit.js'
import { withRetry } from '../models/retry.js'
import type { Model } from '../models/types.js'

export type OpenModelOptions = {
  concurrency: number
  journal: Journal
  budget: BudgetOptions
  apiKeyEnv?: string | undefined
  allowHttp?: boolean | undefined
}

/** A model as recipes use it: asked no faster than allowed, asked again where that helps, never paid for twice. */
export async function openJournalledModel(
  { model: spec, endpoint }: { model: string; endpoint?: string | undefined },
  { concurrency, journal, budget, ...options }: OpenModelOptions,
): Promise<Model> {
  const model = await openModel(spec, { endpoint, ...options })
  return journalled(withRetry(limited(budgeted(model, budget), { concurrency })), journal)
}
