import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import { type Pass, reduceTask } from '../../run/types.js'
import { createDuplicateGroups, type Duplicate } from '../../select/duplicate-groups.js'
import { reduced } from '../artifacts.js'
import { type DedupConfig, thresholdOf } from './options.js'
import { createRecordFile, floatOf, readRecords, wordOf } from './record-file.js'
import { numberRows } from './row-numbers.js'
import { scoredFile } from './score.js'

/** A row that leaves, the row it is most like, and the row of its group that stays. */
export type Decision = Duplicate & { readonly kept: number }

const decidedFile = 'decided.bin'
const decisionWords = 4

/**
 * Groups the rows whose likeness reaches the threshold, and keeps the first of each group. This pass alone and those after
 * it depend on the threshold. Memory: 4 bytes a row.
 */
export function decidePass(config: DedupConfig): Pass {
  // A row that ROUGE-L has found is above the threshold already, where equal would not do.
  const threshold = config.by === 'rouge' ? 0 : Math.fround(thresholdOf(config))
  return {
    name: 'decide',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const scored = join(reduced(context, 'score').folder, scoredFile)
      const groups = createDuplicateGroups(numberRows(context).total)
      for await (const { row, of, score } of accepted(scored, threshold)) groups.join(row, of, score)
      const decided = await createRecordFile(join(context.folder, decidedFile))
      const push = ({ row, of, score }: Duplicate) => decided.push(row, of, groups.firstOf(row), wordOf(score))
      try {
        const bridged = groups.bridged()
        let next = 0
        for await (const best of mostAlike(accepted(scored, threshold))) {
          while (next < bridged.length && bridged[next]!.row < best.row) await push(bridged[next++]!)
          await push(best)
        }
        while (next < bridged.length) await push(bridged[next++]!)
      } finally {
        await decided.close()
      }
      return emptyTally
    },
  }
}

async function* accepted(path: string, threshold: number): AsyncGenerator<Duplicate> {
  for await (const words of readRecords(path, 3)) {
    for (let at = 0; at < words.length; at += 3) {
      const score = floatOf(words[at + 2]!)
      if (score >= threshold) yield { row: words[at]!, of: words[at + 1]!, score }
    }
  }
}

/** Of the pairs of each later row the best, the earliest of equals. */
async function* mostAlike(pairs: AsyncIterable<Duplicate>): AsyncGenerator<Duplicate> {
  let best: Duplicate | undefined
  for await (const pair of pairs) {
    if (best !== undefined && best.row !== pair.row) yield best
    if (best === undefined || best.row !== pair.row || pair.score > best.score) best = pair
  }
  if (best !== undefined) yield best
}

/** The decisions on rows from `first` up to but without `end`, in order. */
export async function* readDecisions(folder: string, first: number, end: number): AsyncGenerator<Decision> {
  const path = join(folder, decidedFile)
  const from = await firstRecord(path, first)
  for await (const words of readRecords(path, decisionWords, from)) {
    for (let at = 0; at < words.length; at += decisionWords) {
      if (words[at]! >= end) return
      yield { row: words[at]!, of: words[at + 1]!, kept: words[at + 2]!, score: floatOf(words[at + 3]!) }
    }
  }
}

/** The first record of a row that is not before `row`, by halving. */
async function firstRecord(path: string, row: number): Promise<number> {
  const file = await open(path, 'r')
  try {
    const word = new Uint32Array(1)
    let [low, high] = [0, (await file.stat()).size / (4 * decisionWords)]
    while (low < high) {
      const middle = (low + high) >>> 1
      await file.read(new Uint8Array(word.buffer), 0, 4, middle * 4 * decisionWords)
      if (word[0]! < row) low = middle + 1
      else high = middle
    }
    return low
  } finally {
    await file.close()
  }
}
