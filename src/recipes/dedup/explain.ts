import { join } from 'node:path'
import type { RunView } from '../../run/types.js'
import { reduced } from '../pass/artifacts.js'
import type { DuplicateFacts, RowFacts } from '../pass/row-facts.js'
import { readTiles } from '../select/tiles.js'
import { labelFile, noCluster } from './cluster.js'
import { type Decision, readDecisions } from './decide.js'
import { type DedupConfig, thresholdOf } from './options.js'
import { floatOf, readRecords } from './record-file.js'
import { findRowNumber, openRowIds } from './row-ids.js'
import { numberRows } from './row-numbers.js'
import { scoredFile } from './score.js'

/** Rows of a group that are named. */
const mostNamed = 20

/** A row's group and its likeness to others; nothing of an id that the run has not scanned. */
export async function explainDuplicate(run: RunView, id: string): Promise<RowFacts | undefined> {
  const config = run.plan.config as DedupConfig
  const number = await findRowNumber(run, config, id)
  if (number === undefined) return undefined
  const numbers = numberRows(run)
  const { scanned, first } = numbers.stretchOf(number)
  const { task } = scanned
  const place = { shard: task.shard!, row: (task.rows?.start ?? 0) + number - first }
  const ids = openRowIds(run, config)
  const named = ({ row, of, score }: Omit<Decision, 'kept'>) => ({ id: ids.idOf(row), of: ids.idOf(of), score })
  try {
    if (run.committed('decide').length === 0) return place
    const best = await mostAlike(run, number)
    const group = await groupOf(run, number, numbers.total)
    const cluster = await clusterOf(run, task.id, number - first)
    const duplicates: DuplicateFacts = {
      threshold: thresholdOf(config),
      ...(best && { mostAlike: named(best) }),
      first: ids.idOf(group.kept),
      left: group.left.map(named),
      leftRows: group.leftRows,
      ...(cluster !== undefined && { cluster }),
    }
    return { ...place, duplicates }
  } finally {
    ids.close()
  }
}

async function mostAlike(run: RunView, row: number): Promise<Omit<Decision, 'kept'> | undefined> {
  let best: Omit<Decision, 'kept'> | undefined
  for await (const words of readRecords(join(reduced(run, 'score').folder, scoredFile), 3)) {
    for (let at = 0; at < words.length && words[at]! <= row; at += 3) {
      const score = floatOf(words[at + 2]!)
      if (words[at] === row && (best === undefined || score > best.score)) best = { row, of: words[at + 1]!, score }
    }
    if (words.at(-3)! > row) break
  }
  return best
}

async function groupOf(run: RunView, row: number, total: number) {
  const { folder } = reduced(run, 'decide')
  let kept = row
  for await (const decision of readDecisions(folder, row, row + 1)) kept = decision.kept
  const left: Decision[] = []
  let leftRows = 0
  for await (const decision of readDecisions(folder, kept, total)) {
    if (decision.kept !== kept) continue
    leftRows++
    if (left.length < mostNamed) left.push(decision)
  }
  return { kept, left, leftRows }
}

async function clusterOf(run: RunView, task: string, local: number): Promise<number | undefined> {
  const assigned = run.committed('assign').find((each) => each.task.id === task)
  if (assigned === undefined) return undefined
  let before = 0
  for await (const bytes of readTiles(join(assigned.folder, labelFile), { rows: 65_536, rowBytes: 4 })) {
    const labels = new Uint32Array(bytes.buffer, 0, bytes.length / 4)
    const label = labels[local - before]
    if (label !== undefined) return label === noCluster ? undefined : label
    before += labels.length
  }
  return undefined
}
