import type { Tally } from '../../run/tally.js'
import type { Committed, Plan, Task } from '../../run/types.js'
import type { PlainError } from '../../stream/plain-error.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import type { MachineOptions } from '../resources.js'

/** What a thread is started with: all that the passes of a run are made of. */
export type WorkerSetting = {
  readonly plan: Plan
  readonly out: string
  readonly machine: Omit<MachineOptions, 'callSignal'>
  readonly texts: PromptTexts
}

/** What a thread is told: a task of a pass, with what is committed where that has changed, or to stop the one it does. */
export type Question =
  | {
      readonly kind: 'task'
      readonly pass: string
      readonly task: Task
      readonly folder: string
      readonly committed?: Readonly<Record<string, readonly Committed[]>> | undefined
    }
  | { readonly kind: 'stop' }

/** What it answers; `done` or `error` end a task. */
export type Answer =
  | { readonly kind: 'rows'; readonly rows: number }
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'done'; readonly tally: Tally }
  | { readonly kind: 'error'; readonly error: PlainError }
