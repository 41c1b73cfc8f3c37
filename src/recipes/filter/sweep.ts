import { type Document, documentOf } from '../../filters/document.js'
import { passes, type Rule } from '../../filters/rules.js'
import { findShards, readShard, type Shard } from '../../formats/index.js'
import { readConfig } from '../config.js'
import { textOf } from '../pass/conversation.js'
import { textFault } from '../select/corpus.js'
import type { Recipe } from '../types.js'
import { filterRecipe } from './index.js'
import { openFamilies } from './judge.js'
import type { FilterConfig } from './options.js'

/** What a rule does to the sample as it stands, and where its limit would have to be to drop other shares. */
export type RuleSweep = {
  readonly rule: string
  readonly measures: string
  readonly limit: number
  /** Share of the sample's texts that it alone would throw out. */
  readonly drops: number
  /** The limits at which it alone would throw out these shares. */
  readonly limitsFor: readonly { readonly drops: number; readonly limit: number }[]
}

export type Sweep = {
  /** Rows looked at that hold a text. */
  readonly texts: number
  readonly families: readonly { readonly name: string; readonly drops: number; readonly rules: readonly RuleSweep[] }[]
}

/** Shares that the limits are found for. */
const shares = [0.01, 0.05, 0.1, 0.25]

/** Tries rules on the first rows of each shard, `rows` in all: what each throws out, and what other limits would. */
export async function sweep(
  inputs: readonly string[],
  given: Readonly<Record<string, unknown>>,
  { rows, signal = new AbortController().signal }: { rows: number; signal?: AbortSignal },
): Promise<Sweep> {
  const config = readConfig(filterRecipe as unknown as Recipe, given) as FilterConfig
  const families = await openFamilies(config, signal)
  const docs = await sampleOf(await findShards(inputs), config, rows, signal)
  return {
    texts: docs.length,
    families: families.map(({ name, judge, rules = [] }) => ({
      name,
      drops: docs.filter((doc) => judge(doc) !== undefined).length / docs.length,
      rules: rules.map((rule) => sweepRule(rule, docs)),
    })),
  }
}

async function sampleOf(
  shards: readonly Shard[],
  config: FilterConfig,
  rows: number,
  signal: AbortSignal,
): Promise<Document[]> {
  const docs: Document[] = []
  const each = Math.ceil(rows / shards.length)
  for (const shard of shards.slice(0, rows)) {
    for await (const batch of readShard(shard, {
      columns: [config.textColumn],
      rows: { start: 0, end: each },
      signal,
    })) {
      for (const values of batch) {
        const text = textOf(values[config.textColumn])
        if (textFault(text) === undefined) docs.push(documentOf(text as string))
      }
    }
  }
  return docs
}

function sweepRule(rule: Rule<Document>, docs: readonly Document[]): RuleSweep {
  const measured = docs.map((doc) => rule.measure(doc)).filter((value) => !Number.isNaN(value))
  const isLeast = 'least' in rule
  const sorted = Float64Array.from(measured).sort()
  const limitFor = (drops: number) => {
    const dropped = Math.floor(drops * sorted.length)
    return sorted[isLeast ? dropped : sorted.length - 1 - dropped] ?? Number.NaN
  }
  return {
    rule: rule.reason,
    measures: rule.measures,
    limit: isLeast ? rule.least : rule.most,
    drops: measured.filter((value) => !passes(rule, value)).length / docs.length,
    limitsFor: shares.map((drops) => ({ drops, limit: limitFor(drops) })),
  }
}
