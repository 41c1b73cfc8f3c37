import { describe, expect, it } from 'vitest'
import { batch, byteSize } from '../../src/stream/batch.js'
import { asDiskError, DiskError, UsageError } from '../../src/stream/errors.js'
import { keep } from '../../src/stream/keep.js'
import { map } from '../../src/stream/map.js'
import { pipe } from '../../src/stream/pipe.js'
import type { Batches, Reject } from '../../src/stream/types.js'
import { collect, watchedSource } from '../laws.js'

describe('keep', () => {
  it('tells why each row left, and loses none', async () => {
    const rejects: Reject[] = []
    const judge = (row: { id: string; text: string }) => {
      if (row.text.endsWith('3')) return 'ends in three'
      return row.text.endsWith('5') ? { reason: 'ends in five', detail: row.text } : undefined
    }
    const kept = await collect(keep('digits', judge, (reject) => rejects.push(reject))(watchedSource([4, 4]).source))
    expect(kept.map((row) => row.id)).toEqual(['a#0', 'a#1', 'a#2', 'a#4', 'a#6', 'a#7'])
    expect(rejects).toEqual([
      { id: 'a#3', stage: 'digits', reason: 'ends in three' },
      { id: 'a#5', stage: 'digits', reason: 'ends in five', detail: 'row 5' },
    ])
  })
})

describe('batch', () => {
  const sizes = async (stage: ReturnType<typeof batch<{ text: string }>>, texts: string[]) => {
    async function* source() {
      yield texts.map((text) => ({ text }))
    }
    const out: number[] = []
    for await (const rows of stage(source())) out.push(rows.length)
    return out
  }

  it('cuts at the row limit', async () => {
    expect(await sizes(batch({ rows: 3 }), Array(8).fill('x'))).toEqual([3, 3, 2])
  })

  it('cuts before the byte limit, and lets a larger row travel alone', async () => {
    const text = 'x'.repeat(400)
    expect(await sizes(batch({ bytes: 1000 }), [text, text, text, 'x'.repeat(5000), text])).toEqual([2, 1, 1, 1])
  })

  it('counts typed arrays, nested values and nulls', () => {
    expect(byteSize({ vector: new Float32Array(100) })).toBeGreaterThanOrEqual(400)
    expect(byteSize({ messages: [{ role: 'user', content: 'x'.repeat(1000) }] })).toBeGreaterThanOrEqual(1000)
    expect(byteSize(null)).toBe(8)
  })

  it('says what it expected of its options', () => {
    expect(() => batch({ rows: 0 })).toThrow('Expected `rows` to be an integer from 1 up, got `0` (number)')
  })
})

describe('pipe', () => {
  it('joins a source, stages and a sink', async () => {
    const count = async (source: Batches<{ n: number }>) => {
      let sum = 0
      for await (const rows of source) for (const row of rows) sum += row.n
      return sum
    }
    expect(
      await pipe(
        watchedSource([3, 3]).source,
        map((row) => ({ n: Number(row.id.slice(2)) })),
        count,
      ),
    ).toBe(15)
  })
})

describe('asDiskError', () => {
  it('names the path and the fix where the operating system refused', () => {
    const error = asDiskError(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }), 'out/data')
    expect(error).toBeInstanceOf(DiskError)
    expect((error as DiskError).message).toContain('out/data')
    expect((error as DiskError).fix).toContain('resumes')
  })

  it('leaves every other error as it is', () => {
    const bug = new TypeError('x is undefined')
    const usage = new UsageError('Unknown column `txt`')
    expect(asDiskError(bug, 'out')).toBe(bug)
    expect(asDiskError(usage, 'out')).toBe(usage)
  })
})
