import { Worker } from 'node:worker_threads'
import { type Engine, localEngine } from '../../run/engines/local.js'
import type { Tally } from '../../run/tally.js'
import type { Pass, Task, TaskContext } from '../../run/types.js'
import { SluiceError, UsageError } from '../../stream/errors.js'
import { revivedError } from '../../stream/plain-error.js'
import type { Answer, Question, WorkerSetting } from './messages.js'

/** This thread and others that do the tasks of some passes, side by side. */
export type WorkerPool = {
  /** The passes, the work of those that may be done apart handed to whichever thread is free. */
  readonly passes: readonly Pass[]
  /** As many tasks of a pass at once as there are threads, where its tasks may be done apart; else one. */
  readonly engine: Engine
  close(): Promise<void>
}

/**
 * Opens a pool of so many workers: this thread is the first, and each other makes the passes anew out of the plan. A task is a
 * function of the plan and its own id, so that the bytes are those of one thread.
 */
export function openWorkers(passes: readonly Pass[], workers: number, setting: WorkerSetting): WorkerPool {
  if (!Number.isInteger(workers) || workers < 1) {
    throw new UsageError(`Expected \`workers\` to be an integer from 1 up, got \`${workers}\``)
  }
  if (workers === 1) return { passes, engine: localEngine, close: async () => {} }
  const threads = Array.from({ length: workers - 1 }, () => startThread(setting))
  // The last is the first to be taken: here nothing has to be started.
  const idle: (Thread | 'here')[] = [...threads, 'here']
  const names = passes.map(({ name }) => name)
  const handOver = (pass: Pass): Pass => ({
    ...pass,
    async work(task, context) {
      // The engine starts no more tasks than there are workers.
      const worker = idle.pop()!
      try {
        return await (worker === 'here' ? pass.work(task, context) : worker.work(pass.name, task, context, names))
      } finally {
        idle.push(worker)
      }
    },
  })
  return {
    passes: passes.map((pass) => (pass.apart ? handOver(pass) : pass)),
    engine: (tasks, work, { signal, apart }) => inParallel(tasks, work, apart ? workers : 1, signal),
    async close() {
      await Promise.all(threads.map((thread) => thread.close()))
    },
  }
}

async function inParallel(
  tasks: readonly Task[],
  work: (task: Task) => Promise<void>,
  atOnce: number,
  signal: AbortSignal,
): Promise<void> {
  const next = tasks[Symbol.iterator]()
  let failed = false
  const lane = async () => {
    for (const task of next) {
      if (failed) return
      signal.throwIfAborted()
      await work(task).catch((error) => {
        failed = true
        throw error
      })
    }
  }
  // All lanes end before the first error is told, so that nothing is still being written then.
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, tasks.length) }, lane))
  const broken = lanes.find((lane) => lane.status === 'rejected')
  if (broken) throw broken.reason
}

type Thread = {
  work(pass: string, task: Task, context: TaskContext, names: readonly string[]): Promise<Tally>
  close(): Promise<void>
}

function startThread(setting: WorkerSetting): Thread {
  let worker: Worker | undefined
  let toldOf: string | undefined
  const open = () => {
    worker ??= new Worker(new URL('./worker.js', import.meta.url), { workerData: setting })
    return worker
  }
  return {
    work(pass, task, { folder, committed, signal, progress, warn }, names) {
      const thread = open()
      // What earlier passes left does not change while this one is done.
      const seen = toldOf === pass ? undefined : Object.fromEntries(names.map((name) => [name, committed(name)]))
      toldOf = pass
      return new Promise<Tally>((resolve, reject) => {
        const settle = (act: () => void) => {
          thread.off('message', hear).off('error', fail).off('exit', exit)
          signal.removeEventListener('abort', stop)
          act()
        }
        const hear = (answer: Answer) => {
          if (answer.kind === 'rows') progress(answer.rows)
          else if (answer.kind === 'warning') warn(answer.text)
          else if (answer.kind === 'done') settle(() => resolve(answer.tally))
          else settle(() => reject(signal.aborted ? signal.reason : revivedError(answer.error)))
        }
        const fail = (error: Error) => {
          worker = undefined
          settle(() => reject(error))
        }
        const exit = () => fail(new SluiceError('E_BUG', 70, `A thread ended in task ${pass}/${task.id}`))
        const stop = () => thread.postMessage({ kind: 'stop' } satisfies Question)
        thread.on('message', hear).on('error', fail).on('exit', exit)
        thread.postMessage({ kind: 'task', pass, task, folder, committed: seen } satisfies Question)
        if (signal.aborted) stop()
        else signal.addEventListener('abort', stop, { once: true })
      })
    },
    async close() {
      await worker?.terminate()
    },
  }
}
