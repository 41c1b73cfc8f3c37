import { uniform } from '../../text/hash.js'

/** The two ways to evolve that were published: in code and in the paper. */
export type Mode = 'repository' | 'paper'

const inDepth = ['constrain', 'deepen', 'concretise', 'reason'] as const

/** What may be done to an instruction, by mode; the paper's sixth was never released as code. */
export const operators = {
  repository: [...inDepth, 'breadth'],
  paper: [...inDepth, 'complicate-input', 'breadth'],
} as const satisfies Record<Mode, readonly string[]>

export type Operator = (typeof operators.paper)[number]

/** The operator for the row to be called `id`: each of the mode's as likely, and the same in any order of the rows. */
export function drawOperator(mode: Mode, { seed, id }: { seed: number; id: string }): Operator {
  const drawn = operators[mode]
  return drawn[Math.floor(uniform(seed, id, 'operator') * drawn.length)]!
}
