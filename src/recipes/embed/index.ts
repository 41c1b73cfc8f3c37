import { join } from 'node:path'
import type { Schema } from '../../formats/index.js'
import { schemaOf } from '../../formats/shards.js'
import type { RunView } from '../../run/types.js'
import { finishPass } from '../pass/finish.js'
import type { Recipe } from '../types.js'
import { idsPass } from './ids.js'
import { type EmbedConfig, embedOptions } from './options.js'
import { vectorsFile, vectorsPass } from './vectors.js'

/** The vectors of a corpus: an id and a vector for each of its texts, in order. */
export const embedRecipe: Recipe<EmbedConfig> = {
  name: 'embed',
  summary: 'the vectors of a corpus, an id and a vector for each text',
  usesModel: false,
  options: embedOptions,
  passes: (config, resources) => [...idsPass(config, resources), vectorsPass(config, resources), finish],
}

const finish = finishPass({
  summary: 'Vectors of a corpus: an id and a vector for each of its texts.',
  rows: { passes: ['embed'], file: vectorsFile },
  schema: vectorsSchema,
  chains: [['embed']],
})

/** What the tasks wrote; their embedder, and so its dimensions, may not be at hand any more. */
async function vectorsSchema(run: RunView): Promise<Schema> {
  const files = run.committed('embed').map(({ task, folder }) => ({
    name: run.plan.shards[task.shard!]!.name,
    path: join(folder, vectorsFile),
    format: 'parquet',
  }))
  return (await schemaOf(files)) ?? {}
}
