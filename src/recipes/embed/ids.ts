import { readShard } from '../../formats/index.js'
import { leavingBad } from '../../formats/shards.js'
import { emptyTally } from '../../run/tally.js'
import { type Pass, reduceTask, type TaskContext } from '../../run/types.js'
import { onBadAgain } from '../pass/bad-shards.js'
import { refuseRepeated } from '../pass/unique-ids.js'
import { readTexts, rowId } from '../select/corpus.js'
import type { Resources } from '../types.js'
import type { EmbedConfig } from './options.js'

type Reading = Pick<Resources, 'reading'>

/**
 * Before a text is embedded, and maybe paid for: no two may have an id in common, since vectors are found by it. Reads the
 * column of ids alone; the texts too only where ids seem to meet, as rows without one do not count. None where ids are places.
 */
export function idsPass(config: EmbedConfig, resources: Reading): Pass[] {
  const { idColumn } = config
  if (idColumn === undefined) return []
  return [
    {
      name: 'ids',
      settings: ['textColumn', 'idColumn', 'onBadShard', 'limits'],
      tasks: async () => reduceTask,
      async work(_task, context) {
        const all = () => idsOf(idColumn, { context, config, ...resources })
        const ofTexts = () => idsOfTexts({ context, config, ...resources })
        await refuseRepeated(idColumn, all, ofTexts)
        return emptyTally
      },
    },
  ]
}

type Corpus = { context: TaskContext; config: EmbedConfig } & Reading

async function* idsOf(idColumn: string, { context, config, reading }: Corpus): AsyncGenerator<string> {
  const { plan, signal, progress } = context
  for (const shard of plan.shards) {
    const source = readShard(shard, { ...reading, columns: [idColumn], signal })
    let row = 0
    for await (const batch of leavingBad(shard, source, { onBad: onBadAgain(config) })) {
      for (const columns of batch) yield rowId(shard, row++, columns[idColumn])
      progress(batch.length)
    }
  }
}

async function* idsOfTexts({ context, config, reading }: Corpus): AsyncGenerator<string> {
  const { plan, signal } = context
  // What embeds the rows tells of bad shards and rejects.
  const onlyLook = { signal, reading, onReject: () => {}, onBad: onBadAgain(config) }
  for (const shard of plan.shards) {
    for await (const rows of readTexts(shard, config, onlyLook)) for (const { id } of rows) yield id
  }
}
