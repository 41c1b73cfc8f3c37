import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sourceHash } from '../../../src/select/kernel/nearest.wasm.js'

const folder = new URL('../../../src/select/kernel/', import.meta.url)

test('the committed kernel was built from the committed sources', () => {
  const sources = new URL('assembly/', folder)
  const hash = createHash('sha256')
  for (const name of readdirSync(sources).sort())
    hash.update(`${name}\n${readFileSync(new URL(name, sources), 'utf8')}`)
  expect(hash.digest('hex')).toBe(sourceHash)
})

test('building the kernel again gives the committed bytes', async () => {
  const { generate } = (await import(new URL('build.mjs', folder).href)) as { generate(): Promise<string> }
  expect(await generate()).toBe(readFileSync(new URL('nearest.wasm.ts', folder), 'utf8'))
})
