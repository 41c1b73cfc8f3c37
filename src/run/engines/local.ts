import type { Task } from '../types.js'

/**
 * Runs the tasks of one pass. `work` does and commits one task and may be called for the same task twice; an engine
 * decides only where and in which order, and does several at once only of a pass whose tasks may be done `apart`. It stops
 * at the first error, or when `signal` aborts.
 */
export type Engine = (
  tasks: readonly Task[],
  work: (task: Task) => Promise<void>,
  options: { signal: AbortSignal; apart: boolean },
) => Promise<void>

/** Every task in this process, one after another. */
export const localEngine: Engine = async (tasks, work, { signal }) => {
  for (const task of tasks) {
    signal.throwIfAborted()
    await work(task)
  }
}
