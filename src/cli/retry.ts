import { retry } from '../recipes/curate.js'
import { machineFlags, maxFailedFlag, readMachine } from './recipe-flags.js'
import { exitCodeOf, report } from './run.js'
import { shardFlags } from './shard-flags.js'
import type { Verb } from './verb.js'
import { watchRun } from './watch-run.js'

export const retryVerb: Verb = {
  operands: '<out>',
  example: 'sluice retry out\nsluice retry out --max-failed 0',
  flags: [maxFailedFlag, ...machineFlags, ...shardFlags],
  run: async ([out], flags, terminal) => {
    const machine = await readMachine(flags)
    const outcome = await watchRun(terminal, out!, ({ callSignal, ...watched }) =>
      retry({ out: out!, machine: { ...machine, callSignal }, ...watched }),
    )
    if ('exitCode' in outcome) return outcome.exitCode
    report(outcome, terminal)
    return exitCodeOf(outcome.curated, flags)
  },
}
