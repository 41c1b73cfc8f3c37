// Writes schemas/*.schema.json from the code's own tables: a config file a recipe, and the rows that leave a run.
// `npm run build:schemas`; test/schemas.test.ts fails where what is committed is not what this writes.
import { writeFileSync } from 'node:fs'
import { schemaFiles } from '../dist/recipes/schemas.js'

for (const [name, schema] of Object.entries(schemaFiles())) {
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`)
}
