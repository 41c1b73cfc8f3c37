import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import { type Pass, type RunView, reduceTask } from '../../run/types.js'
import { openMarks } from './fingerprint-file.js'
import { fingerprintOf, pairFile, sliceCount } from './match.js'
import type { DedupConfig } from './options.js'
import { openRecordCursors, type RecordCursor } from './record-cursor.js'
import { createRecordFile, wordOf } from './record-file.js'
import { numberRows } from './row-numbers.js'

/** What this pass leaves, however rows are compared: (later row, earlier row, likeness as float32), by the later. */
export const scoredFile = 'scored.bin'

/** Later rows whose pairs are put in order at a time. */
const rangeRows = 2 ** 16

/** Tells of every pair, once, how alike its rows are; what threshold applies is not asked yet. */
export function scorePass(config: DedupConfig, sliceRows: number): Pass {
  return {
    name: 'score',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const numbers = numberRows(context)
      const fingerprint = fingerprintOf(config)
      const marks = openMarks(numbers, fingerprint.bytes)
      const [a, b] = [new Uint8Array(fingerprint.bytes), new Uint8Array(fingerprint.bytes)]
      const scored = await createRecordFile(join(context.folder, scoredFile))
      const cursors = pairCursors(context, sliceCount(numbers.total, sliceRows))
      try {
        for (let first = 0; first < numbers.total; first += rangeRows) {
          context.signal.throwIfAborted()
          let marked = -1
          for (const [later, earlier] of pairsOfRange(cursors, first)) {
            if (later !== marked) marks.read(later, b)
            marked = later
            marks.read(earlier, a)
            await scored.push(later, earlier, wordOf(fingerprint.likeness(a, b)))
          }
        }
      } finally {
        marks.close()
        await scored.close()
      }
      return emptyTally
    },
  }
}

/** The distinct pairs whose later row is in the range that begins at `first`, by the later and then the earlier. */
function* pairsOfRange(cursors: readonly RecordCursor[], first: number): Generator<readonly [number, number]> {
  const found: number[] = []
  for (const cursor of cursors) {
    cursor.takeBefore(first + rangeRows, (words, at) => found.push((words[at]! - first) * 2 ** 32 + words[at + 1]!))
  }
  let before = -1
  for (const pair of Float64Array.from(found).sort()) {
    if (pair !== before) yield [first + Math.floor(pair / 2 ** 32), pair % 2 ** 32]
    before = pair
  }
}

function pairCursors(run: RunView, slices: number): RecordCursor[] {
  const files = Array.from({ length: slices }, (_, slice) => pairFile(slice))
  const paths = run.committed('match').flatMap(({ folder }) => files.map((file) => join(folder, file)))
  return openRecordCursors(paths, 2)
}
