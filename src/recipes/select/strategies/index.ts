import { z } from 'zod'
import { cbsStrategy } from './cbs.js'
import { deitaStrategy } from './deita.js'
import { facilityLocationStrategy } from './facility-location.js'
import { gumbelStrategy } from './gumbel.js'
import { kCenterStrategy } from './k-center.js'
import { lengthStrategy } from './length.js'
import { mmrStrategy } from './mmr.js'
import { prototypesStrategy } from './prototypes.js'
import { quota } from './quota.js'
import { random } from './random.js'
import { rougeStrategy } from './rouge.js'
import { rougeOthersStrategy } from './rouge-others.js'
import { semdedupStrategy } from './semdedup.js'
import type { Strategy } from './strategy.js'

/** Every strategy, by the name that `--by` takes. A new one is a file beside this one and a line here. */
const table = {
  quota,
  'k-center': kCenterStrategy,
  'facility-location': facilityLocationStrategy,
  prototypes: prototypesStrategy,
  semdedup: semdedupStrategy,
  cbs: cbsStrategy,
  rouge: rougeStrategy,
  'rouge-others': rougeOthersStrategy,
  random,
  length: lengthStrategy,
  gumbel: gumbelStrategy,
  deita: deitaStrategy,
  mmr: mmrStrategy,
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
