import { parentPort, workerData } from 'node:worker_threads'
import type { Committed, Pass, Task } from '../../run/types.js'
import { asDiskError } from '../../stream/errors.js'
import { plainError } from '../../stream/plain-error.js'
import { recipeNamed } from '../plan-run.js'
import { openResources } from '../resources.js'
import type { Answer, Question, WorkerSetting } from './messages.js'

// The thread that pool.ts starts: it does one task at a time of the passes that may be done apart.

function serve(): void {
  const port = parentPort!
  const { plan, out, machine, texts } = workerData as WorkerSetting
  const { resources } = openResources(plan.config, out, machine)
  const passes = new Map(
    recipeNamed(plan.recipe)
      .passes(plan.config, resources, texts)
      .map((pass) => [pass.name, pass]),
  )
  let committed: Record<string, readonly Committed[]> = {}
  let stop = new AbortController()
  const answer = (message: Answer) => port.postMessage(message)
  const work = async (pass: Pass, task: Task, folder: string) => {
    const { signal } = stop
    return pass.work(task, {
      ...{ plan, folder, signal },
      committed: (name) => committed[name] ?? [],
      progress: (rows) => answer({ kind: 'rows', rows }),
      warn: (text) => answer({ kind: 'warning', text }),
    })
  }
  port.on('message', async (question: Question) => {
    if (question.kind === 'stop') {
      stop.abort(new Error('stopped'))
      return
    }
    committed = question.committed ?? committed
    stop = new AbortController()
    await work(passes.get(question.pass)!, question.task, question.folder).then(
      (tally) => answer({ kind: 'done', tally }),
      (error) => answer({ kind: 'error', error: plainError(asDiskError(error, question.folder)) }),
    )
  })
}

serve()
