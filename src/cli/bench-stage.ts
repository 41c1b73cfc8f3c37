import { measureStage, type StageRequest } from '../recipes/bench/stages.js'
import { describeFailure } from './failure.js'

// The process that `sluice bench` starts for each stage: a request on the command line, its cost on stdout.
measureStage(JSON.parse(process.argv[2]!) as StageRequest).then(
  (cost) => process.stdout.write(`${JSON.stringify(cost)}\n`),
  (error) => {
    const { text, exitCode } = describeFailure(error)
    process.stderr.write(`${text}\n`)
    process.exitCode = exitCode
  },
)
