import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import { type Pass, reduceTask } from '../../run/types.js'
import { createNoveltyIndex } from '../../select/novelty.js'
import { onBadAgain } from '../pass/bad-shards.js'
import { readTexts } from '../select/corpus.js'
import type { Resources } from '../types.js'
import { type DedupConfig, thresholdOf } from './options.js'
import { createRecordFile, wordOf } from './record-file.js'
import { numberRows } from './row-numbers.js'
import type { TextSpill } from './scan.js'
import { scoredFile } from './score.js'

/** A scan that only numbers the rows: ROUGE-L has no shorter stand-in for a text. */
export const nothingSpilled: TextSpill = { push: async () => {}, finish: async () => {} }

/**
 * Compares every row with all that were new before it, in corpus order, as Self-Instruct grows its pool. Memory grows with
 * the tokens of the rows that stay; the threshold decides here which do.
 */
export function noveltyPass(config: DedupConfig, reading: Resources['reading']): Pass {
  return {
    name: 'score',
    tasks: async () => reduceTask,
    async work(_task, context) {
      const index = createNoveltyIndex({ threshold: thresholdOf(config), tokens: config.tokens })
      const scored = await createRecordFile(join(context.folder, scoredFile))
      const { signal } = context
      try {
        for (const { scanned, first } of numberRows(context).stretches) {
          const { shard, rows } = scanned.task
          const again = { rows, signal, reading, onReject: () => {}, onBad: onBadAgain(config) }
          const texts = readTexts(context.plan.shards[shard!]!, config, again)
          for await (const batch of texts) {
            signal.throwIfAborted()
            for (const { row, text } of batch) {
              const number = first + row - (rows?.start ?? 0)
              const duplicate = index.duplicateOf(text)
              if (duplicate) await scored.push(number, Number(duplicate.id), wordOf(duplicate.score))
              else index.add(String(number), text)
            }
            context.progress(batch.length)
          }
        }
      } finally {
        await scored.close()
      }
      return emptyTally
    },
  }
}
