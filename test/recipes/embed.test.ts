import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quantize } from '../../src/embed/quantize.js'
import { staticEmbedder } from '../../src/embed/static/embed.js'
import { type Columns, findShards, writeRows } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { type Curated, curate } from '../../src/recipes/curate.js'
import { sluice } from '../cli/sluice.js'
import { collect } from '../laws.js'
import { paragraph } from '../prose.js'
import { startOpenAiServer } from '../server/openai-server.mjs'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-embed-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const corpus = Array.from({ length: 350 }, (_, n) => ({ key: `k${n}`, text: paragraph(`embed-${n}`) }))

async function writeShardsOf(shards: number): Promise<string> {
  const path = join(folder, `corpus-${shards}`)
  const each = Math.ceil(corpus.length / shards)
  for (let shard = 0; shard < shards; shard++) {
    async function* batches() {
      yield corpus.slice(shard * each, (shard + 1) * each)
    }
    await writeRows(join(path, `part-${shard}.parquet`))(batches())
  }
  return path
}

let runs = 0
type Embedded = Curated & { bytes: Buffer; rows: Columns[] }

async function embed(input: string, config: Record<string, unknown> = {}): Promise<Embedded> {
  const out = join(folder, `run-${runs++}`)
  const curated = await curate({ recipe: 'embed', inputs: [input], out, config: { idColumn: 'key', ...config } })
  const rows = await collect(readShards(await findShards([join(out, 'data')])))
  return { ...curated, bytes: await readFile(join(out, 'data', 'train-00000-of-00001.parquet')), rows }
}

describe('embed', () => {
  it('gives each text its id and the vector of the embedder, in order', async () => {
    const { rows, tally } = await embed(await writeShardsOf(3))
    const vectors = await (await staticEmbedder()).embed(corpus.map(({ text }) => text))
    expect(rows.map(({ id }) => id)).toEqual(corpus.map(({ key }) => key))
    for (const [n, { vector }] of rows.entries()) expect(vector).toEqual(vectors.slice(n * 128, (n + 1) * 128))
    expect(tally).toMatchObject({ in: 350, out: 350 })
  })

  it('refuses ids that two rows have in common', async () => {
    const path = join(folder, 'twice.jsonl')
    await writeFile(path, [...corpus.slice(0, 3), corpus[1]].map((row) => JSON.stringify(row)).join('\n'))
    await expect(embed(path)).rejects.toThrow('The id "k1" of column `key` belongs to more than one row')
  })

  it('refuses them before a text goes to an endpoint, also across shards', async () => {
    const server = await startOpenAiServer()
    try {
      const path = join(folder, 'twice')
      await mkdir(path)
      await writeFile(join(path, 'a.jsonl'), corpus.map((row) => JSON.stringify(row)).join('\n'))
      await writeFile(join(path, 'b.jsonl'), JSON.stringify({ key: 'k349', text: 'again' }))
      const config = { embedder: 'openai:tiny', embedderEndpoint: server.url }
      await expect(embed(path, config)).rejects.toThrow('The id "k349" of column `key` belongs to more than one row')
      expect(server.seen).toEqual([])
    } finally {
      await server.close()
    }
  })

  it('takes an id that a row without a text has too', async () => {
    const path = join(folder, 'once.jsonl')
    await writeFile(
      path,
      ['{"key":"a","text":" "}', '{"key":"a","text":"one"}', '{"key":null,"text":"two"}'].join('\n'),
    )
    expect((await embed(path)).rows.map(({ id }) => id)).toEqual(['a', 'once.jsonl#2'])
  })

  it.each(['int8', 'int16'] as const)('gives %s as bytes with a scale a row', async (precision) => {
    const { rows } = await embed(await writeShardsOf(1), { precision })
    const vectors = await (await staticEmbedder()).embed(corpus.map(({ text }) => text))
    const { scales, values } = quantize(vectors, 128, precision)
    expect(rows.map(({ scale }) => scale)).toEqual([...scales])
    expect(Buffer.concat(rows.map(({ vector }) => vector as Uint8Array))).toEqual(Buffer.from(values.buffer))
  })

  it.each(['float32', 'int16', 'int8'])('gives the same bytes of %s for 1, 2 and 7 shards', async (precision) => {
    const bytes: Buffer[] = []
    for (const shards of [1, 2, 7]) bytes.push((await embed(await writeShardsOf(shards), { precision })).bytes)
    expect(bytes[1]!.equals(bytes[0]!)).toBe(true)
    expect(bytes[2]!.equals(bytes[0]!)).toBe(true)
  })

  it('lists rows without a text, and is done at once the second time', async () => {
    const path = join(folder, 'odd.jsonl')
    await writeFile(path, ['{"text":null}', '{"text":"a b"}', '{"text":" "}', '{"text":"?"}'].join('\n'))
    const out = join(folder, 'odd')
    const run = () => curate({ recipe: 'embed', inputs: [path], out })
    const { tally, wasDone } = await run()
    expect(wasDone).toBe(false)
    expect(tally).toMatchObject({ in: 4, out: 2, rejected: { 'read: no text': 1, 'read: empty text': 1 } })
    const rejects = await collect(readShards(await findShards([join(out, 'rejects.parquet')])))
    expect(rejects.map(({ id }) => id)).toEqual(['odd.jsonl#0', 'odd.jsonl#2'])
    expect((await run()).wasDone).toBe(true)
  })

  it('leaves out a shard that does not decode, where it may', async () => {
    const path = join(folder, 'broken')
    await mkdir(path)
    await writeFile(join(path, 'a.jsonl'), '{"text":\n')
    await writeFile(join(path, 'b.jsonl'), '{"text":"one"}\n{"text":"two"}\n')
    const { rows, tally } = await embed(path, { idColumn: undefined, onBadShard: 'skip' })
    expect(rows.map(({ id }) => id)).toEqual(['b.jsonl#0', 'b.jsonl#1'])
    expect(tally.in).toBe(tally.out + (tally.rejected['read: bad shard'] ?? 0))
    await expect(embed(path)).rejects.toThrow(/a\.jsonl/)
  })

  it('gives a folder without rows for a corpus of nothing', async () => {
    const path = join(folder, 'empty.jsonl')
    await writeFile(path, '')
    expect((await embed(path)).rows).toEqual([])
  })
})

describe('sluice embed', () => {
  it('asks an endpoint for its vectors, and needs an output folder', async () => {
    const server = await startOpenAiServer()
    try {
      const path = join(folder, 'few.jsonl')
      await writeFile(path, '{"text":"one"}\n{"text":"two"}\n')
      const out = join(folder, 'few')
      const flags = ['--embedder', 'openai:tiny', '--embedder-endpoint', server.url, '--json']
      const { stdout } = await sluice(['embed', path, '-o', out, ...flags])
      expect(JSON.parse(stdout)).toMatchObject({ tally: { in: 2, out: 2 } })
      const rows = await collect(readShards(await findShards([join(out, 'data')])))
      expect(rows.map(({ id, vector }) => [id, (vector as Float32Array).length])).toEqual([
        ['few.jsonl#0', 16],
        ['few.jsonl#1', 16],
      ])
      expect((await sluice(['embed', path])).code).toBe(2)
    } finally {
      await server.close()
    }
  })
})
