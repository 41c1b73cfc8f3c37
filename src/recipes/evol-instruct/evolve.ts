import { copiesMarkers, h2oChecks, judgeAnswer } from '../../filters/evol-instruct.js'
import { CallFailure } from '../../models/types.js'
import type { Reason } from '../../stream/keep.js'
import { askAbout, isLost, type Lost, logLost } from '../ask/ask.js'
import type { Asking } from '../ask/asking.js'
import type { PromptTexts } from '../ask/prompt-texts.js'
import { drawOperator, type Operator } from './operators.js'
import type { EvolConfig } from './options.js'
import type { Instruction } from './read.js'
import { stagesOf } from './stages.js'

/** One try to evolve an instruction, as it is kept on disk; `evolved` and `output` are null where it failed. */
export type Attempt = Instruction & {
  /** The id of what it becomes: `<parent>/<round>`. */
  readonly child: string
  readonly operator: Operator
  readonly evolved: string | null
  readonly output: string | null
}

export type EvolveOptions = {
  round: number
  config: EvolConfig
  texts: PromptTexts
  asking: Asking
  /** Told what became of each try: `kept`, or the stage and reason for which it was not. */
  onOutcome(operator: Operator, outcome: string): void
}

/**
 * Makes the function that evolves one instruction: the operator is drawn, the evolved text read and checked, judged
 * against its parent (`paper`), answered, and the answer checked. Rules that need no call come before those that do.
 */
export function evolver({
  round,
  config,
  texts,
  asking,
  onOutcome,
}: EvolveOptions): (row: Instruction, onSend: () => void) => Promise<Attempt> {
  const { mode, seed, language } = config
  const { evolve, judge, answer } = stagesOf(round, config, texts)
  const check = config.h2oChecks ? h2oChecks(config) : () => undefined

  return async (row, onSend) => {
    const id = `${row.id}/${round}`
    const operator = drawOperator(mode, { seed, id })
    const attempt = { ...row, child: id, operator, evolved: null, output: null }
    const lose = (stage: string, lost: Lost): Attempt => {
      logLost(asking.log, { id, stage: `${stage} ${round}`, detail: operator }, lost)
      onOutcome(operator, `${stage}: ${lost instanceof CallFailure ? lost.reason : lost.unread}`)
      return attempt
    }
    const eliminate = (why: Reason): Attempt =>
      lose('eliminate', { unread: typeof why === 'string' ? why : why.reason })

    const asked = { id, parent: row.instruction, operator }
    const written = await askAbout(evolve, asked, asking, { onSend })
    if (isLost(written)) return lose('evolve', written)
    const pair = { ...asked, ...written }
    const flaw = (mode === 'paper' ? copiesMarkers(pair.evolved, { language }) : undefined) ?? check(pair)
    if (flaw !== undefined) return eliminate(flaw)
    if (mode === 'paper') {
      const verdict = await askAbout(judge, pair, asking)
      if (isLost(verdict)) return lose('judge', verdict)
      if (verdict.isEqual) return eliminate('equal to its parent')
    }
    const answered = await askAbout(answer, pair, asking)
    if (isLost(answered)) return lose('answer', answered)
    const empty = mode === 'paper' ? judgeAnswer(answered.output, { language }) : undefined
    if (empty !== undefined) return eliminate(empty)
    onOutcome(operator, 'kept')
    return { ...attempt, evolved: pair.evolved, output: answered.output }
  }
}
