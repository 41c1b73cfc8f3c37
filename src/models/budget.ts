import { LimitError } from '../stream/errors.js'
import { costOf, type Price } from './prices.js'
import { mostUsage, usageOf } from './token-counter.js'
import type { Model, Usage } from './types.js'
import { wrapped } from './wrapped.js'

/** What may be spent in all, with what was spent before; absent is no limit. */
export type Limits = {
  readonly requests?: number | undefined
  /** Of prompts and replies together. */
  readonly tokens?: number | undefined
  readonly dollars?: number | undefined
}

/** What was spent: every request that was sent, and the tokens of those that were answered. */
export type Spending = { requests: number; promptTokens: number; completionTokens: number }

/** Nothing spent yet. */
export function noSpending(): Spending {
  return { requests: 0, promptTokens: 0, completionTokens: 0 }
}

export type BudgetOptions = {
  limits?: Limits | undefined
  price?: Price | undefined
  spent: Spending
  /** Requests that were sent and have not ended; counted here too. */
  underWay?: { requests: number }
}

/**
 * The same model, asked until a limit would be passed. A call sets aside the most it may cost; where that is too much it
 * waits for the calls in flight, and rejects with a LimitError once there are none. Adds to `spent`, by the server's own
 * count of tokens or, where it gives none, by an estimate. Belongs inside `withRetry`, so that every attempt counts.
 */
export function budgeted(model: Model, options: BudgetOptions): Model {
  return sharedBudget(options)(model)
}

/**
 * The same for several models that spend from one budget. Calls that `outlive` their command, as those in a batch do, are asked
 * by the next one once more: they count as they are answered, and not in `underWay`.
 */
export function sharedBudget(
  { limits = {}, price, spent, underWay: sent = { requests: 0 } }: BudgetOptions,
  { outlive = false } = {},
): (model: Model) => Model {
  const underWay = outlive ? { requests: 0 } : sent
  const held = { promptTokens: 0, completionTokens: 0 }
  // Counting the tokens of a prompt takes longer than all the rest.
  const isCounted = limits.tokens !== undefined || limits.dollars !== undefined
  let waiting: (() => void)[] = []

  /** The limit that a call would pass while those in flight take the most they may. */
  const limitPassedWith = (most: Usage) =>
    passedBy(limits, price, {
      requests: spent.requests + (outlive ? underWay.requests : 0) + 1,
      promptTokens: spent.promptTokens + held.promptTokens + most.promptTokens,
      completionTokens: spent.completionTokens + held.completionTokens + most.completionTokens,
    })
  const enter = (most: Usage) => {
    underWay.requests++
    if (!outlive) spent.requests++
    addTokens(held, most, 1)
  }
  const leave = (most: Usage) => {
    underWay.requests--
    addTokens(held, most, -1)
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }
  return (model) =>
    wrapped(model, (send) => async (question, options) => {
      const most = isCounted ? mostUsage(question) : nothing
      for (let passed = limitPassedWith(most); passed !== undefined; passed = limitPassedWith(most)) {
        if (underWay.requests === 0) throw limitError(passed, spent)
        await new Promise<void>((resolve) => waiting.push(resolve))
        options?.stop?.throwIfAborted()
        options?.signal?.throwIfAborted()
      }
      enter(most)
      try {
        const answer = await send(question, options)
        if (outlive) spent.requests++
        addTokens(spent, usageOf(question, answer), 1)
        return answer
      } catch (error) {
        const goesOn = options?.signal?.aborted || options?.stop?.aborted
        if (outlive && !goesOn) spent.requests++
        throw error
      } finally {
        leave(most)
      }
    })
}

const nothing: Usage = { promptTokens: 0, completionTokens: 0 }

function addTokens(sum: { promptTokens: number; completionTokens: number }, more: Usage, times: number): void {
  sum.promptTokens += times * more.promptTokens
  sum.completionTokens += times * more.completionTokens
}

/** The limit that this much would pass, in words. */
function passedBy(limits: Limits, price: Price | undefined, sum: Spending): string | undefined {
  const { requests = Infinity, tokens = Infinity, dollars = Infinity } = limits
  if (sum.requests > requests) return `${requests} requests`
  if (sum.promptTokens + sum.completionTokens > tokens) return `${tokens} tokens`
  const cost = price === undefined ? 0 : costOf(price, sum.promptTokens, sum.completionTokens)
  return cost > dollars ? `${dollars} dollars` : undefined
}

function limitError(limit: string, { requests, promptTokens, completionTokens }: Spending): LimitError {
  return new LimitError(
    `The limit of ${limit} is reached: ${requests} requests, ${promptTokens + completionTokens} tokens`,
    { fix: 'Raise the limit and run the command again: it resumes, and counts on.' },
  )
}
