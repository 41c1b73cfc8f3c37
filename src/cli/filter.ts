import { filterRecipe } from '../recipes/filter/index.js'
import { type Sweep, sweep } from '../recipes/filter/sweep.js'
import type { Recipe } from '../recipes/types.js'
import { localOut } from './local-out.js'
import { readSettings, recipeFlags } from './recipe-flags.js'
import { report, runRecipe } from './run.js'
import type { Verb } from './verb.js'

const recipe = filterRecipe as unknown as Recipe

export const filterVerb: Verb = {
  operands: '<shards...>',
  example:
    "sluice filter 'corpus/*.parquet' -o clean --rules gopher-repetition,gopher-quality,fineweb\nsluice filter 'corpus/*.parquet' --sweep --rules gopher-quality",
  flags: [
    ...recipeFlags(recipe),
    {
      name: 'sweep',
      type: 'boolean',
      description: 'write nothing: show what each rule throws out, and what other limits would',
    },
    { name: 'sample', type: 'integer', min: 1, default: 5000, description: 'rows that --sweep looks at' },
  ],
  run: async (inputs, flags, terminal) => {
    if (flags.sweep === true) {
      const { config } = await readSettings(recipe, flags)
      const swept = await sweep(inputs, config, { rows: Number(flags.sample ?? 5000) })
      if (terminal.json) terminal.out(JSON.stringify(swept))
      else for (const line of sweepLines(swept)) terminal.out(line)
      return 0
    }
    const out = localOut(flags.out, 'an output folder', 'clean, or --sweep')
    const outcome = await runRecipe(recipe.name, inputs, { ...flags, out }, terminal)
    if ('exitCode' in outcome) return outcome.exitCode
    report(outcome, terminal)
    return 0
  },
}

function sweepLines({ texts, families }: Sweep): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  const number = (value: number) => (Number.isInteger(value) ? `${value}` : value.toPrecision(3))
  const lines = [`${texts.toLocaleString('en')} texts`]
  for (const { name, drops, rules } of families) {
    lines.push('', `${name} throws out ${percent(drops)}`)
    if (rules.length === 0) continue
    const shares = rules[0]!.limitsFor.map((each) => percent(each.drops).padStart(9)).join('')
    lines.push(`  ${''.padEnd(36)}${'limit'.padStart(9)}${'drops'.padStart(9)}  limit that drops${shares}`)
    for (const { rule, limit, drops: own, limitsFor } of rules) {
      const others = limitsFor.map((each) => number(each.limit).padStart(9)).join('')
      lines.push(
        `  ${rule.padEnd(36)}${number(limit).padStart(9)}${percent(own).padStart(9)}                  ${others}`,
      )
    }
  }
  return lines
}
