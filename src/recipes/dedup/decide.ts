import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import { type Pass, reduceTask } from '../../run/types.js'
import { reduced } from '../pass/artifacts.js'
import { type EachPair, type GroupedRange, groupRows } from './group.js'
import { type DedupConfig, thresholdOf } from './options.js'
import { createRecordFile, floatOf, type RecordFile, readRecords, wordOf } from './record-file.js'
import { openRecordFiles } from './record-files.js'
import { numberRows } from './row-numbers.js'
import { scoredFile } from './score.js'

/**
 * A row that leaves, the row before it that it is most like (or where none is, the one after it) with their likeness, and the
 * row of its group that stays.
 */
export type Decision = { readonly row: number; readonly of: number; readonly kept: number; readonly score: number }

const decidedFile = 'decided.bin'
const decisionWords = 4

/**
 * Groups the rows whose likeness reaches the threshold, and keeps the first of each group. This pass alone and those after
 * it depend on the threshold. Memory: 20 bytes a row of a range of `rangeRows`.
 */
export function decidePass(config: DedupConfig, rangeRows: number): Pass {
  // A row that ROUGE-L has found is above the threshold already, where equal would not do.
  const threshold = config.by === 'rouge' ? 0 : Math.fround(thresholdOf(config))
  return {
    name: 'decide',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const scored = join(reduced(context, 'score').folder, scoredFile)
      const folder = join(context.folder, 'grouping')
      await mkdir(folder)
      const decided = await createRecordFile(join(context.folder, decidedFile))
      // A row that has no earlier one to be like may be in a group by a later one.
      const later = openRecordFiles(folder, 'later', 3)
      const eachPair: EachPair = (first, end, each) => eachAccepted(scored, { first, end, threshold }, each)
      try {
        const { total } = numberRows(context)
        await eachAccepted(scored, { first: 0, end: total, threshold }, (row, of, score) =>
          later.push(Math.floor(of / rangeRows), of, row, wordOf(score)),
        )
        for await (const range of groupRows({ ...context, total, rangeRows, eachPair, folder })) {
          await decide(range, { scored, threshold, later: later.read(range.first / rangeRows) }, decided)
        }
      } finally {
        await decided.close()
      }
      await rm(folder, { recursive: true })
      return emptyTally
    },
  }
}

type Pairs = { scored: string; threshold: number; later: Iterable<Uint32Array> }

const none = 0xffffffff

/** Writes down the rows of a range that are not the first of their group, each with the row it is most like. */
async function decide({ first, end, firsts }: GroupedRange, pairs: Pairs, decided: RecordFile): Promise<void> {
  const best = new Uint32Array(end - first).fill(none)
  const scores = new Float32Array(end - first)
  const note = (row: number, of: number, score: number) => {
    const at = row - first
    const isBetter = score > scores[at]! || (score === scores[at] && of < best[at]!)
    if (best[at] !== none && !isBetter) return
    best[at] = of
    scores[at] = score
  }
  await eachAccepted(pairs.scored, { first, end, threshold: pairs.threshold }, note)
  const hasEarlier = best.map((of) => (of === none ? 0 : 1))
  for (const words of pairs.later) {
    for (let at = 0; at < words.length; at += 3) {
      if (hasEarlier[words[at]! - first] === 0) note(words[at]!, words[at + 1]!, floatOf(words[at + 2]!))
    }
  }
  for (const [at, kept] of firsts.entries()) {
    if (kept !== first + at) await decided.push(first + at, best[at]!, kept, wordOf(scores[at]!))
  }
}

type Accepted = { first: number; end: number; threshold: number }

/** Calls `each` with the pairs whose likeness reaches the threshold and whose later row is in a range, by that row. */
async function eachAccepted(
  path: string,
  { first, end, threshold }: Accepted,
  each: (row: number, of: number, score: number) => void,
): Promise<void> {
  const from = await firstRecord(path, first, 3)
  for await (const words of readRecords(path, 3, from)) {
    for (let at = 0; at < words.length; at += 3) {
      if (words[at]! >= end) return
      const score = floatOf(words[at + 2]!)
      if (score >= threshold) each(words[at]!, words[at + 1]!, score)
    }
  }
}

/** The decisions on rows from `first` up to but without `end`, in order. */
export async function* readDecisions(folder: string, first: number, end: number): AsyncGenerator<Decision> {
  const path = join(folder, decidedFile)
  const from = await firstRecord(path, first, decisionWords)
  for await (const words of readRecords(path, decisionWords, from)) {
    for (let at = 0; at < words.length; at += decisionWords) {
      if (words[at]! >= end) return
      yield { row: words[at]!, of: words[at + 1]!, kept: words[at + 2]!, score: floatOf(words[at + 3]!) }
    }
  }
}

/** The first record of a row that is not before `row`, by halving. */
async function firstRecord(path: string, row: number, words: number): Promise<number> {
  const file = await open(path, 'r')
  try {
    const word = new Uint32Array(1)
    let [low, high] = [0, (await file.stat()).size / (4 * words)]
    while (low < high) {
      const middle = (low + high) >>> 1
      await file.read(new Uint8Array(word.buffer), 0, 4, middle * 4 * words)
      if (word[0]! < row) low = middle + 1
      else high = middle
    }
    return low
  } finally {
    await file.close()
  }
}
