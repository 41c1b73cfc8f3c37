import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readShard, writeRows } from '../../src/formats/index.js'
import { readElements } from '../../src/formats/json.js'
import { CorruptInputError } from '../../src/stream/errors.js'
import { collect, errorOf, inBatches, scratch } from './shards.js'

const rowsOf = (path: string) => collect(readShard({ path, format: 'json' }))
const rows = [{ text: 'a🙂漢é "[{\\' }, { deep: [{ a: ['}', ']', { b: null }] }] }, {}, { x: 1 }]

describe('reading JSON', () => {
  it.each([
    ['an array on one line', JSON.stringify(rows)],
    ['an array over many lines', `\ufeff\n${JSON.stringify(rows, null, 2)}\r\n `],
    ['an object a line', rows.map((row) => JSON.stringify(row)).join('\n')],
    ['objects over many lines', rows.map((row) => JSON.stringify(row, null, '\t')).join('\n')],
  ])('reads %s, whatever byte a block ends at', async (_, content) => {
    const folder = await scratch({ 'a.json': content, 'a.json.gz': gzipSync(content) })
    expect(await rowsOf(join(folder, 'a.json'))).toEqual(rows)
    expect(await rowsOf(join(folder, 'a.json.gz'))).toEqual(rows)
    for (let size = 1; size < 40; size++) {
      const texts = await collect(readElements(join(folder, 'a.json'), size))
      expect(texts.map(({ text }) => JSON.parse(text))).toEqual(rows)
    }
  })

  it('gives back any rows that JSON can hold', async () => {
    const path = join(await scratch(), 'a.json')
    const anyRow = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow), fc.integer({ min: 1, max: 30 }), async (given, size) => {
        await writeRows(path)(inBatches(given, 2))
        const texts = await collect(readElements(path, size))
        expect(texts.map(({ text }) => JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(given)))
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    ['an array cut short', '[{"a":1},\n{"a":2}', /:2: the array has no end/],
    ['an object cut short', '[{"a":1},\n{"a":', /:2: the object that begins here has no end/],
    ['a missing comma', '[{"a":1}\n{"a":2}]', /:2: expected a comma or the end of the array, got `\{`/],
    ['a comma too many', '[{"a":1},\n]', /:2: expected an object, got `\]`/],
    ['something after the array', '[]\n{}', /:2: expected nothing after the array/],
    ['elements that are no objects', '[1]', /:1: expected an object or the end of the array, got `1`/],
    ['an object that is no JSON', '[{},\n{"a" 1}]', /:2: not JSON/],
    ['brackets a thousand deep', `[{"a":${'['.repeat(1001)}`, /more than 1000 deep/],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), /not UTF-8/],
  ])('refuses %s', async (_, content, message) => {
    const error = await errorOf(async () => rowsOf(join(await scratch({ 'a.json': content }), 'a.json')))
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.message).toMatch(message)
  })
})
