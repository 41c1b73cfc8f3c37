import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import { type Pass, type RunView, reduceTask } from '../../run/types.js'
import { openMarks } from './fingerprint-file.js'
import { fingerprintOf, pairFile, sliceCount } from './match.js'
import type { DedupConfig } from './options.js'
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
function* pairsOfRange(cursors: readonly PairCursor[], first: number): Generator<readonly [number, number]> {
  const found: number[] = []
  for (const cursor of cursors) {
    cursor.takeBefore(first + rangeRows, (later, earlier) => found.push((later - first) * 2 ** 32 + earlier))
  }
  let before = -1
  for (const pair of Float64Array.from(found).sort()) {
    if (pair !== before) yield [first + Math.floor(pair / 2 ** 32), pair % 2 ** 32]
    before = pair
  }
}

/** Reads a file of pairs on from where it was. */
type PairCursor = { takeBefore(later: number, take: (later: number, earlier: number) => void): void }

function pairCursors(run: RunView, slices: number): PairCursor[] {
  return run
    .committed('match')
    .flatMap(({ folder }) =>
      Array.from({ length: slices }, (_, slice) => createPairCursor(join(folder, pairFile(slice)))),
    )
}

/** The file is closed between readings: there may be more of them than a process may hold open. */
function createPairCursor(path: string): PairCursor {
  let words = new Uint32Array(0)
  let at = 0
  let position = 0
  const refill = () => {
    const bytes = new Uint8Array(32_768)
    const file = openSync(path, 'r')
    try {
      const read = readSync(file, bytes, 0, bytes.length, position)
      words = new Uint32Array(bytes.buffer, 0, read / 4)
      position += read
      at = 0
    } finally {
      closeSync(file)
    }
  }
  return {
    takeBefore(limit, take) {
      for (;;) {
        if (at === words.length) refill()
        if (words.length === 0 || words[at]! >= limit) return
        take(words[at]!, words[at + 1]!)
        at += 2
      }
    },
  }
}
