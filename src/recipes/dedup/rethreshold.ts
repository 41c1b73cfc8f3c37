import { forgetPasses } from '../../run/forget.js'
import { UsageError } from '../../stream/errors.js'
import { planRun } from '../plan-run.js'
import { type DedupConfig, decisionPasses } from './options.js'

export type RethresholdOptions = {
  inputs: readonly string[]
  /** The folder of the run. */
  out: string
  /** The options of the run, but for the new threshold. */
  config: Readonly<Record<string, unknown>>
}

/**
 * Readies a run for another threshold: its pairs and their likeness stay, what was decided and written goes. The same options
 * then give the recipe only that to do. A run of other options or another corpus is a ResumeMismatchError, and stays as it is.
 */
export async function rethreshold({ inputs, out, config }: RethresholdOptions): Promise<void> {
  const { plan } = await planRun('dedup', inputs, { out, config })
  if ((plan.config as DedupConfig).by === 'rouge') {
    throw new UsageError(
      'ROUGE-L compares with the rows that the threshold lets stay, so another threshold compares anew',
      {
        fix: 'Choose another output folder, and --threshold.',
      },
    )
  }
  await forgetPasses(out, { plan, setting: 'threshold', passes: decisionPasses })
}
