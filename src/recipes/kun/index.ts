import type { Reason } from '../../stream/keep.js'
import { estimateTokens } from '../../text/token-count.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { finishPass } from '../pass/finish.js'
import { selectionChain } from '../select/finish.js'
import { selectionPasses } from '../select/index.js'
import { foretellSelection } from '../select/sample.js'
import type { CallPlan, Recipe } from '../types.js'
import { type KunConfig, kunOptions } from './options.js'
import { kunStages } from './stages.js'
import { kunTexts } from './texts.js'
import { kunSchema, pairsFile, writePass } from './write.js'

/**
 * Kun (arXiv 2401.06477): texts get the instruction each most likely answers, instructions are judged alone, and what is
 * good is answered anew from its text. README.md has every figure.
 */
export const kunRecipe: Recipe<KunConfig> = {
  name: 'kun',
  summary:
    'texts get their instruction, the instruction is judged alone, and answered from the text; Chinese or English',
  usesModel: true,
  options: kunOptions,
  prompts: kunTexts,
  passes(config, resources, texts) {
    return [
      ...selectionPasses(config, resources, {
        judge: judgeOf(config),
        judgeSettings: ['maxTextTokens'],
        columns: 'text',
      }),
      writePass(config, resources, texts),
      finishPass({
        summary: 'Instruction and answer pairs written from a corpus by Kun.',
        rows: { passes: ['write'], file: pairsFile },
        schema: async () => kunSchema,
        chains: [[...selectionChain(config), 'write']],
        calls: callPlan(config, texts),
      }),
    ]
  },
  calls: callPlan,
}

function callPlan(config: KunConfig, texts: PromptTexts): CallPlan {
  return {
    stages: Object.values(kunStages(config, texts)),
    rows: ({ plan, signal }) => foretellSelection(plan, config, { judge: judgeOf(config), signal }),
  }
}

/** The primary cleaning: texts of at most so many tokens. The published cut by perplexity has no figure. */
function judgeOf({ maxTextTokens }: KunConfig): (text: string) => Reason | undefined {
  return (text) => {
    const tokens = estimateTokens(text)
    return tokens > maxTextTokens ? { reason: 'more tokens than --max-text-tokens', detail: `${tokens}` } : undefined
  }
}
