import { forecast } from '../recipes/forecast/forecast.js'
import type { Forecast } from '../recipes/forecast/forecast-calls.js'
import { recipes } from '../recipes/index.js'
import type { Estimate, Recipe } from '../recipes/types.js'
import { readSettings, recipeFlags } from './recipe-flags.js'
import type { Flag, Flags, Terminal, Verb, VerbGroup, VerbName } from './verb.js'

const likeFlag: Flag = {
  name: 'like',
  type: 'string',
  description:
    'folder of an earlier run with these settings, such as one of few rows: expect shares of rows and tokens as there',
}

export const planVerb: VerbGroup = {
  example: 'sluice plan reinstruct corpus/*.parquet --select 10000 --model openai:gpt-4o-mini',
  verbs: Object.values(recipes)
    .filter(({ calls }) => calls !== undefined)
    .map(recipePlan),
}

function recipePlan(recipe: Recipe): Verb & VerbName {
  return {
    name: recipe.name,
    summary: `rows, calls, tokens and price of \`sluice run ${recipe.name}\`, before a call is made`,
    operands: recipe.bundledInput ? '[shards...]' : '<shards...>',
    example: `sluice plan ${recipe.name}${recipe.bundledInput ? '' : " 'corpus/*.parquet'"} --model openai:gpt-4o-mini --endpoint https://api.openai.com/v1`,
    flags: [...recipeFlags(recipe), likeFlag],
    run: (inputs, flags, terminal) => showPlan(recipe, inputs, flags, terminal),
  }
}

/** Counts and prints what the run of these flags would ask. */
export async function showPlan(
  recipe: Recipe,
  inputs: readonly string[],
  flags: Flags,
  terminal: Terminal,
): Promise<number> {
  const { config, machine } = await readSettings(recipe, flags)
  const { prices, reading, batch } = machine
  const like = flags.like as string | undefined
  const plan = await forecast({ recipe: recipe.name, inputs, config, prices, reading, batch, like })
  if (terminal.json) terminal.out(JSON.stringify({ recipe: recipe.name, model: config.model, ...plan }))
  else for (const line of planLines(plan, String(config.model))) terminal.out(line)
  return 0
}

function planLines({ steps, stages, total, cost, price, isExact, embedding }: Forecast, model: string): string[] {
  const table = (name: string, cells: readonly string[]) =>
    `${name.padEnd(24)}${cells.map((cell) => cell.padStart(14)).join('')}`.trimEnd()
  const line = (name: string, estimate: Estimate, show = count) => table(name, bounds(estimate).map(show))
  return [
    table('', ['at least', 'expected', 'at most']),
    ...steps.map(([name, rows]) => line(name, rows)),
    ...[...stages, { stage: 'all stages', ...total }].flatMap(({ stage, calls, promptTokens, completionTokens }) => [
      '',
      line(`${stage}: calls`, calls),
      line('  prompt tokens', promptTokens),
      line('  reply tokens', completionTokens),
    ]),
    '',
    ...(cost && price
      ? [
          line('dollars', cost, (value) => value.toFixed(value < 10 ? 4 : 2)),
          `at ${price.input} and ${price.output} dollars for a million tokens of prompts and replies of ${model}`,
        ]
      : [`dollars: unknown, as nobody said what ${model} costs here; --prices FILE does`]),
    ...(embedding === 'unplanned'
      ? ['texts are embedded at an endpoint too, and what that takes is not in this plan']
      : []),
    ...(typeof embedding === 'object'
      ? [
          '',
          line('embedding: corpus texts', embedding.texts),
          line('  requests', embedding.requests),
          line('  tokens', embedding.tokens),
          ...(embedding.cost
            ? [line('  dollars', embedding.cost, (value) => value.toFixed(value < 10 ? 4 : 2))]
            : ['  dollars: unknown, as nobody said what the embedder costs here; --prices FILE does']),
          '',
        ]
      : []),
    `tokens ${isExact ? "counted by the model's own tokeniser" : 'estimated from the scripts of the texts'}; calls made again after a failure are not counted`,
    'reply tokens: expected are those of the usual reply of each stage, or of the run that --like names; at least half of the usual, at most all that a reply may have',
  ]
}

function bounds({ low, expected, high }: Estimate): number[] {
  return [low, expected, high]
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en')
}
