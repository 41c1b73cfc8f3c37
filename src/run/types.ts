import type { Tally } from './tally.js'

/** A corpus file as the plan remembers it; `name` is what row ids start with, `path` where it is on this machine. */
export type PlannedShard = {
  readonly name: string
  readonly path: string
  readonly bytes: number
  readonly modifiedMs: number
  readonly format: string
  /** What a server calls this version of the file, where it says. */
  readonly etag?: string
}

/** Everything the output bytes depend on. Two runs with equal plans give equal bytes. */
export type Plan = {
  /** Of what passes leave for one another; a run of another one is not gone on with. */
  readonly format: 2
  readonly recipe: string
  readonly config: Readonly<Record<string, unknown>>
  /** In name order, so that the order of arrival does not matter. */
  readonly shards: readonly PlannedShard[]
  /** The files behind settings that name some, such as seed data, by the setting's key. */
  readonly files?: Readonly<Record<string, readonly PlannedShard[]>>
  /** How the shards were read last, for whoever reads them again. No byte depends on it, and it may change. */
  readonly reading?: Readonly<Record<string, unknown>>
}

/** A unit of work: one pass over one shard (or a range of its rows), or over everything before it (a reduce). */
export type Task = {
  /** Unique within its pass, and a plain file name. */
  readonly id: string
  /** Index into `plan.shards`; absent for a reduce. */
  readonly shard?: number
  /** Half-open range of rows, of the shard or of the pass before. */
  readonly rows?: { readonly start: number; readonly end: number }
}

/** A task whose files are in place and in the manifest. */
export type Committed = {
  readonly pass: string
  readonly task: Task
  /** Absolute path of the folder that holds the task's files. */
  readonly folder: string
  readonly tally: Tally
}

/** What a pass may see of the run when it lists its tasks. */
export type RunView = {
  readonly plan: Plan
  /** The committed tasks of an earlier pass, in task order. */
  committed(pass: string): readonly Committed[]
}

/** What a task may see and where it writes. */
export type TaskContext = RunView & {
  /** An empty folder of the task's own; it is committed whole when the task returns, or vanishes. */
  readonly folder: string
  /** Aborts when the run should stop: start nothing further. */
  readonly signal: AbortSignal
  /** Tells whoever watches that this many more rows went by. */
  progress(rows: number): void
  /** Tells them what they may want to stop the run for. */
  warn(text: string): void
}

/**
 * One walk over the corpus (a task a shard) or over the artifacts of earlier passes (a reduce). A task must be a
 * function of the plan, the pass and the task alone: it may run twice, and its bytes must come out the same.
 */
export type Pass = {
  readonly name: string
  /**
   * The config keys its bytes depend on; default all. While only passes that do not name a key are committed, that key may
   * still be changed: a mistyped model does not cost a selection.
   */
  readonly settings?: readonly string[]
  /**
   * Whether its tasks may be done side by side, in threads that make the pass anew out of the plan: they ask no model and
   * share nothing but what is committed. Default false.
   */
  readonly apart?: boolean
  /** Lists the tasks; called when every earlier pass is committed. */
  tasks(run: RunView): Promise<readonly Task[]>
  /** Does one task: writes files into `context.folder` and says what became of its rows. */
  work(task: Task, context: TaskContext): Promise<Tally>
}

/** The one task of a pass that reduces all that came before. */
export const reduceTask: readonly Task[] = [{ id: 'all' }]

/** What a run tells whoever watches. */
export type RunEvent =
  | {
      readonly kind: 'pass'
      readonly pass: string
      readonly tasks: number
      readonly committed: number
      /** Rows still to go, where the tasks say so. */
      readonly rows?: number
    }
  | { readonly kind: 'rows'; readonly pass: string; readonly rows: number }
  | { readonly kind: 'warning'; readonly pass: string; readonly text: string }
  /** What is going on beside the rows. */
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'task'; readonly pass: string; readonly task: string; readonly tally: Tally }
