import { join } from 'node:path'
import { z } from 'zod'
import { reinstructOutputFilter, reinstructSelector } from '../../filters/reinstruct.js'
import { writeRows } from '../../formats/index.js'
import type { Pass } from '../../run/types.js'
import { closing } from '../../stream/closing.js'
import { keep } from '../../stream/keep.js'
import { map } from '../../stream/map.js'
import { pipe } from '../../stream/pipe.js'
import { trimSpecialTokens } from '../../text/special-tokens.js'
import { ask } from '../ask/ask.js'
import { openAsking } from '../ask/asking.js'
import { languageOption } from '../ask/language.js'
import { modelOptions, sampledAs } from '../ask/model-options.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { countCommitted, readCommitted } from '../pass/artifacts.js'
import { minBelowMax } from '../pass/char-range.js'
import { finishPass } from '../pass/finish.js'
import { seedPass } from '../pass/seed-pairs.js'
import { rowTasks } from '../pass/tasks.js'
import { type ChosenText, fetchedFile } from '../select/fetch.js'
import { selectionChain } from '../select/finish.js'
import { selectionOptions, selectionPasses } from '../select/index.js'
import { foretellSelection } from '../select/sample.js'
import type { CallPlan, ModelStage, Recipe, Resources } from '../types.js'
import { type Instructed, mostAlike, onSubject } from './most-alike.js'
import { pairSchema, toPair, toSeedPair, type Written } from './pair.js'
import {
  instructPrompt,
  instructSampling,
  reinstructTexts,
  rewritePrompt,
  rewriteSampling,
  usualInstruction,
  usualOutput,
} from './prompts.js'

const options = z
  .object({
    ...selectionOptions,
    ...modelOptions,
    ...languageOption,
    selector: z
      .enum(['strict', 'right', 'light'])
      .default('right')
      .describe(
        'texts to choose from: the published rules bug for bug, as they were meant, or a light set for any prose',
      ),
    minChars: z.int().min(1).default(200).describe('fewest characters of a text, for --selector light'),
    maxChars: z.int().min(1).default(3000).describe('most characters of a text, for --selector light'),
    titleColumn: z.string().optional().describe('column with a title of the text, set above it for the model'),
    promptStyle: z
      .enum(['zero-shot', 'few-shot'])
      .default('zero-shot')
      .describe('few-shot, with its own sampling, for small models'),
    samples: z.int().min(1).max(16).default(1).describe('instructions asked for a text; the one most like it is taken'),
    minSimilarity: z.number().min(-1).max(1).default(-1).describe('least cosine of an instruction to its text'),
    minShared: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe(
        'least share of the subjects of an instruction or an answer that its text has; 0.75 suits small models',
      ),
    removeRefusals: z.boolean().default(false).describe('also drop answers that apologise'),
    seedData: z.string().optional().describe('file of {instruction, output} rows, mixed in twice'),
  })
  .refine(...minBelowMax)

export type ReinstructConfig = z.infer<typeof options>

/**
 * REInstruct (arXiv 2408.10663): choose texts that could be answers, have a model write the instruction each one
 * answers, rewrite the text as an answer to it, filter, and mix with seed data. README.md has every figure.
 */
export const reinstructRecipe: Recipe<ReinstructConfig> = {
  name: 'reinstruct',
  summary: 'texts become answers: choose, write the instruction each answers, rewrite, filter, mix with seeds',
  usesModel: true,
  options,
  fileOptions: ['seedData'],
  prompts: reinstructTexts,
  passes(config, resources, texts) {
    return [
      seedPass(config.seedData, {
        copies: 2,
        schema: pairSchema,
        toRow: (id, exchange) => toSeedPair(id, exchange, config.language),
      }),
      ...selectionPasses(config, resources, {
        judge: judgeOf(config),
        judgeSettings: ['selector', 'minChars', 'maxChars', 'titleColumn'],
        columns: 'text',
        titleColumn: config.titleColumn,
      }),
      writePass(config, resources, texts),
      finishPass({
        summary: 'Instruction and answer pairs written from a corpus by REInstruct.',
        rows: { passes: ['write', 'seed'], file: 'pairs.parquet' },
        schema: async () => pairSchema,
        chains: [[...selectionChain(config), 'write'], ['seed']],
        calls: callPlan(config, texts),
        reading: resources.reading,
      }),
    ]
  },
  calls: callPlan,
}

function callPlan(config: ReinstructConfig, texts: PromptTexts): CallPlan {
  const { titleColumn } = config
  return {
    stages: Object.values(modelStages(config, texts)),
    rows: async ({ plan, ...view }) => {
      const foretold = await foretellSelection(plan, config, { ...view, judge: judgeOf(config), titleColumn })
      return { ...foretold, sample: foretold.sample.map(forModel) }
    },
  }
}

function judgeOf({ selector, minChars, maxChars }: ReinstructConfig) {
  return reinstructSelector({ mode: selector, minChars, maxChars })
}

/** Stages 2 and 3 of the paper. */
function modelStages(
  config: ReinstructConfig,
  texts: PromptTexts,
): {
  instruct: ModelStage<ChosenText, Instructed>
  rewrite: ModelStage<ChosenText & Instructed, { output: string }>
} {
  const { promptStyle, samples, language } = config
  const wording = { language, texts }
  const size = promptStyle === 'few-shot' ? 'small' : 'strong'
  return {
    instruct: {
      name: 'instruct',
      prompt: instructPrompt(promptStyle, wording),
      sampling: sampledAs(instructSampling[size], config),
      samples,
      usualReply: () => usualInstruction(language),
    },
    rewrite: {
      name: 'rewrite',
      prompt: rewritePrompt(promptStyle, wording),
      sampling: sampledAs(rewriteSampling[size], config),
      reach: { low: 0.5, expected: 0.9, high: 1 },
      usualReply: usualOutput,
    },
  }
}

/** Stages 2 to 4 of the paper: instruct, rewrite, filter. */
function writePass(config: ReinstructConfig, resources: Resources, texts: PromptTexts): Pass {
  return {
    name: 'write',
    settings: [...Object.keys(options.shape).filter((key) => key !== 'seedData'), 'limits'],
    tasks: async (run) => rowTasks(countCommitted(run, ['fetch'])),
    async work(task, context) {
      const asking = await openAsking(context, resources)
      const { log } = asking
      const { instruct, rewrite } = modelStages(config, texts)
      const chosen = readCommitted<ChosenText>(context, { passes: ['fetch'], file: fetchedFile, range: task.rows })
      const passesFilter = reinstructOutputFilter({ removeRefusals: config.removeRefusals })
      const choose = mostAlike(resources, config)
      return closing(asking, async () => {
        const written = await pipe(
          chosen,
          map(forModel),
          ask(instruct, asking, { choose }),
          ask(rewrite, asking, {
            choose: async (row, [reading]) => onSubject(reading!, row, config),
          }),
          keep<Written>('filter', passesFilter, log.reject),
          map((row) => {
            context.progress(1)
            return toPair(row, config.language)
          }),
          writeRows(join(context.folder, 'pairs.parquet'), { schema: pairSchema }),
        )
        const asked = task.rows!.end - task.rows!.start
        return { in: asked, out: written.rows, rejected: log.rejected, failed: log.failed }
      })
    },
  }
}

/** The text as a model is to see it: under its title, without what a tokeniser left at its end. */
function forModel(row: ChosenText): ChosenText {
  const text = trimSpecialTokens(row.text)
  return { ...row, text: row.title ? `${row.title}\n\n${text}` : text }
}
