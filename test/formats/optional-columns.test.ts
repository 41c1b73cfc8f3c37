import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Columns, writeRows } from '../../src/formats/index.js'
import { UsageError } from '../../src/stream/errors.js'
import { errorOf, inBatches, rowsAt, scratch } from './shards.js'

/** More rows than any format looks at before it says which columns it has; only the last has an input. */
const many = 3000
const late = Array.from({ length: many }, (_, n) => ({ ask: `row ${n}`, ...(n === many - 1 && { input: 'late' }) }))

async function written(name: string, rows: readonly Columns[]): Promise<string> {
  const path = join(await scratch(), name)
  await writeRows(path)(inBatches(rows))
  return path
}

describe('columns that a shard may lack', () => {
  it.each(['a.parquet', 'a.arrow', 'a.csv', 'a.jsonl', 'a.json'])('are read where %s has them', async (name) => {
    const path = await written(name, [{ ask: 'one', input: 'given', id: 'a' }])
    const columns = ['input', 'ask', 'messages']
    expect(await rowsAt(path, { columns, optional: ['input', 'messages'] })).toEqual([{ input: 'given', ask: 'one' }])
    expect(await rowsAt(path, { columns: ['other'], optional: ['other'] })).toEqual([{}])
    const error = await errorOf(() => rowsAt(path, { columns, optional: ['input'] }))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toContain('has no column `messages`')
  })

  it('are read of texts, which have two', async () => {
    const path = join(await scratch({ 'a.md': '# One\n' }), 'a.md')
    expect(await rowsAt(path, { columns: ['text', 'id'], optional: ['id'] })).toEqual([{ text: '# One\n' }])
  })

  it.each(['a.jsonl', 'a.json'])('are read of the row of %s that has them first, however late', async (name) => {
    const path = await written(name, late)
    const rows = await rowsAt(path, { columns: ['ask', 'input'], optional: ['input'] })
    expect(rows).toHaveLength(many)
    expect(rows.filter(({ input }) => input !== undefined)).toEqual([{ ask: `row ${many - 1}`, input: 'late' }])
  })
})
