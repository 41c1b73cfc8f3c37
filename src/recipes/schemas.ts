import type { ColumnType, Schema } from '../formats/index.js'
import { backAndForthSchema } from './back-and-forth/write.js'
import { optionsSchema } from './config.js'
import { evolvedSchema } from './evol-instruct/round.js'
import { humpbackSchema } from './humpback/round.js'
import { recipes } from './index.js'
import { kunSchema } from './kun/write.js'
import { rejectSchema } from './pass/lost-rows.js'
import { pairSchema } from './reinstruct/pair.js'

/** Every file of schemas/ as JSON Schema (draft 2020-12): a config a recipe, and the rows that cross the border. */
export function schemaFiles(): Record<string, Record<string, unknown>> {
  const configs = Object.values(recipes).map((recipe) => [
    `${recipe.name}.config.schema.json`,
    { ...optionsSchema(recipe), title: `Options of the sluice recipe ${recipe.name}` },
  ])
  return {
    ...Object.fromEntries(configs),
    'back-and-forth.row.schema.json': rowSchema('A row that sluice run back-and-forth writes', backAndForthSchema),
    'evol-instruct.row.schema.json': rowSchema('A row that sluice run evol-instruct writes', evolvedSchema),
    'humpback.row.schema.json': rowSchema('A row that sluice run humpback writes', humpbackSchema),
    'kun.row.schema.json': rowSchema('A row that sluice run kun writes', kunSchema),
    'reinstruct.row.schema.json': rowSchema('A row that sluice run reinstruct writes', pairSchema),
    'rejects.row.schema.json': rowSchema('A row of rejects.parquet', rejectSchema),
  }
}

function rowSchema(title: string, schema: Schema): Record<string, unknown> {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title, ...jsonType({ struct: schema }) }
}

const scalars: Record<string, string> = { string: 'string', boolean: 'boolean', int32: 'integer', int64: 'integer' }

function jsonType(type: ColumnType): Record<string, unknown> {
  if (typeof type === 'string') return { type: [scalars[type] ?? 'number', 'null'] }
  if ('list' in type) return { type: ['array', 'null'], items: jsonType(type.list) }
  if ('vector' in type)
    return { type: 'array', items: { type: 'number' }, minItems: type.vector, maxItems: type.vector }
  const properties = Object.fromEntries(Object.entries(type.struct).map(([name, part]) => [name, jsonType(part)]))
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}
