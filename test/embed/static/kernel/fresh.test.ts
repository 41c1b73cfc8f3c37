import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sourceHash } from '../../../../src/embed/static/kernel/static.wasm.js'

const folder = new URL('../../../../src/embed/static/kernel/', import.meta.url)

test('the committed kernel was built from the committed sources', () => {
  const hash = createHash('sha256')
  for (const name of readdirSync(new URL('assembly/', folder)).sort()) {
    hash.update(`${name}\n${readFileSync(new URL(`assembly/${name}`, folder), 'utf8')}`)
  }
  expect(hash.digest('hex')).toBe(sourceHash)
})

test('building the kernel again gives the committed bytes', async () => {
  const { generate } = (await import(new URL('build.mjs', folder).href)) as { generate(): Promise<string> }
  expect(await generate()).toBe(readFileSync(new URL('static.wasm.ts', folder), 'utf8'))
})
