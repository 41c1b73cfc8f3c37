import { optionFacts } from '../recipes/config.js'
import { type Curated, curate } from '../recipes/curate.js'
import { recipes } from '../recipes/index.js'
import { accountingLines } from '../recipes/pass/accounting.js'
import { badShardReason } from '../recipes/pass/bad-shards.js'
import { recipeNamed } from '../recipes/plan-run.js'
import type { Calls } from '../recipes/resources.js'
import type { Recipe } from '../recipes/types.js'
import { total } from '../run/tally.js'
import { letHeapGrow, markAtOnceWhileSmall } from './heap.js'
import { localOut } from './local-out.js'
import { showPlan } from './plan.js'
import { duration } from './progress.js'
import { readSettings, recipeFlags } from './recipe-flags.js'
import type { Flags, Terminal, Verb, VerbGroup, VerbName } from './verb.js'
import { type RunOutcome, watchRun } from './watch-run.js'

export const runVerb: VerbGroup = {
  example: 'sluice run reinstruct corpus/*.parquet -o out --model openai:NAME --endpoint http://localhost:8000/v1',
  verbs: Object.values(recipes).map(recipeVerb),
}

function recipeVerb(recipe: Recipe): Verb & VerbName {
  const options = optionFacts(recipe).map(({ name }) => name)
  const select = options.includes('select') ? ' --select 200' : ''
  const model = recipe.usesModel ? ' --model smollm2' : ''
  return {
    name: recipe.name,
    summary: recipe.summary,
    operands: recipe.bundledInput ? '[shards...]' : '<shards...>',
    example: recipe.bundledInput
      ? `sluice run ${recipe.name} -o out${model}`
      : `sluice run ${recipe.name} 'corpus/*.parquet' -o out${select}${model}`,
    flags: recipeFlags(recipe),
    run: async (inputs, flags, terminal) => {
      if (flags.dryRun === true) return showPlan(recipe, inputs, flags, terminal)
      const out = localOut(flags.out, 'an output folder', 'out/')
      const outcome = await runRecipe(recipe.name, inputs, { ...flags, out }, terminal)
      if ('exitCode' in outcome) return outcome.exitCode
      const mayLoosen = options.includes('selector') && flags.selector !== 'light'
      report(outcome, terminal, mayLoosen ? ' --selector light keeps ordinary prose.' : '')
      return exitCodeOf(outcome.curated, flags)
    },
  }
}

/** Runs a recipe with progress and Ctrl-C, for the verbs that do so; `flags` are those of {@link recipeFlags}. */
export async function runRecipe(
  name: string,
  inputs: readonly string[],
  flags: Flags & { out: string },
  terminal: Terminal,
): Promise<RunOutcome> {
  const { config, machine } = await readSettings(recipeNamed(name), flags)
  const isBound = machine.maxMemory !== undefined
  letHeapGrow(isBound ? 20 : 100)
  if (!isBound) markAtOnceWhileSmall()
  return watchRun(terminal, flags.out, ({ callSignal, ...watched }) =>
    curate({ recipe: name, inputs, out: flags.out, config, machine: { ...machine, callSignal }, ...watched }),
  )
}

/** Says what a run made, where, how long it took and with how much memory; `hint` helps where no text was good enough. */
export function report(outcome: { curated: Curated; tookMs: number }, terminal: Terminal, hint = ''): void {
  const { curated, tookMs } = outcome
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1024)
  const accounting = accountingLines(curated.tally)
  if (terminal.json) {
    terminal.out(JSON.stringify({ ...curated, seconds: tookMs / 1000, peakMb }))
    return
  }
  if (curated.wasDone) terminal.err(`Already done: ${curated.out} is complete, and nothing was run.`)
  for (const [name, count] of accounting) terminal.err(`${count.toLocaleString('en').padStart(12)}  ${name}`)
  if (curated.tally.out === 0) terminal.err(nothingLeft(accounting, hint))
  if (Object.keys(curated.tally.rejected).some((reason) => reason.endsWith(`: ${badShardReason}`))) {
    terminal.err('Not every shard decodes: rejects.parquet lists what was left out, and why.')
  }
  if (curated.wasDone) return
  terminal.err(`Wrote ${curated.out} in ${duration(tookMs)}; peak memory ${peakMb} MB.${callsLine(curated.calls)}`)
}

function callsLine({ made, journalled, promptTokens, completionTokens, dollars }: Calls): string {
  if (made + journalled === 0) return ''
  const spent = made === 0 ? '' : `, ${promptTokens} + ${completionTokens} tokens`
  const cost = made === 0 || !dollars ? '' : `, ${dollars.toFixed(4)} dollars`
  return ` ${made} calls made${spent}${cost}; ${journalled} replies from the journal.`
}

/** 1 where more rows failed than `--max-failed` allows, else 0. */
export function exitCodeOf({ tally }: Curated, { maxFailed = 0.01 }: Flags): number {
  return total(tally.failed) > Number(maxFailed) * Math.max(1, tally.out + total(tally.failed)) ? 1 : 0
}

function nothingLeft(accounting: readonly (readonly [string, number])[], hint: string): string {
  const lost = accounting.find(([line]) => /^(?:rejected|failed),/.test(line))
  if (lost === undefined) return 'No row is left, as none was read.'
  const [name, count] = lost
  return `No row is left. Most went here: ${name} (${count}).${name.startsWith('rejected, select:') ? hint : ''}`
}
