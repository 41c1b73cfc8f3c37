import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeShard, findShards, lastRow, readShard, splitShard, writeRows } from '../../src/formats/index.js'
import { UsageError } from '../../src/stream/errors.js'
import { collect, errorOf, inBatches, scratch } from './shards.js'

async function tree(...paths: string[]): Promise<string> {
  const folder = await scratch()
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), '{"a":1}\n')
  }
  return folder
}

const names = async (inputs: string[], options?: { from?: string }) =>
  (await findShards(inputs, options)).map((shard) => shard.name)

describe('findShards', () => {
  it('names shards from the deepest common folder and sorts them by code units', async () => {
    const folder = await tree('en/b.jsonl', 'en/a.jsonl', 'fr/a.jsonl', 'Z.jsonl', 'é.jsonl')
    expect(await names([folder])).toEqual(['Z.jsonl', 'en/a.jsonl', 'en/b.jsonl', 'fr/a.jsonl', 'é.jsonl'])
    expect(await names([join(folder, 'en')])).toEqual(['a.jsonl', 'b.jsonl'])
    expect(await names([join(folder, 'en/a.jsonl')])).toEqual(['a.jsonl'])
    expect(await names([join(folder, 'en/a.jsonl'), join(folder, 'fr')])).toEqual(['en/a.jsonl', 'fr/a.jsonl'])
  })

  it('gives the same shards in whatever order the inputs come, repeated or not', async () => {
    const folder = await tree('a/1.jsonl', 'a/2.jsonl', 'b/1.jsonl', '3.jsonl')
    const inputs = ['a', 'b', '3.jsonl', 'a/1.jsonl', '*/*.jsonl'].map((each) => join(folder, each))
    const want = await findShards(inputs)
    expect(want).toHaveLength(4)
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(inputs, { minLength: inputs.length }), async (shuffled) => {
        expect(await findShards(shuffled)).toEqual(want)
      }),
      { numRuns: 20 },
    )
  })

  it('takes the texts of a folder for one shard, unless there is data beside them', async () => {
    const folder = await tree('docs/b.md', 'docs/sub/a.txt', 'docs/image.png', 'data/README.md', 'data/x.jsonl')
    const [docs] = await findShards([join(folder, 'docs')])
    expect(docs).toMatchObject({ name: 'docs', format: 'text', bytes: 16 })
    expect(await collect(readShard(docs!))).toEqual([
      { path: 'b.md', text: '{"a":1}\n' },
      { path: 'sub/a.txt', text: '{"a":1}\n' },
    ])
    expect(await names([join(folder, 'data')])).toEqual(['x.jsonl'])
    expect(await names([join(folder, 'docs'), join(folder, 'data')])).toEqual(['data/x.jsonl', 'docs'])
    const [globbed] = await findShards([join(folder, '**/*.md')])
    expect((await collect(readShard(globbed!))).map((row) => row.path)).toEqual(['data/README.md', 'docs/b.md'])
    expect(await collect(readShard((await findShards([join(folder, 'docs/b.md')]))[0]!))).toEqual([
      { path: 'b.md', text: '{"a":1}\n' },
    ])
  })

  it('reads a file whose name looks like a pattern', async () => {
    const folder = await tree('a[1].jsonl', 'a1.jsonl')
    expect(await names([join(folder, 'a[1].jsonl')])).toEqual(['a[1].jsonl'])
  })

  it.each([
    ['a missing path', 'nothing.jsonl', /No such file or folder/, undefined],
    ['a pattern without hits', '*.parquet', /No file matches/, /quote it/],
    ['an empty folder', 'empty', /holds no files/, undefined],
    ['a folder without data', 'images', /holds no file sluice can read/, /sluice reads \.parquet/],
    ['an ending near a known one', 'x.parqet', /`\.parqet` is no format/, /Did you mean `\.parquet`\?/],
    ['a file without an ending', 'plain', /has no ending/, /--from/],
  ])('refuses %s', async (_, input, message, fix) => {
    const folder = await tree('a.jsonl', 'images/x.png', 'x.parqet', 'plain')
    await mkdir(join(folder, 'empty'))
    const error = await errorOf(() => findShards([join(folder, input)]))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toMatch(message)
    if (fix) expect(error.fix).toMatch(fix)
  })

  it('takes the word of `from` for a file with another ending', async () => {
    const folder = await tree('corpus.data')
    const [shard] = await findShards([join(folder, 'corpus.data')], { from: 'jsonl' })
    expect(await collect(readShard(shard!))).toEqual([{ a: 1 }])
    const error = await errorOf(() => findShards(['-'], { from: 'jsonll' }))
    expect(error.fix).toBe('Did you mean `jsonl`?')
  })
})

describe('splitShard', () => {
  it('cuts Parquet where row groups meet, into ranges that are the whole', async () => {
    const folder = await scratch()
    const path = join(folder, 'a.parquet')
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ i, text: `${i}`.repeat(20) }))
    await writeRows(path, { schema: { i: 'int32', text: 'string' } })(inBatches(rows))
    const [shard] = await findShards([path])
    const { rowGroups } = await describeShard(shard!)
    expect(rowGroups!.length).toBeGreaterThan(3)
    for (const bytes of [1, 50_000, 100_000, 1e9]) {
      const ranges = await splitShard(shard!, { bytes })
      expect(ranges.length).toBe(bytes === 1 ? rowGroups!.length : bytes === 1e9 ? 1 : ranges.length)
      const parts = await Promise.all(ranges.map((each) => collect(readShard(shard!, { rows: each, columns: ['i'] }))))
      expect(parts.flat().map((row) => row.i)).toEqual(rows.map((row) => row.i))
    }
  })

  it('leaves other formats whole, and a shard without rows without a range', async () => {
    const folder = await tree('a.jsonl')
    const [shard] = await findShards([folder])
    expect(await splitShard(shard!, { bytes: 10 })).toEqual([{ start: 0, end: lastRow }])
    await writeRows(join(folder, 'none.parquet'), { schema: { a: 'string' } })(inBatches([]))
    const [none] = await findShards([join(folder, 'none.parquet')])
    expect(await splitShard(none!, { bytes: 10 })).toEqual([])
  })
})
