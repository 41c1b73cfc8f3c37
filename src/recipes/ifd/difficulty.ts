import type { Score } from '../../models/types.js'
import type { Reason } from '../../stream/keep.js'
import { cutToTokens, estimateTokens } from '../../text/token-count.js'
import type { ScoreStage } from '../ask/score-stage.js'
import type { PairRow } from '../pairs/read.js'

/** A pair as it is measured: the answer cut to the room that its instruction leaves. */
export type Measured = PairRow & { readonly prompt: string; readonly answer: string }

/** What is measured of a pair, in at most so many tokens by estimate; or why there is nothing to measure. */
export function toMeasure(row: PairRow, maxPairTokens: number): Measured | string {
  // The published form: the instruction, any input below it, each on its line.
  const prompt = `${row.instruction.trimEnd()}\n`
  const room = maxPairTokens - estimateTokens(prompt)
  const answer = room <= 0 ? '' : cutToTokens(row.output.trim(), room)
  return answer === '' ? 'instruction leaves no room for the answer' : { ...row, prompt, answer }
}

/** Both measurements of an answer: after its instruction, and with nothing before it. */
export const measurements: { readonly given: ScoreStage<Measured>; readonly alone: ScoreStage<Measured> } = {
  given: { name: 'given', write: ({ prompt, answer }) => ({ prompt, continuation: answer }) },
  alone: { name: 'alone', write: ({ answer }) => ({ prompt: '', continuation: answer }) },
}

/** How hard a model finds an answer, with its instruction before it and alone, as perplexities, and the ratio of the two. */
export type Difficulty = { readonly ifd: number; readonly given: number; readonly alone: number }

/**
 * Instruction-following difficulty (Li et al. 2024, arXiv 2308.12032, section 2.2): the answer's perplexity given the
 * instruction over its perplexity alone. Near 1 the instruction is of no help; at 1 and above it misleads.
 */
export function difficultyOf(given: Score, alone: Score): Difficulty | string {
  if (given.tokens === 0 || alone.tokens === 0) return 'answer of one token'
  const [a, b] = [-given.logProbability / given.tokens, -alone.logProbability / alone.tokens]
  const ifd = Math.exp(a - b)
  return Number.isFinite(ifd) ? { ifd, given: Math.exp(a), alone: Math.exp(b) } : 'ratio is no number'
}

/** The published rule: where the instruction makes the answer no likelier, the pair is out. */
export function misleads({ ifd }: Difficulty): Reason | undefined {
  return ifd < 1 ? undefined : { reason: 'ratio of 1 or more', detail: ifd.toFixed(4) }
}
