import { join, resolve } from 'node:path'

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
    artifacts: join(state, 'artifacts'),
  }
}

/** Where the committed files of a task lie. */
export function taskFolder(paths: RunPaths, pass: string, task: string): string {
  return join(paths.artifacts, pass, task)
}
