import type { Pass } from '../../run/types.js'
import { finishPass } from '../pass/finish.js'
import { schemaOfPass } from '../pass/pass-schema.js'
import type { Recipe, Resources } from '../types.js'
import { assignPass, clusterPass } from './cluster.js'
import { decidePass } from './decide.js'
import { embeddingSpill } from './embed.js'
import { explainDuplicate } from './explain.js'
import { fingerprintSpill, matchPass } from './match.js'
import { nothingSpilled, noveltyPass } from './novelty.js'
import { comparisonSettings, type DedupConfig, dedupOptions } from './options.js'
import { scanPass } from './scan.js'
import { scorePass } from './score.js'
import { bucketPass, compareClustersPass, mergeAlikePass } from './semantic.js'
import { keptFile, writePass } from './write.js'

/** A corpus without its duplicates: of every group of like rows the first, every column as it was. */
export const dedupRecipe: Recipe<DedupConfig> = {
  name: 'dedup',
  summary: 'a corpus without its exact, near or semantic duplicates; no model',
  usesModel: false,
  options: dedupOptions,
  passes: (config, resources) => dedupPasses(config, resources),
  explain: explainDuplicate,
}

/**
 * The passes of the recipe; whatever the number of rows, keys are compared `sliceRows` at a time, about 100 bytes each, and
 * rows grouped `rangeRows` at a time, 20 bytes each.
 */
export function dedupPasses(
  config: DedupConfig,
  resources: Resources,
  { sliceRows = 2 ** 20, rangeRows = 2 ** 21 }: { sliceRows?: number; rangeRows?: number } = {},
): Pass[] {
  // ROUGE-L compares with the rows that the threshold lets stay; elsewhere it is not asked until all is compared.
  const settings = config.by === 'rouge' ? undefined : comparisonSettings
  const compared = comparison(config, resources, sliceRows).map((pass) => ({ ...pass, settings }))
  return [...compared, decidePass(config, rangeRows), writePass(config, resources.reading), finish()]
}

/** The passes up to and with `score`, which leaves every pair of like rows. */
function comparison(config: DedupConfig, resources: Resources, sliceRows: number): Pass[] {
  const { reading } = resources
  if (config.by === 'rouge')
    return [scanPass(config, reading, async () => nothingSpilled), noveltyPass(config, reading)]
  if (config.by === 'semantic') {
    return [
      scanPass(config, reading, (task, context) => embeddingSpill(task, context, { config, resources })),
      clusterPass(config, resources),
      assignPass(),
      bucketPass(config),
      compareClustersPass(config),
      mergeAlikePass(),
    ]
  }
  return [
    scanPass(config, reading, (_, { folder }) => fingerprintSpill(folder, config)),
    matchPass(config, sliceRows),
    scorePass(config, sliceRows),
  ]
}

function finish(): Pass {
  return finishPass({
    summary: 'A corpus without its duplicates: of every group of like rows the first, every column as it was.',
    rows: { passes: ['write'], file: keptFile },
    schema: (run) => schemaOfPass(run, 'write', keptFile),
    chains: [['scan', 'write']],
  })
}
