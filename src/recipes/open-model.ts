import type { KeyOptions } from '../models/api-key.js'
import { type BudgetOptions, budgeted } from '../models/budget.js'
import { openModel } from '../models/index.js'
import { type Journal, journalled } from '../models/journal.js'
import { limited, type Rates } from '../models/limit.js'
import { recorded } from '../models/record.js'
import { withRetry } from '../models/retry.js'
import type { Model } from '../models/types.js'

export type OpenModelOptions = KeyOptions & {
  concurrency: number
  journal: Journal
  budget: BudgetOptions
  rates?: Rates
  /** Where to record the calls. */
  record?: string | undefined
  allowHttp?: boolean | undefined
  timeoutMs?: number | undefined
}

/** A model as recipes use it: asked no faster than allowed, asked again where that helps, never paid for twice. */
export async function openJournalledModel(
  { model: spec, endpoint }: { model: string; endpoint?: string | undefined },
  { concurrency, journal, budget, rates, record, ...options }: OpenModelOptions,
): Promise<Model> {
  const model = await openModel(spec, { endpoint, ...options })
  const asked = journalled(withRetry(limited(budgeted(model, budget), { concurrency, ...rates })), journal)
  return record === undefined ? asked : recorded(asked, record)
}
