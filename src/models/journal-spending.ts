import { noSpending, type Spending } from './budget.js'
import { recordSpent } from './journal-record.js'
import { scanSegment } from './journal-scan.js'

/** What the replies in a segment took: a request each, and their tokens. Rejects where it is missing or damaged. */
export async function segmentSpending(path: string): Promise<Spending> {
  const sum = noSpending()
  await scanSegment(path, ({ record }) => addSpending(sum, { requests: 1, ...recordSpent(record) }, 1))
  return sum
}

/** Adds to `sum` what was spent besides, or with -1 takes it off. */
export function addSpending(sum: Spending, more: Readonly<Spending>, times: 1 | -1): void {
  sum.requests += times * more.requests
  sum.promptTokens += times * more.promptTokens
  sum.completionTokens += times * more.completionTokens
}
