import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import { type Pass, type RunView, reduceTask } from '../../run/types.js'
import type { Row } from '../../stream/types.js'
import { uniform } from '../../text/hash.js'
import { readCommitted, reduced } from '../pass/artifacts.js'
import type { Candidate, Example } from './judge.js'

/** Characters of the longest pair that is shown; a longer one would crowd out the question. */
const mostChars = 1500

/** Whether a pair is short enough to be shown. */
export function mayBeShown({ instruction, text }: Candidate): boolean {
  return instruction.length + text.length <= mostChars
}

type ScoredPair = Row & { readonly instruction: string; readonly output: string; readonly score: number }

/** Picks what the judge of a round is shown: of each score that the pass `before` gave, from 5 down, one pair drawn by hash. */
export function examplesPass(
  round: number,
  { before, file, seed }: { before: string; file: string; seed: number },
): Pass {
  return {
    name: examplesName(round),
    settings: ['seed'],
    tasks: async () => reduceTask,
    async work(_task, context) {
      const drawn = new Map<number, { lot: number; example: Example }>()
      for await (const rows of readCommitted<ScoredPair>(context, { passes: [before], file })) {
        for (const { id, instruction, output: text, score } of rows) {
          if (!mayBeShown({ instruction, text })) continue
          const lot = uniform(seed, id, `example ${round}`)
          if (lot < (drawn.get(score)?.lot ?? 1)) drawn.set(score, { lot, example: { id, instruction, text, score } })
        }
      }
      const examples = Array.from(drawn.values(), ({ example }) => example).sort((a, b) => b.score - a.score)
      await writeFile(join(context.folder, examplesFile), JSON.stringify(examples))
      return emptyTally
    },
  }
}

/** What the judge of a round is shown; nothing in the first. */
export async function readExamples(run: RunView, round: number): Promise<readonly Example[]> {
  if (round === 1) return []
  const text = await readFile(join(reduced(run, examplesName(round)).folder, examplesFile), 'utf8')
  return JSON.parse(text) as Example[]
}

const examplesFile = 'examples.json'

function examplesName(round: number): string {
  return `examples-${round}`
}
