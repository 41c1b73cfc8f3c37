import { UsageError } from '../../stream/errors.js'
import { readReplyCounts, type StageCounts } from '../ask/reply-counts.js'
import { openRun } from '../open-run.js'
import type { CallPlan } from '../types.js'
import type { EarlierRun, StageBefore } from './forecast-calls.js'

/** Reads how the stages of a recipe went in the run at `out`; a UsageError where that is of another recipe, or has no replies. */
export async function readEarlierRun(out: string, name: string, stages: CallPlan['stages']): Promise<EarlierRun> {
  const { plan, passes, ledger } = await openRun(out)
  if (plan.recipe !== name) {
    throw new UsageError(`The run in ${out} is one of ${plan.recipe}, and says nothing about ${name}`, {
      fix: 'Name a run of the same recipe, or leave --like away.',
    })
  }
  const view = { plan, committed: ledger.committed }
  const counts = await readReplyCounts(
    view,
    passes.map((pass) => pass.name),
  )
  const run = stagesBefore(stages, counts)
  if (run.size > 0) return run
  throw new UsageError(`The run in ${out} has no counts of its replies`, {
    fix: 'Name one that has asked its model and keeps its .sluice folder, or leave --like away.',
  })
}

function stagesBefore(stages: CallPlan['stages'], counts: ReadonlyMap<string, StageCounts>): EarlierRun {
  const rowsOf = ({ name, samples = 1 }: CallPlan['stages'][number]) => (counts.get(name)?.replies ?? 0) / samples
  const whole = stages.find((stage) => stage.reach === undefined && rowsOf(stage) > 0)
  const run = new Map<string, StageBefore>()
  for (const stage of stages) {
    const { replies = 0, uncounted = 0, promptTokens = 0, completionTokens = 0 } = counts.get(stage.name) ?? {}
    const counted = replies - uncounted
    if (counted === 0) continue
    run.set(stage.name, {
      ...(whole && stage.reach && { share: rowsOf(stage) / rowsOf(whole) }),
      promptTokens: promptTokens / counted,
      completionTokens: completionTokens / counted,
    })
  }
  return run
}
