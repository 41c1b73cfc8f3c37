import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { noSpending } from '../../../src/models/budget.js'
import { type Journal, openJournal } from '../../../src/models/journal.js'
import { recordSpending } from '../../../src/recipes/ask/spending.js'

let folder: string
let record: string
const open: { close(): Promise<void> }[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-spending-'))
  record = join(folder, 'spent.json')
})
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
  await rm(folder, { recursive: true, force: true })
})

/** A command that spends; it is killed where nobody closes it before the next begins. */
async function begin() {
  const spent = noSpending()
  const underWay = { requests: 0 }
  let onSegment = async (_path: string) => {}
  const journal: Journal = await openJournal(join(folder, 'journal'), { onSegment: (path) => onSegment(path) })
  const recording = await recordSpending(record, { spent, underWay }, journal.appended)
  onSegment = recording.onSegment
  open.push(journal)
  const send = (count: number) => {
    spent.requests += count
    underWay.requests += count
  }
  const answer = async (name: string) => {
    underWay.requests--
    spent.promptTokens += 100
    spent.completionTokens += 20
    const usage = { promptTokens: 100, completionTokens: 20 }
    await journal.append(name.repeat(64), { text: 'Yes.', finish: 'stop', usage })
  }
  return { ...recording, send, answer }
}
const isRecorded = (requests: number) =>
  expect.poll(async () => JSON.parse(await readFile(record, 'utf8')).requests, { timeout: 10_000 }).toBe(requests)

describe('what a run has spent', () => {
  it('is what its commands recorded as they ended', async () => {
    const first = await begin()
    first.send(3)
    for (const name of 'abc') await first.answer(name)
    await first.close()
    expect((await begin()).before).toEqual({ requests: 3, promptTokens: 300, completionTokens: 60 })
  })

  it('has, of a command that was killed, each reply in the journal and what was under way as one like them', async () => {
    const killed = await begin()
    killed.send(4)
    await killed.answer('a')
    await isRecorded(4)
    // Within the half second that follows: two more replies, and two more requests in their places.
    for (const name of 'bc') await killed.answer(name)
    killed.send(2)
    const { before } = await begin()
    // 3 replies, and 3 that were under way.
    expect(before).toEqual({ requests: 6, promptTokens: 600, completionTokens: 120 })
  })

  it('is read as an earlier version recorded it, without what was under way', async () => {
    const spent = { requests: 4, promptTokens: 100, completionTokens: 20 }
    await writeFile(record, JSON.stringify({ ...spent, journalled: { ...spent, segments: [] } }))
    expect((await begin()).before).toEqual(spent)
  })

  it('has what was under way also before any reply came', async () => {
    const killed = await begin()
    killed.send(8)
    await isRecorded(8)
    expect((await begin()).before).toEqual({ requests: 8, promptTokens: 0, completionTokens: 0 })
  })
})
