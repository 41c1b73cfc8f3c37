import { expect, it } from 'vitest'
import type { Asking } from '../../../src/recipes/ask/asking.js'
import { judgeEach } from '../../../src/recipes/pairs/judge-each.js'

it('starts a further row only once one of those that wait was asked about', async () => {
  const rows = Array.from({ length: 12 }, (_, n) => ({ id: `a.jsonl#${n}` }))
  const started: string[] = []
  const sent: (() => void)[] = []
  const { signal } = new AbortController()
  const asking = { concurrency: 12, waiting: 3, signal } as Asking
  const judge = async (row: { id: string }, onSend: () => void) => {
    started.push(row.id)
    await new Promise<void>((resolve) => {
      sent.push(() => {
        onSend()
        resolve()
      })
    })
    return row
  }
  async function* source() {
    yield rows
  }
  const judged = (async () => {
    const all: unknown[] = []
    for await (const batch of judgeEach(judge, asking)(source())) all.push(...batch)
    return all
  })()
  for (let asked = 0; asked < rows.length; asked++) {
    await new Promise(setImmediate)
    expect(started.length).toBe(Math.min(rows.length, asked + 3))
    sent[asked]!()
  }
  expect(await judged).toEqual(rows)
})
