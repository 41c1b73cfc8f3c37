import { costOf, type Price } from '../../models/prices.js'
import type { TokenCounter } from '../../models/types.js'
import type { Plan } from '../../run/types.js'
import { SluiceError } from '../../stream/errors.js'
import type { Row } from '../../stream/types.js'
import type { CallPlan, Estimate, ModelStage, Resources } from '../types.js'
import { countingError, type EmbeddingForecast, endpointOf, forecastEmbedding } from './forecast-embedding.js'

/** What a stage will ask and be answered; tokens are those of all its calls. */
export type CallForecast = {
  readonly calls: Estimate
  readonly promptTokens: Estimate
  readonly completionTokens: Estimate
}

export type StageForecast = CallForecast & { readonly stage: string }

export type Forecast = {
  /** Rows left after each step before the first stage. */
  readonly steps: readonly (readonly [string, Estimate])[]
  readonly stages: readonly StageForecast[]
  readonly total: CallForecast
  /** Dollars; absent where the model's price is not known. */
  readonly cost?: Estimate
  /** Dollars for a million tokens that `cost` goes by. */
  readonly price?: Price
  /** Whether tokens were counted by the model's own tokeniser. */
  readonly isExact: boolean
  /** What texts take that are embedded at an endpoint, on top of `total` and `cost`; `unplanned` where this recipe cannot tell. */
  readonly embedding?: EmbeddingForecast | 'unplanned'
}

/** How a stage went in an earlier run: tokens are the means of a reply. */
export type StageBefore = {
  /** Rows that it was asked about, as a share of those of the first stage that is asked about all. */
  readonly share?: number
  readonly promptTokens: number
  readonly completionTokens: number
}

/** How the stages of an earlier run went, by their names; those without a counted reply are absent. */
export type EarlierRun = ReadonlyMap<string, StageBefore>

export type ForecastView = {
  counter: TokenCounter
  price?: Price | undefined
  /** Prices by model, for the embedder. */
  prices?: Readonly<Record<string, Price>> | undefined
  signal: AbortSignal
  /** How shards are read. */
  reading?: Resources['reading'] | undefined
  /** An earlier run of the recipe: what is expected is as it went there. */
  earlier?: EarlierRun | undefined
}

/** Rows whose prompts are written and counted. */
const countedRows = 512

/**
 * What a run will ask its model and what that costs, before a call is made: rows are looked at, prompts written by the
 * recipe's own stages and counted. `low` has the fewest rows pass and replies half as long as usual; `high` has all of them
 * pass and every reply as long as it may be.
 */
export async function forecastCalls(
  { stages, rows }: CallPlan,
  plan: Plan,
  { counter, price, prices, earlier, ...view }: ForecastView,
): Promise<Forecast> {
  const { steps, sample, embedded } = await rows({ plan, ...view })
  const embedding = forecastEmbedding(embedded, endpointOf(plan.config), prices)
  const asked = steps.at(-1)![1]
  const forecasts: StageForecast[] = []
  let samples = evenly(sample, countedRows)
  for (const [n, stage] of stages.entries()) {
    const usual = forecastStage(stage, asked, samples, counter)
    forecasts.push(asBefore(usual, earlier?.get(stage.name), stage, asked.expected))
    if (n < stages.length - 1) samples = answered(stage, samples)
  }
  const total = forecasts.reduce<CallForecast>(addForecasts, nothing)
  const cost = price && each((bound) => costOf(price, total.promptTokens[bound], total.completionTokens[bound]))
  const told = { steps, stages: forecasts, total, isExact: counter.isExact, ...(embedding && { embedding }) }
  return { ...told, ...(cost && { cost, price: price! }) }
}

const zero: Estimate = { low: 0, expected: 0, high: 0 }
const nothing: CallForecast = { calls: zero, promptTokens: zero, completionTokens: zero }

/** What two sets of calls come to together. */
export function addForecasts(a: CallForecast, b: CallForecast): CallForecast {
  return {
    calls: add(a.calls, b.calls),
    promptTokens: add(a.promptTokens, b.promptTokens),
    completionTokens: add(a.completionTokens, b.completionTokens),
  }
}

function each(value: (bound: keyof Estimate) => number): Estimate {
  return { low: value('low'), expected: value('expected'), high: value('high') }
}

function add(a: Estimate, b: Estimate): Estimate {
  return each((bound) => a[bound] + b[bound])
}

function forecastStage(
  stage: ModelStage<Row, object>,
  rows: Estimate,
  sample: readonly Row[],
  counter: TokenCounter,
): StageForecast {
  const { name, prompt, sampling, samples = 1, reach = { low: 1, expected: 1, high: 1 } } = stage
  const calls = each((bound) => Math.round(rows[bound] * reach[bound]) * samples)
  const prompts = spread(sample.map((row) => counter.prompt(prompt.write(row))))
  const replies = spread(sample.map((row) => Math.min(sampling.maxTokens, counter.reply(stage.usualReply(row)))))
  const error = counter.isExact ? 0 : countingError
  return {
    stage: name,
    calls,
    promptTokens: {
      low: Math.floor(calls.low * (prompts.mean - prompts.doubt) * (1 - error)),
      expected: Math.round(calls.expected * prompts.mean),
      high: Math.ceil(calls.high * (prompts.mean + prompts.doubt) * (1 + error)),
    },
    completionTokens: {
      low: Math.floor((calls.low * replies.mean) / 2),
      expected: Math.round(calls.expected * replies.mean),
      high: calls.high * sampling.maxTokens,
    },
  }
}

/** The same with what an earlier run leads to expect; bounds give way where that is beyond them. */
function asBefore(
  usual: StageForecast,
  before: StageBefore | undefined,
  { samples = 1 }: ModelStage<Row, object>,
  rows: number,
): StageForecast {
  if (before === undefined) return usual
  const { share, promptTokens, completionTokens } = before
  const calls = around(usual.calls, share === undefined ? usual.calls.expected : Math.round(rows * share) * samples)
  return {
    stage: usual.stage,
    calls,
    promptTokens: around(usual.promptTokens, Math.round(calls.expected * promptTokens)),
    completionTokens: around(usual.completionTokens, Math.round(calls.expected * completionTokens)),
  }
}

function around({ low, high }: Estimate, expected: number): Estimate {
  return { low: Math.min(low, expected), expected, high: Math.max(high, expected) }
}

/** The rows as they reach the next stage, each with a reading of its usual reply; one that reads wrong stays behind. */
function answered(stage: ModelStage<Row, object>, rows: readonly Row[]): Row[] {
  const next = rows.flatMap((row) => {
    const reading = stage.prompt.read(stage.usualReply(row), row)
    return 'unread' in reading ? [] : [{ ...row, ...reading }]
  })
  if (rows.length > 0 && next.length === 0) {
    throw new SluiceError('E_BUG', 70, `No usual reply of stage ${stage.name} can be read by its own reader`)
  }
  return next
}

/** Mean, and twice its standard error. */
function spread(values: readonly number[]): { mean: number; doubt: number } {
  const n = Math.max(1, values.length)
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n
  return { mean, doubt: 2 * Math.sqrt(variance / n) }
}

function evenly<R>(rows: readonly R[], wanted: number): readonly R[] {
  const every = Math.max(1, rows.length / wanted)
  return Array.from({ length: Math.min(rows.length, wanted) }, (_, n) => rows[Math.floor(n * every)]!)
}
