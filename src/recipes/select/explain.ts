import { join } from 'node:path'
import type { Committed, RunView } from '../../run/types.js'
import { readRows } from '../pass/artifacts.js'
import type { Alike } from './alike-in-cluster.js'
import { type Assigned, readAssigned } from './assign.js'
import { type Chosen, readChosen } from './chosen.js'
import type { Kept } from './scan.js'
import { alikeFile } from './strategies/semdedup.js'

/** What a selection made of a row that its judge let through. */
export type Choice = {
  /** Index of its shard in the plan, and its number in there. */
  readonly shard: number
  readonly row: number
  /** Absent where the run has not come so far, or chooses without clusters. */
  readonly cluster?: number
  /** Squared, to the centroid of its cluster. */
  readonly distance?: number
  readonly isChosen?: boolean
  /** Of a strategy that takes one row after another: the turn, from 0 up, and what its `sluice_distance` says. */
  readonly turn?: number
  /** By `semdedup`: the row of its cluster that stands before it and is most like it, and their cosine. */
  readonly alike?: { readonly of: string; readonly cosine: number }
}

/** Finds a row among those that a selection kept; nothing where its judge let none of that id through. */
export async function findChoice(run: RunView, id: string): Promise<Choice | undefined> {
  for (const scanned of run.committed('scan')) {
    let at = 0
    for await (const rows of readRows<Kept>(join(scanned.folder, 'kept.parquet'))) {
      const found = rows.find((row) => row.id === id)
      if (found === undefined) {
        at += rows.length
        continue
      }
      const place = { shard: scanned.task.shard!, row: found.row }
      const chosen = run.committed('choose').length > 0 ? await readChosen(run) : []
      const choice = chosen.find((row) => row.id === id)
      const alike = await likestOf(run, id)
      return {
        ...place,
        ...(await assignmentOf(run, scanned, at + rows.indexOf(found))),
        isChosen: choice !== undefined,
        ...(choice && isInTurns(run, chosen) && { turn: choice.cluster, distance: choice.distance }),
        ...(alike && { alike }),
      }
    }
  }
  return undefined
}

/** Cluster and distance of the row that a scan task kept as its `at`-th. */
async function assignmentOf(
  run: RunView,
  scanned: Committed,
  at: number,
): Promise<Pick<Choice, 'cluster' | 'distance'>> {
  if (!run.committed('assign').some(({ task }) => task.id === scanned.task.id)) return {}
  let before = 0
  for await (const { clusters, distances } of readAssigned(run, scanned) as AsyncIterable<Assigned>) {
    if (at < before + clusters.length) return { cluster: clusters[at - before]!, distance: distances[at - before]! }
    before += clusters.length
  }
  return {}
}

/** Where a strategy has no clusters, and yet names every chosen row by another number, that is its turn. */
function isInTurns(run: RunView, chosen: readonly Chosen[]): boolean {
  const hasClusters = run.plan.recipe === 'select-llm' || run.committed('assign').length > 0
  return !hasClusters && chosen.length > 1 && new Set(chosen.map(({ cluster }) => cluster)).size === chosen.length
}

async function likestOf(run: RunView, id: string): Promise<Choice['alike']> {
  for (const { folder } of run.plan.config.by === 'semdedup' ? run.committed('compare') : []) {
    for await (const rows of readRows<Alike>(join(folder, alikeFile))) {
      const found = rows.find((row) => row.id === id)
      if (found !== undefined) return found.of === '' ? undefined : { of: found.of, cosine: found.alike }
    }
  }
  return undefined
}
