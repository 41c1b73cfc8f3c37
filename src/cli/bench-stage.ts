import { text } from 'node:stream/consumers'
import { measureStage, type StageRequest } from '../recipes/bench/stages.js'
import { describeFailure } from './failure.js'

// The process that `sluice bench` starts for each stage: a request on stdin, its cost on stdout.
const measured = text(process.stdin).then((request) => measureStage(JSON.parse(request) as StageRequest))
measured.then(
  (cost) => process.stdout.write(`${JSON.stringify(cost)}\n`),
  (error) => {
    const failure = describeFailure(error)
    process.stderr.write(`${failure.text}\n`)
    process.exitCode = failure.exitCode
  },
)
