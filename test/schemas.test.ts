import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { schemaFiles } from '../src/recipes/schemas.js'

const folder = new URL('../schemas/', import.meta.url)

describe('schemas/', () => {
  it('holds what the code says, and nothing else (npm run build:schemas)', () => {
    const expected = schemaFiles()
    const committed = readdirSync(folder).filter((name) => name.endsWith('.json'))
    expect(committed.sort()).toEqual(Object.keys(expected).sort())
    for (const name of committed) {
      expect(JSON.parse(readFileSync(new URL(name, folder), 'utf8')), name).toEqual(
        JSON.parse(JSON.stringify(expected[name])),
      )
    }
  })

  it('describes every option', () => {
    for (const name of ['reinstruct', 'select']) {
      const { properties } = schemaFiles()[`${name}.config.schema.json`] as {
        properties: Record<string, { description?: string }>
      }
      for (const [option, { description }] of Object.entries(properties)) expect(description, option).toBeTruthy()
    }
  })
})
