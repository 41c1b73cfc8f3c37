import { isMainThread, Worker } from 'node:worker_threads'
import { plainError } from '../stream/plain-error.js'
import type { Answer, Question } from './isolate.js'
import { readPicked } from './row-runs.js'
import { formatNamed } from './table.js'
import type { Columns } from './types.js'

// The process that isolate.ts starts: it decodes one shard at a time and hands over a batch whenever it is asked for one.

const aliveMs = 1000
const parentWatchMs = 500

function serve(): void {
  // The parent decides when to end: a Ctrl-C is sent to both.
  process.on('SIGINT', () => {}).on('SIGTERM', () => {})
  process.on('disconnect', () => process.exit(0))
  // A loop that never ends would not hear of that.
  new Worker(new URL(import.meta.url)).unref()
  let rows: AsyncIterator<readonly Columns[]> | undefined
  const answer = async (question: Question): Promise<Answer> => {
    if (question.kind === 'next') return nextOf(rows!)
    const { kind, shard, options } = question
    const format = formatNamed(shard.format)
    if (kind === 'describe') return { kind: 'end', description: await format.describe(shard.path, options) }
    rows = readPicked(format, shard.path, options)[Symbol.asyncIterator]()
    return nextOf(rows)
  }
  process.on('message', async (question: Question) => {
    const beat = setInterval(() => process.send!({ kind: 'alive' }), aliveMs)
    const said = await answer(question).catch((error): Answer => ({ kind: 'error', error: plainError(error) }))
    clearInterval(beat)
    process.send!(said)
  })
}

async function nextOf(rows: AsyncIterator<readonly Columns[]>): Promise<Answer> {
  const next = await rows.next()
  return next.done ? { kind: 'end' } : { kind: 'rows', rows: next.value }
}

/** Ends the process once its parent is gone, whatever the main thread is doing. */
function watchParent(): void {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
  }, parentWatchMs)
}

if (isMainThread) serve()
else watchParent()
