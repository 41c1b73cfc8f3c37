import type { Rates } from '../../http/turns.js'
import type { KeyOptions } from '../../models/api-key.js'
import { balanced } from '../../models/balanced.js'
import { type BudgetOptions, sharedBudget } from '../../models/budget.js'
import { carefree } from '../../models/health.js'
import { openBatchedModel, openModel } from '../../models/index.js'
import { type Journal, journalled } from '../../models/journal.js'
import { limited } from '../../models/limit.js'
import { recorded } from '../../models/record.js'
import { withRetry } from '../../models/retry.js'
import type { Model } from '../../models/types.js'
import { UsageError } from '../../stream/errors.js'
import type { BatchSettings } from './batch-settings.js'

export type OpenModelOptions = KeyOptions & {
  concurrency: number
  journal: Journal
  budget: BudgetOptions
  rates?: Rates
  /** Asks in batches, whose traces lie in a folder, and says how they go. */
  batch?: BatchSettings | undefined
  /** Further endpoints of the same model; each has the concurrency and the rates. */
  alsoAt?: readonly string[] | undefined
  /** Where to record the calls. */
  record?: string | undefined
  allowHttp?: boolean | undefined
  timeoutMs?: number | undefined
}

/** How often a call is asked in batches that leave it without an answer. */
const batchAttempts = 3

/** A model as recipes use it: asked no faster than allowed, asked again where that helps, never paid for twice. */
export async function openJournalledModel(
  { model: spec, endpoint }: { model: string; endpoint?: string | undefined },
  { concurrency, journal, budget, rates, batch, alsoAt = [], record, ...options }: OpenModelOptions,
): Promise<Model> {
  const kept = (asked: Model) =>
    record === undefined ? journalled(asked, journal) : recorded(journalled(asked, journal), record)
  if (batch !== undefined) {
    const isKept = async (key: string) => (await journal.read(key)) !== undefined
    const model = await openBatchedModel(spec, { endpoint, ...options }, { ...batch, isKept })
    return kept(
      withRetry(sharedBudget(budget, { outlive: true })(model), { attempts: batchAttempts, health: carefree }),
    )
  }
  if (alsoAt.length > 0 && (!spec.startsWith('openai:') || endpoint === undefined)) {
    throw new UsageError(`The model ${spec} cannot be asked at several endpoints`, {
      fix: 'Use openai:NAME with --endpoint, or leave --also-at away.',
    })
  }
  const charged = sharedBudget(budget)
  const at = async (where: string | undefined) =>
    limited(charged(await openModel(spec, { endpoint: where, ...options })), { concurrency, ...rates })
  const first = await at(endpoint)
  const others = await Promise.all(alsoAt.map(at))
  const model = others.length === 0 ? first : balanced([first, ...others], { atOnce: concurrency })
  return kept(withRetry(model))
}
