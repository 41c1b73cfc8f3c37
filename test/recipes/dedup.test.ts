import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Columns, findShards, writeRows } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { type Curated, curate } from '../../src/recipes/curate.js'
import { dedupPasses } from '../../src/recipes/dedup/index.js'
import { dedupOptions } from '../../src/recipes/dedup/options.js'
import type { Resources } from '../../src/recipes/types.js'
import { execute } from '../../src/run/execute.js'
import { total } from '../../src/run/tally.js'
import { createNoveltyIndex } from '../../src/select/novelty.js'
import { uniform } from '../../src/text/hash.js'
import { startSluice } from '../cli/sluice.js'
import { collect } from '../laws.js'
import { paragraph } from '../prose.js'

let folder: string
let corpus: readonly Columns[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-dedup-'))
  corpus = plantedRows()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A hundred words no two rows share in order, drawn by a hash. */
function scramble(id: string): string {
  return Array.from({ length: 100 }, (_, n) => `w${Math.floor(uniform(3, id, `${n}`) * 5000)}`).join(' ')
}

/** 400 rows: 300 of their own, 50 copies with other white space, 50 with two words of a hundred changed; dealt out by a hash. */
function plantedRows(): Columns[] {
  const rows = Array.from({ length: 300 }, (_, n) => ({
    key: `own-${n}`,
    n,
    tags: [`t${n}`],
    text: scramble(`own-${n}`),
  }))
  const copies = Array.from({ length: 50 }, (_, n) => {
    const text = ` ${rows[3 * n]!.text.replace(' ', '\n\t')}\u00a0`
    return { key: `copy-${n}`, n, tags: [], text }
  })
  const near = Array.from({ length: 50 }, (_, n) => {
    const words = rows[3 * n + 1]!.text.split(' ')
    for (const at of [20, 70]) words[at] = 'changed'
    return { key: `near-${n}`, n, tags: ['near'], text: words.join(' ') }
  })
  const order = (row: { key: string }) => uniform(5, row.key, 'order')
  return [...rows, ...[...copies, ...near].sort((a, b) => order(a) - order(b))]
}

async function writeShardsOf(name: string, rows: readonly Columns[], shards: number): Promise<string> {
  const path = join(folder, name)
  const each = Math.ceil(rows.length / shards)
  for (let shard = 0; shard < shards; shard++) {
    const part = rows.slice(shard * each, (shard + 1) * each)
    async function* batches() {
      if (part.length > 0) yield part
    }
    await writeRows(join(path, `part-${shard}.parquet`))(batches())
  }
  return path
}

const refuse = () => Promise.reject(new Error('MinHash asks for nothing'))
const noResources: Resources = { model: refuse, embedder: refuse, concurrency: 1, reading: {} }

let runs = 0
type Deduped = Curated & { bytes: Buffer; rows: Columns[]; rejects: Columns[]; run: string }

async function dedup(input: string, config: Record<string, unknown> = {}): Promise<Deduped> {
  const out = join(folder, `run-${runs++}`)
  const curated = await curate({ recipe: 'dedup', inputs: [input], out, config: { idColumn: 'key', ...config } })
  return { ...curated, run: out, ...(await outputOf(out)) }
}

async function outputOf(out: string): Promise<{ bytes: Buffer; rows: Columns[]; rejects: Columns[] }> {
  return {
    bytes: await readFile(join(out, 'data', 'train-00000-of-00001.parquet')),
    rows: await collect(readShards(await findShards([join(out, 'data')]))),
    rejects: await collect(readShards(await findShards([join(out, 'rejects.parquet')]))),
  }
}

const keys = (rows: readonly Columns[]) => rows.map(({ key }) => key)
const own = () => corpus.filter(({ key }) => String(key).startsWith('own'))

describe('dedup', () => {
  it('by exact leaves out what is equal but for white space, and says of whom it is a copy', async () => {
    const { rows, rejects, tally } = await dedup(await writeShardsOf('exact', corpus, 3), { by: 'exact' })
    expect(rows).toEqual(corpus.filter(({ key }) => !String(key).startsWith('copy')))
    expect(tally).toMatchObject({ in: 400, out: 350, rejected: { 'dedup: exact duplicate': 50 } })
    for (const { id, stage, reason, duplicate_of, score } of rejects) {
      const n = Number(String(id).slice('copy-'.length))
      expect({ stage, reason, duplicate_of, score }).toEqual({
        ...{ stage: 'dedup', reason: 'exact duplicate', duplicate_of: `own-${3 * n}`, score: 1 },
      })
    }
  })

  it('by minhash leaves out copies and near copies, each with its likeness, and nothing else', async () => {
    const { rows, rejects } = await dedup(await writeShardsOf('near', corpus, 1))
    expect(rows).toEqual(own())
    expect(rejects).toHaveLength(100)
    for (const { id, duplicate_of, score } of rejects) {
      const [kind, n] = String(id).split('-')
      expect(duplicate_of).toBe(`own-${3 * Number(n) + (kind === 'near' ? 1 : 0)}`)
      // Ten of 96 shingles changed: a Jaccard similarity of 86 / 106.
      expect(Math.abs((score as number) - (kind === 'near' ? 86 / 106 : 1))).toBeLessThan(kind === 'near' ? 0.15 : 1e-9)
    }
  })

  it('by minhash sees Chinese by its characters', async () => {
    const text = (seed: number) =>
      Array.from({ length: 120 }, (_, n) =>
        String.fromCharCode(0x4e00 + Math.floor(uniform(seed, `${n}`, 'han') * 3000)),
      ).join('')
    const [one, other] = [text(1), text(2)]
    const rows = [one, other, `${one.slice(0, 60)}改${one.slice(61)}`].map((text, n) => ({ key: `r${n}`, text }))
    expect(keys((await dedup(await writeShardsOf('han', rows, 1))).rows)).toEqual(['r0', 'r1'])
  })

  it('by semantic leaves out what is alike in meaning, whatever the order of its words', async () => {
    const sentence = (n: number) => paragraph(`semantic-${n}`).split('. ')
    const rows = Array.from({ length: 60 }, (_, n) => ({ key: `s${n}`, text: sentence(n).join('. ') }))
    const turned = rows
      .slice(0, 20)
      .map(({ key, text }) => ({ key: `${key}-turned`, text: `${text.split('. ').reverse().join('. ')}.` }))
    const path = await writeShardsOf('semantic', [...rows, { key: 'none', text: '\u0000' }, ...turned], 2)
    const { rows: kept, rejects } = await dedup(path, { by: 'semantic', threshold: 0.999 })
    expect(keys(kept)).toEqual([...keys(rows), 'none'])
    expect(rejects.map(({ id, duplicate_of }) => [id, duplicate_of])).toEqual(
      turned.map(({ key }) => [key, key.replace('-turned', '')]),
    )
    for (const { score } of rejects) expect(score).toBeGreaterThan(0.999)
  })

  it('by rouge keeps what a novelty index keeps', async () => {
    const texts = Array.from({ length: 200 }, (_, n) => ({ key: `p-${n}`, text: paragraph(`rouge-${n % 150}`) }))
    const index = createNoveltyIndex({ threshold: 0.5 })
    const expected = texts.filter(({ key, text }) => {
      const isNew = index.duplicateOf(text) === undefined
      if (isNew) index.add(key, text)
      return isNew
    })
    const { rows, rejects } = await dedup(await writeShardsOf('rouge', texts, 2), { by: 'rouge', threshold: 0.5 })
    expect(rows).toEqual(expected)
    expect(expected.length).toBeGreaterThan(10)
    expect(rejects.filter(({ score }) => !((score as number) > 0.5))).toEqual([])
  })

  it.each(['exact', 'minhash', 'semantic', 'rouge'])('by %s gives the same bytes for 1, 2 and 7 shards', async (by) => {
    const bytes: Buffer[] = []
    for (const shards of [1, 2, 7])
      bytes.push((await dedup(await writeShardsOf(`${by}-${shards}`, corpus, shards), { by })).bytes)
    expect(bytes[1]!.equals(bytes[0]!)).toBe(true)
    expect(bytes[2]!.equals(bytes[0]!)).toBe(true)
  })

  it('gives the same bytes where neither keys nor groups fit into memory at once', async () => {
    const path = await writeShardsOf('slices', corpus, 3)
    const { bytes, rejects } = await dedup(path)
    const out = join(folder, 'sliced')
    const config = dedupOptions.parse({ idColumn: 'key' })
    const shards = await findShards([path])
    await execute({
      out,
      plan: { format: 2, recipe: 'dedup', config, shards },
      passes: dedupPasses(config, noResources, { sliceRows: 30, rangeRows: 17 }),
    })
    const sliced = await outputOf(out)
    expect(sliced.bytes.equals(bytes)).toBe(true)
    expect(sliced.rejects).toEqual(rejects)
  })

  it('keeps the first of a group whose rows are alike only by way of others', async () => {
    const words = (from: number) => Array.from({ length: 100 }, (_, n) => `w${n + from}`).join(' ')
    // Neighbours share 80 of 112 shingles, the two ends 64 of 128.
    const rows = [words(0), words(32), words(16)].map((text, n) => ({ key: `r${n}`, text }))
    const { rows: kept, rejects } = await dedup(await writeShardsOf('chain', rows, 1), {
      threshold: 0.6,
      bands: 60,
      bandRows: 2,
    })
    expect(keys(kept)).toEqual(['r0'])
    expect(rejects.map(({ id, duplicate_of, detail }) => [id, duplicate_of, detail])).toEqual([
      ['r1', 'r2', 'of the group of r0'],
      ['r2', 'r0', null],
    ])
  })

  it('names rows by shard and place without an id column, and counts those that have no text', async () => {
    const path = join(folder, 'odd.jsonl')
    await writeFile(
      path,
      ['{"text":null}', '{"text":"a b"}', '{"text":5}', '{}', '{"text":"a  b"}', '{"text":"?"}'].join('\n'),
    )
    const { rejects, rows, tally } = await dedup(path, { by: 'exact', idColumn: undefined })
    expect(rows.map(({ text }) => text)).toEqual(['a b', '?'])
    expect(tally.in).toBe(tally.out + total(tally.rejected))
    expect(rejects.map(({ id, reason, duplicate_of }) => [id, reason, duplicate_of])).toEqual([
      ['odd.jsonl#0', 'no text', null],
      ['odd.jsonl#2', 'text is not a string', null],
      ['odd.jsonl#3', 'no text', null],
      ['odd.jsonl#4', 'exact duplicate', 'odd.jsonl#1'],
    ])
  })

  it('decides again at another threshold without comparing again', async () => {
    const path = await writeShardsOf('again', corpus, 3)
    const fresh = await dedup(path, { threshold: 0.95 })
    expect(fresh.rows).toHaveLength(350)
    const out = join(folder, 'again-run')
    const command = ['dedup', path, '-o', out, '--id-column', 'key', '-q']
    expect((await startSluice(command).finished).code).toBe(0)
    const scan = join(out, '.sluice', 'artifacts', 'scan')
    const scannedAt = async () => (await stat(join(scan, (await readdir(scan))[0]!, 'marks.bin'))).mtimeMs
    const scanned = await scannedAt()
    const before = await outputOf(out)
    expect(before.rows).toHaveLength(300)
    expect((await startSluice([...command, '--rethreshold', '0.95']).finished).code).toBe(0)
    const after = await outputOf(out)
    expect(after.bytes.equals(fresh.bytes)).toBe(true)
    expect(after.rejects).toEqual(fresh.rejects)
    expect(await scannedAt()).toBe(scanned)
    expect((await startSluice([...command, '--rethreshold', '0.65']).finished).code).toBe(0)
    expect((await outputOf(out)).bytes.equals(before.bytes)).toBe(true)
    // Another setting beside it is refused, and what was there stays.
    expect((await startSluice([...command, '--rethreshold', '0.5', '--ngram', '3']).finished).code).toBe(7)
    expect((await outputOf(out)).bytes.equals(before.bytes)).toBe(true)
  }, 60_000)

  it('does not decide again what ROUGE-L compared, nor where there is no run', async () => {
    const path = await writeShardsOf('refused', corpus, 1)
    const run = (args: readonly string[]) =>
      startSluice(['dedup', path, '-o', join(folder, 'no-run'), ...args]).finished
    expect((await run(['--by', 'rouge', '--rethreshold', '0.5'])).stderr).toContain('compares anew')
    const { code, stderr } = await run(['--rethreshold', '0.5'])
    expect(code).toBe(2)
    expect(stderr).toContain('holds no run')
  })

  it('gives nothing for a corpus of nothing', async () => {
    const path = join(folder, 'empty.jsonl')
    await writeFile(path, '')
    expect((await dedup(path)).rows).toEqual([])
  })

  it('gives the same bytes after it was killed again and again', async () => {
    const path = await writeShardsOf('kill', corpus, 7)
    const { bytes } = await dedup(path)
    const out = join(folder, 'killed')
    const command = ['dedup', path, '-o', out, '--id-column', 'key', '-q']
    let killed = 0
    for (let turn = 0; killed < 4 && turn < 40; turn++) {
      const { child, finished } = startSluice(command)
      const timer = setTimeout(() => child.kill('SIGKILL'), 250 + 60 * turn)
      const { signal, code } = await finished
      clearTimeout(timer)
      if (signal === 'SIGKILL') killed++
      else expect(code).toBe(0)
      if (code === 0) break
    }
    expect(killed).toBeGreaterThan(0)
    expect((await startSluice(command).finished).code).toBe(0)
    expect((await outputOf(out)).bytes.equals(bytes)).toBe(true)
  }, 120_000)
})
