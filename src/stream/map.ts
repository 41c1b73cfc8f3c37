import type { Stage } from './types.js'

/** Applies `change` to every row. For work that waits on something, use mapConcurrent. */
export function map<In, Out>(change: (row: In) => Out): Stage<In, Out> {
  return async function* (source) {
    for await (const rows of source) yield rows.map(change)
  }
}
