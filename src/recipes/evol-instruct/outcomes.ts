import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CardTable } from '../../report/card.js'
import type { RunView } from '../../run/types.js'

/** Tries by operator and outcome, beside each task's rows. */
export const outcomesFile = 'outcomes.json'

type Counts = Record<string, Record<string, number>>

/** Counts tries: how often each operator came to each outcome. */
export function createOutcomes(): { add(operator: string, outcome: string): void; encode(): string } {
  const counts: Counts = {}
  return {
    add: (operator, outcome) => tally(counts, operator, outcome, 1),
    // Sorted, because outcomes are first met in an order that the machine makes.
    encode: () =>
      JSON.stringify(sorted(Object.entries(counts).map(([name, each]) => [name, sorted(Object.entries(each))]))),
  }
}

/** What every round made of its tries, a line an operator, a column an outcome; for the card. */
export async function outcomeTables(run: RunView, passes: readonly string[]): Promise<CardTable[]> {
  const tables: CardTable[] = []
  for (const [n, pass] of passes.entries()) {
    const counts: Counts = {}
    for (const { folder } of run.committed(pass)) {
      const one = JSON.parse(await readFile(join(folder, outcomesFile), 'utf8')) as Counts
      for (const [operator, outcomes] of Object.entries(one)) {
        for (const [outcome, count] of Object.entries(outcomes)) tally(counts, operator, outcome, count)
      }
    }
    const outcomes = [...new Set(Object.values(counts).flatMap(Object.keys))].sort(keptFirst)
    const lines = Object.entries(counts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([operator, each]) => {
        const tried = Object.values(each).reduce((sum, count) => sum + count, 0)
        return [operator, tried, ...outcomes.map((outcome) => each[outcome] ?? 0)]
      })
    tables.push({ title: `Round ${n + 1}, by operator`, head: ['operator', 'tried', ...outcomes], lines })
  }
  return tables
}

function tally(counts: Counts, operator: string, outcome: string, count: number): void {
  counts[operator] ??= {}
  counts[operator][outcome] = (counts[operator][outcome] ?? 0) + count
}

function sorted<V>(entries: readonly (readonly [string, V])[]): Record<string, V> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function keptFirst(a: string, b: string): number {
  if (a === 'kept' || b === 'kept') return a === 'kept' ? -1 : 1
  return a < b ? -1 : 1
}
