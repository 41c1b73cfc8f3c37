import { type Document, documentOf } from '../../filters/document.js'
import { passes, type Rule } from '../../filters/rules.js'
import { readShard } from '../../formats/index.js'
import type { Plan, RunView } from '../../run/types.js'
import { SluiceError } from '../../stream/errors.js'
import { textOf } from '../pass/conversation.js'
import type { RowFacts, RuleFacts } from '../pass/row-facts.js'
import { textFault } from '../select/corpus.js'
import { type NamedFamily, openFamilies } from './judge.js'
import type { FilterConfig } from './options.js'

/** What every rule of a run says of a row, measured anew; nothing of an id that no row of the corpus has. */
export async function explainRules(run: RunView, id: string, signal: AbortSignal): Promise<RowFacts | undefined> {
  const config = run.plan.config as FilterConfig
  try {
    const found = await findRow(run.plan, config, id, signal)
    if (found === undefined) return undefined
    const { shard, row, text } = found
    if (textFault(text) !== undefined) return { shard, row }
    const doc = documentOf(text as string)
    const families = await openFamilies(config, signal)
    return { shard, row, rules: families.flatMap((family) => factsOf(family, doc)) }
  } catch (error) {
    // The corpus may be gone by now.
    if (error instanceof SluiceError) return undefined
    throw error
  }
}

function factsOf({ name, rules, judge }: NamedFamily, doc: Document): RuleFacts[] {
  if (rules !== undefined) return rules.map((rule) => ruleFacts(name, rule, doc))
  const verdict = judge(doc)
  if (verdict === undefined) return [{ family: name, passes: true }]
  return [{ family: name, passes: false, ...(typeof verdict === 'string' ? { rule: verdict } : ruleOf(verdict)) }]
}

function ruleFacts(family: string, rule: Rule<Document>, doc: Document): RuleFacts {
  const value = rule.measure(doc)
  const limit = 'least' in rule ? { least: rule.least } : { most: rule.most }
  const { reason, measures } = rule
  return {
    ...{ family, rule: reason, measures, ...limit },
    value: Number.isNaN(value) ? null : value,
    passes: passes(rule, value),
  }
}

function ruleOf({ reason, detail }: { reason: string; detail?: string | undefined }) {
  return { rule: reason, ...(detail !== undefined && { detail }) }
}

type Found = { shard: number; row: number; text: unknown }

/** A row by its place, or where there is an id column by a look through it. */
async function findRow(
  { shards, reading }: Plan,
  { idColumn, textColumn }: FilterConfig,
  id: string,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const columns = idColumn === undefined ? [textColumn] : [textColumn, idColumn]
  for (const [shard, planned] of idColumn === undefined ? [] : shards.entries()) {
    let row = 0
    for await (const batch of readShard(planned, { ...reading, columns, signal })) {
      const at = batch.findIndex((values) => String(values[idColumn!]) === id)
      if (at !== -1) return { shard, row: row + at, text: textOf(batch[at]![textColumn]) }
      row += batch.length
    }
  }
  const [, name, number] = /^(.*)#(\d+)$/s.exec(id) ?? []
  const shard = shards.findIndex((each) => each.name === name)
  if (shard === -1) return undefined
  const row = Number(number)
  for await (const [values] of readShard(shards[shard]!, {
    ...reading,
    columns,
    rows: { start: row, end: row + 1 },
    signal,
  })) {
    if (values !== undefined) return { shard, row, text: textOf(values[textColumn]) }
  }
  return undefined
}
