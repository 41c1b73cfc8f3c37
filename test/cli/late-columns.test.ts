import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { findShards } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { collect } from '../laws.js'
import { sluice } from './sluice.js'
import { scratch } from './tables.js'

/** More rows than are looked at to find out which columns a shard has; two of the last bring one. */
const rows = Array.from({ length: 3000 }, (_, n) => ({ text: `The text of row ${n}, which is a text of its own.` }))
const late = [
  { text: 'A row with a label and a list.', label: 7, tags: [] },
  { text: 'A row with another label and a longer list.', label: 7.5, tags: [{ name: 'b' }], more: null },
]

async function corpus(name: string): Promise<{ path: string; out: string }> {
  const folder = await scratch()
  const lines = [...rows, ...late].map((row) => JSON.stringify(row))
  await writeFile(join(folder, name), name.endsWith('.json') ? `[${lines.join(',')}]` : lines.join('\n'))
  return { path: join(folder, name), out: join(folder, 'out') }
}

async function made(...args: string[]): Promise<readonly Record<string, unknown>[]> {
  const done = await sluice([...args, '-q'])
  expect(done.code, done.stderr).toBe(0)
  const out = args[args.indexOf('-o') + 1]!
  const shards = await findShards([args[0] === 'convert' ? out : join(out, 'data')])
  return collect(readShards(shards))
}

const expected = [
  { text: late[0]!.text, label: 7, tags: [], more: null },
  { text: late[1]!.text, label: 7.5, tags: [{ name: 'b' }], more: null },
]

it.each([
  ['filter', 'a.jsonl', ['--rules', 'length', '--min-chars', '5']],
  ['dedup', 'a.jsonl', ['--by', 'exact']],
  ['select', 'a.json', ['-n', '3002', '--by', 'random']],
])('%s keeps the columns that only late rows of %s have', async (verb, name, flags) => {
  const { path, out } = await corpus(name)
  const got = await made(verb, path, '-o', out, ...flags)
  expect(got).toHaveLength(3002)
  expect(got.slice(-2)).toEqual(expected.map((row) => expect.objectContaining(row)))
})

it.each(['parquet', 'jsonl', 'json', 'arrow'])('convert keeps them in %s, and takes them by name', async (format) => {
  const { path, out } = await corpus('a.jsonl')
  const got = await made('convert', path, '-o', `${out}.${format}`)
  expect(got).toHaveLength(3002)
  const isLoose = format === 'jsonl' || format === 'json'
  expect(got.slice(-2)).toEqual(isLoose ? late : expected)
  const labels = await made('convert', path, '-o', `${out}-labels.${format}`, '--columns', 'label')
  expect(labels.slice(-2)).toEqual([{ label: 7 }, { label: 7.5 }])
})

it('convert tells of a fault behind rows that bring new columns', async () => {
  const { path, out } = await corpus('a.jsonl')
  // What is read of a file at a time is read whole or not at all.
  const filler = `${JSON.stringify(rows[0])}\n`.repeat(40_000)
  await writeFile(path, `\n${filler}{"text": \n`, { flag: 'a' })
  const done = await sluice(['convert', path, '-o', `${out}.parquet`])
  expect(done.code).toBe(3)
  expect(done.stderr).toContain('a.jsonl:43003: not JSON')
  const got = await made('convert', path, '-o', `${out}.parquet`, '--on-bad-shard', 'skip')
  expect(got.slice(3000, 3002)).toEqual(expected)
})

it.each([
  ['filter', ['--rules', 'length', '--min-chars', '5']],
  ['dedup', ['--by', 'exact']],
  ['select', ['-n', '3002', '--by', 'random']],
])('%s writes as json what one late row has of another type, and says so', async (verb, flags) => {
  const folder = await scratch()
  const path = join(folder, 'a.jsonl')
  const lines = rows.map((row, n) => JSON.stringify({ ...row, label: n === 2500 ? 'seven' : n }))
  await writeFile(path, lines.join('\n'))
  const out = join(folder, 'out')
  const { code, stderr } = await sluice([verb, path, '-o', out, ...flags])
  expect(code, stderr).toBe(0)
  expect(stderr).toContain('Column `label` is json: a.jsonl#2500 has string, and what comes before it int64')
  const got = await collect(readShards(await findShards([join(out, 'data')])))
  expect(got.map(({ label }) => label)).toEqual(rows.map((_, n) => (n === 2500 ? 'seven' : n)))
})

it('a misspelt column of texts or of titles is told of before a row is judged', async () => {
  const { path, out } = await corpus('a.jsonl')
  const filter = await sluice(['filter', path, '-o', out, '--text-column', 'txt'])
  expect(filter.stderr).toContain('a.jsonl has no column `txt`')
  expect(filter.code).toBe(2)
  const nobody = ['--model', 'openai:toy', '--endpoint', 'http://127.0.0.1:9/v1']
  const run = await sluice(['run', 'reinstruct', path, '-o', out, '--title-column', 'lable', ...nobody])
  expect(run.stderr).toContain('a.jsonl has no column `lable`')
  expect(run.stderr).toContain('Did you mean `label`?')
  expect(run.code).toBe(2)
})
