import { join, resolve } from 'node:path'
import { findShards } from '../formats/index.js'
import { readShards } from '../formats/shards.js'
import { pullModel } from '../models/pull.js'
import { recipes } from '../recipes/index.js'
import { UsageError } from '../stream/errors.js'
import { makeDocsCorpus } from './demo-corpus.js'
import { localOut } from './local-out.js'
import { showDownload } from './models.js'
import { recipeFlags } from './recipe-flags.js'
import { exitCodeOf, report, runRecipe } from './run.js'
import type { Flags, Terminal, Verb } from './verb.js'
import type { RunOutcome } from './watch-run.js'

/** Settings under which the small local model does its best; the reasons are in the recipe's README. */
const smallModel = {
  model: 'smollm2',
  promptStyle: 'few-shot',
  samples: 3,
  minSimilarity: 0.4,
  minShared: 0.75,
  maxChars: 900,
  concurrency: 2,
}

export const demoVerb: Verb = {
  operands: '',
  example: 'sluice demo -o out\nsluice demo -o out --model openai:NAME --endpoint http://localhost:8000/v1',
  flags: recipeFlags(recipes.reinstruct!).filter(({ name }) => name !== 'config'),
  run: async (_operands, flags, terminal) => {
    const out = resolve(localOut(flags.out ?? 'out', 'an output folder', 'out'))
    const corpus = join(out, 'corpus')
    const made = await makeDocsCorpus(corpus)
    terminal.err(
      made.made
        ? `Corpus: ${made.rows.toLocaleString('en')} sections of ${made.files} documentation files, as Parquet in ${corpus}`
        : `Corpus: ${corpus} is there already and is used as it is; remove it to make it anew.`,
    )
    const missing = flags.model === undefined ? await getSmallModel(terminal) : undefined
    return missing === undefined
      ? curateDocs(corpus, out, flags, terminal)
      : selectDocs(corpus, out, flags, terminal, missing)
  },
}

/** Why the small model cannot be had, or nothing when it is there. */
async function getSmallModel(terminal: Terminal): Promise<string | undefined> {
  const download = showDownload(terminal)
  try {
    await pullModel('smollm2', download)
    return undefined
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  } finally {
    download.end()
  }
}

async function curateDocs(corpus: string, out: string, flags: Flags, terminal: Terminal): Promise<number> {
  const isSmall = flags.model === undefined
  const settings = { selector: 'light', titleColumn: 'title', select: 20, ...(isSmall ? smallModel : {}), ...flags }
  const run = join(out, 'reinstruct')
  const outcome = await runRecipe('reinstruct', [corpus], { ...settings, out: run }, terminal)
  if ('exitCode' in outcome) return outcome.exitCode
  report(outcome, terminal)
  await showPairs(run, terminal)
  if (isSmall) {
    terminal.err(
      '\nThis model (135 million parameters) shows the plumbing, not the quality of the method. For real pairs pass' +
        '\n--model openai:NAME --endpoint URL/v1, or --model hf:NAME with HF_TOKEN set.',
    )
  }
  // A model this small loses rows to loops; that is no failure of a demonstration, unless one asks for it to be.
  return isSmall && flags.maxFailed === undefined ? 0 : exitCodeOf(outcome.curated, flags)
}

async function selectDocs(
  corpus: string,
  out: string,
  flags: Flags,
  terminal: Terminal,
  missing: string,
): Promise<number> {
  const run = join(out, 'selected')
  const { select = 20, seed } = flags
  const chosen: RunOutcome = await runRecipe('select', [corpus], { keep: 'light', select, seed, out: run }, terminal)
  if ('exitCode' in chosen) return chosen.exitCode
  report(chosen, terminal)
  terminal.err(
    `\nThe rows are chosen, and no instruction was written, because there is no model: ${missing}` +
      '\nTo go on, pass --model openai:NAME --endpoint URL/v1, or run `sluice models pull smollm2` where a network is.',
  )
  return 0
}

async function showPairs(run: string, terminal: Terminal): Promise<void> {
  if (terminal.json) return
  const shown: { instruction: unknown; output: unknown }[] = []
  const columns = ['instruction', 'output']
  for await (const rows of readShards(await findShards([join(run, 'data')]), { columns })) {
    shown.push(...(rows as unknown as typeof shown))
    if (shown.length >= 3) break
  }
  for (const { instruction, output } of shown.slice(0, 3)) {
    terminal.err(`\ninstruction: ${instruction}\nresponse:    ${String(output).replaceAll('\n', '\n             ')}`)
  }
}
