import { join } from 'node:path'
import { z } from 'zod'
import { writeRows } from '../../../formats/index.js'
import { emptyTally } from '../../../run/tally.js'
import type { Pass, TaskContext } from '../../../run/types.js'
import type { RougeDiversity } from '../../../select/rouge-diversity.js'
import { nextTurn } from '../../../stream/turn.js'
import { uniform } from '../../../text/hash.js'
import type { Resources } from '../../types.js'
import type { TextRow } from '../corpus.js'
import { leastRankedBytes } from '../least-ranked.js'
import type { SelectionConfig } from '../options.js'
import { chooseLeastPass, rankedFile, rankedSchema } from '../ranked.js'
import { heldAsTexts, holdTexts } from '../rouge-texts.js'
import type { Kept } from '../scan.js'
import { readKeptTexts } from '../texts-again.js'
import type { Strategy } from './strategy.js'

const options = {
  others: z.int().min(1).max(20_000).default(1000).describe('rouge-others: texts that each is compared with'),
}

type OthersConfig = SelectionConfig & z.infer<z.ZodObject<typeof options>> & { by: string }

/**
 * The baseline Diversity of SelectLLM (arXiv 2401.16553, section 4): texts by their largest ROUGE-L F with 1,000 others drawn at
 * random, the least first and the lower id on ties. The others are the same for all, those of least hash, a text itself not
 * among its own. It compares words of any script where the paper's tool splits at spaces.
 */
export const rougeOthersStrategy: Strategy<typeof options> = {
  summary: 'texts least like a thousand others, by ROUGE-L',
  options,
  vectors: 'none',
  holds: ({ others }) => heldAsTexts(others),
  chosenBytes: leastRankedBytes,
  ranking: ({ seed }) => ({ rank: ({ id }) => uniform(seed, id, 'rouge') }),
  passes: (config, resources) => [
    comparePass({ ...config, by: 'rouge-others' }, resources),
    chooseLeastPass(config, 'compare'),
  ],
}

/** Leaves every kept row's likeness to the others as its rank. */
function comparePass(config: OthersConfig, { reading, memory }: Pick<Resources, 'reading' | 'memory'>): Pass {
  // Read once for all tasks of this process.
  let others: Promise<RougeDiversity> | undefined
  const holdOthers = async (context: TaskContext) =>
    (await holdTexts(context, { count: config.others, config, reading, memory })).texts
  return {
    name: 'compare',
    tasks: async (run) => run.committed('scan').map(({ task }) => task),
    async work(task, context) {
      others ??= holdOthers(context)
      const texts = await others
      const scanned = context.committed('scan').find((scan) => scan.task.id === task.id)!
      const ranked = rank(readKeptTexts(context, scanned, { config, reading }), texts, context)
      await writeRows(join(context.folder, rankedFile), { schema: rankedSchema })(ranked)
      return emptyTally
    },
  }
}

async function* rank(
  source: AsyncIterable<readonly TextRow[]>,
  texts: RougeDiversity,
  { signal, progress }: TaskContext,
): AsyncGenerator<Kept[]> {
  for await (const rows of source) {
    const ranked: Kept[] = []
    for (const { id, row, text } of rows) {
      if (ranked.length % 16 === 0) await nextTurn(signal)
      ranked.push({ id, row, rank: texts.largest(id, text) })
    }
    progress(rows.length)
    yield ranked
  }
}
