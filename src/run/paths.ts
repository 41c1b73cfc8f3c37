import { join, resolve } from 'node:path'
import { CorruptInputError } from '../stream/errors.js'

/** Where everything of a run lies. `state` is what the run needs to resume; the rest of `out` is for its reader. */
export type RunPaths = {
  readonly out: string
  readonly state: string
  readonly plan: string
  readonly manifest: string
  /** Which of the run's results is shown under `out`. */
  readonly published: string
  /** What the run has spent on its model. */
  readonly spent: string
  readonly lock: string
  readonly journal: string
  /** Which embedder the run began with. */
  readonly embedder: string
  /** Vectors that were paid for. */
  readonly vectors: string
  /** What the run needs to find its batches again. */
  readonly batches: string
  readonly artifacts: string
}

/** The layout of the run folder `out`. */
export function runPaths(out: string): RunPaths {
  const root = resolve(out)
  const state = join(root, '.sluice')
  return {
    out: root,
    state,
    plan: join(state, 'plan.json'),
    manifest: join(state, 'manifest.jsonl'),
    published: join(state, 'published.json'),
    spent: join(state, 'spent.json'),
    lock: join(state, 'lock'),
    journal: join(state, 'journal'),
    embedder: join(state, 'embedder'),
    vectors: join(state, 'vectors'),
    batches: join(state, 'batches'),
    artifacts: join(state, 'artifacts'),
  }
}

/**
 * Refuses a name out of a run folder's own files that leads out of the folder: whoever resumes a run that somebody else made
 * must not have files removed elsewhere. Throws a CorruptInputError that names `where` it stands.
 */
export function requireInside(name: unknown, where: string): void {
  const isInside = typeof name === 'string' && !/^$|^\/|[\\\0:]|(?:^|\/)\.\.?(?:\/|$)/.test(name)
  if (isInside) return
  throw new CorruptInputError(`${where} names ${JSON.stringify(name)}, which is no name inside the run's folder`, {
    fix: 'sluice did not write this; trust nothing in this folder.',
  })
}

/** Where the committed files of a task lie. */
export function taskFolder(paths: RunPaths, pass: string, task: string): string {
  return join(paths.artifacts, pass, task)
}
