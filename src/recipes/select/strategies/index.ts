import { z } from 'zod'
import { deitaStrategy } from './deita.js'
import { gumbelStrategy } from './gumbel.js'
import { kCenterStrategy } from './k-center.js'
import { lengthStrategy } from './length.js'
import { prototypesStrategy } from './prototypes.js'
import { quota } from './quota.js'
import { random } from './random.js'
import type { Strategy } from './strategy.js'

/** Every strategy, by the name that `--by` takes. A new one is a file beside this one and a line here. */
const table = {
  quota,
  'k-center': kCenterStrategy,
  prototypes: prototypesStrategy,
  random,
  length: lengthStrategy,
  gumbel: gumbelStrategy,
  deita: deitaStrategy,
}

type Intersection<Union> = (Union extends unknown ? (part: Union) => void : never) extends (all: infer All) => void
  ? All
  : never

export const strategies = table as unknown as Readonly<Record<keyof typeof table, Strategy>>

const names = Object.keys(table) as (keyof typeof table)[]

/** The option that names a strategy, what several of them read, and the options that each has for itself. */
export const strategyOptions = {
  by: z
    .enum(names)
    .default('quota')
    .describe(`strategy: ${names.map((name) => `${name}, ${table[name].summary}`).join('; ')}`),
  scoreColumn: z
    .string()
    .min(1)
    .optional()
    .describe('column of numbers, for a --by that goes by score; more is better'),
  ...(Object.assign({}, ...Object.values(table).map(({ options }) => options)) as Intersection<
    (typeof table)[keyof typeof table]['options']
  >),
}
