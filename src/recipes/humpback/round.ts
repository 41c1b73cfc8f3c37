import { join } from 'node:path'
import { type Columns, messages, type Schema, writeRows } from '../../formats/index.js'
import type { Pass } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { keep } from '../../stream/keep.js'
import { map } from '../../stream/map.js'
import { pipe } from '../../stream/pipe.js'
import type { Row } from '../../stream/types.js'
import { ask } from '../ask/ask.js'
import { openAsking } from '../ask/asking.js'
import type { Language } from '../ask/language.js'
import { sampledAs } from '../ask/model-options.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { type JudgeStage, structuredStage } from '../ask/structured.js'
import { readPairsFile } from '../pairs/read-pass.js'
import { countCommitted, readCommitted } from '../pass/artifacts.js'
import { type Source, taggedTurns } from '../pass/source-tags.js'
import { rowTasks } from '../pass/tasks.js'
import { refuseRepeatedIds } from '../pass/unique-ids.js'
import type { ModelStage, Resources } from '../types.js'
import { readExamples } from './examples.js'
import { type Candidate, type Example, scorePrompt, usualScore } from './judge.js'
import { type HumpbackConfig, humpbackOptions } from './options.js'

/** What a round leaves: its pairs with their scores, in order. */
export const pairsFile = 'pairs.parquet'

/** An output row: the pair as messages behind its source's tag and as plain columns, and the last score it got. */
export const humpbackSchema: Schema = {
  id: 'string',
  messages,
  instruction: 'string',
  output: 'string',
  source: 'string',
  score: 'int32',
}

type Pair = Row & { readonly instruction: string; readonly output: string }

/** A pair as the judge is asked about it. */
export type Judged = Row & Candidate & { readonly examples?: readonly Example[] }

/** The pass of a round, counted from 1 up. */
export function scoreName(round: number): string {
  return `score-${round}`
}

/** The question of a round; how the judge's replies are drawn was not published, and they are greedy here. */
export function scoreStage(
  round: number,
  config: HumpbackConfig,
  texts: PromptTexts,
): ModelStage<Judged, { score: number }> {
  const { language } = config
  const prompt = scorePrompt(language, texts)
  const stage: JudgeStage<Judged, { score: number }> = {
    name: `score ${round}`,
    prompt: round > 1 ? prompt : { ...prompt, write: ({ examples: _, ...pair }) => prompt.write(pair) },
    sampling: sampledAs({ temperature: 0, topP: 1, maxTokens: 256 }, config),
    ...(round > 1 && { reach: { low: 0.5, expected: 0.95, high: 1 } }),
    usualReply: () => usualScore(language),
  }
  return structuredStage(stage, config)
}

type Parts = { config: HumpbackConfig; resources: Resources; texts: PromptTexts }

/** Scores the pairs of the round before, or of the corpus; the last round lets the best of them through. */
export function scorePass(round: number, { config, resources, texts }: Parts): Pass {
  const [before, file] = round === 1 ? ['read', readPairsFile] : [scoreName(round - 1), pairsFile]
  const isLast = round === config.rounds
  const depends = Object.keys(humpbackOptions.shape).filter(
    (key) => key !== 'seedData' && (isLast || key !== 'minScore'),
  )
  return {
    name: scoreName(round),
    settings: [...depends, 'limits'],
    async tasks(run) {
      if (round === 1) await refuseRepeatedIds(run, { pass: before, file, idColumn: config.idColumn })
      return rowTasks(countCommitted(run, [before]))
    },
    async work(task, context) {
      const examples = await readExamples(context, round)
      const asking = await openAsking(context, resources)
      const { log } = asking
      const pairs = readCommitted<Pair>(context, { passes: [before], file, range: task.rows })
      const judge = ({ score }: { score: number }) =>
        isLast && score < config.minScore ? `scored ${score}` : undefined
      return closing(asking, async () => {
        const written = await pipe(
          pairs,
          // A pair is not shown its own verdict.
          map(
            ({ id, instruction, output: text }): Judged => ({
              ...{ id, instruction, text },
              examples: examples.filter((example) => example.id !== id),
            }),
          ),
          ask(scoreStage(round, config, texts), asking),
          keep<Judged & { score: number }>('select', judge, log.reject),
          map(({ id, instruction, text: output, score }) => {
            context.progress(1)
            return { ...toPair(id, 'synthetic', { instruction, output }, config.language), score }
          }),
          writeRows(join(context.folder, pairsFile), { schema: humpbackSchema }),
        )
        const asked = task.rows!.end - task.rows!.start
        return { in: asked, out: written.rows, rejected: log.rejected, failed: log.failed }
      })
    },
  }
}

/** An output row without its score, which a pair of the seed data has none of. */
export function toPair(
  id: string,
  source: Source,
  pair: { instruction: string; output: string },
  language: Language,
): Columns {
  return { id, messages: taggedTurns(pair, source, language), ...pair, source, score: null }
}
