import { z } from 'zod'
import { kCenterStrategy } from './k-center.js'
import { quota } from './quota.js'
import type { Strategy } from './strategy.js'

/** Every strategy, by the name that `--by` takes. A new one is a file beside this one and a line here. */
const table = {
  quota,
  'k-center': kCenterStrategy,
}

type Intersection<Union> = (Union extends unknown ? (part: Union) => void : never) extends (all: infer All) => void
  ? All
  : never

export const strategies = table as unknown as Readonly<Record<keyof typeof table, Strategy>>

const names = Object.keys(table) as (keyof typeof table)[]

/** The option that names a strategy, and the options that each of them has for itself. */
export const strategyOptions = {
  by: z
    .enum(names)
    .default('quota')
    .describe(`strategy: ${names.map((name) => `${name}, ${table[name].summary}`).join('; ')}`),
  ...(Object.assign({}, ...Object.values(table).map(({ options }) => options)) as Intersection<
    (typeof table)[keyof typeof table]['options']
  >),
}
