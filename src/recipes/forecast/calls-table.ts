import { estimatingCounter } from '../../models/token-counter.js'
import type { CardTable } from '../../report/card.js'
import type { TaskContext } from '../../run/types.js'
import { addCounts, noReplies, readReplyCounts, type StageCounts } from '../ask/reply-counts.js'
import type { CallPlan, Resources } from '../types.js'
import { addForecasts, type CallForecast, forecastCalls, type StageForecast } from './forecast-calls.js'

/**
 * What the model was asked, stage by stage, beside what a plan expects of it: the replies that the rows were made from,
 * whether they came now or from the journal, and how many of them the stage's reader could read.
 */
export async function callsTable(
  context: TaskContext,
  calls: CallPlan,
  { passes, reading }: { passes: readonly string[]; reading: Resources['reading'] | undefined },
): Promise<CardTable> {
  const counts = await readReplyCounts(context, passes)
  const { plan, signal } = context
  // Estimated for every model, so that the card does not depend on what is installed here.
  const { stages, total } = await forecastCalls(calls, plan, { counter: estimatingCounter, signal, reading })
  const lines = [...byStage(stages)].map(([stage, planned]) => line(stage, planned, counts.get(stage) ?? noReplies()))
  const all = [...counts.values()].reduce(addCounts, noReplies())
  const rest = all.uncounted === 0 ? '' : `; ${all.uncounted} replies came without a count of tokens`
  return {
    title: 'What the model was asked',
    head: ['stage', 'replies', 'planned', 'read', 'prompt tokens', 'planned', 'reply tokens', 'planned'],
    lines: [...lines, line(`all${rest}`, total, all)],
  }
}

function line(name: string, planned: CallForecast, counts: StageCounts): (string | number)[] {
  const { replies, read, promptTokens, completionTokens } = counts
  return [
    ...[name, replies, planned.calls.expected, read],
    ...[promptTokens, planned.promptTokens.expected, completionTokens, planned.completionTokens.expected],
  ]
}

/** The plan by stage; the rounds of one are added up, as their replies are. */
function byStage(stages: readonly StageForecast[]): Map<string, CallForecast> {
  const sum = new Map<string, CallForecast>()
  for (const each of stages) {
    const before = sum.get(each.stage)
    sum.set(each.stage, before ? addForecasts(before, each) : each)
  }
  return sum
}
