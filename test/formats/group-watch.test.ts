import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { defaultLimits } from '../../src/formats/limits.js'
import { groupWatch } from '../../src/formats/parquet/group-watch.js'
import { readParquet } from '../../src/formats/parquet/read.js'
import { CorruptInputError } from '../../src/stream/errors.js'
import { collect, errorOf } from './shards.js'

/** A clock, and a file each read of which takes it `readMs`. */
function world(readMs: number) {
  const clock = { ms: 0 }
  const file = {
    size: 100,
    read: async () => {
      clock.ms += readMs
      return new ArrayBuffer(1)
    },
    close: async () => {},
  }
  const watch = groupWatch(file, { ...defaultLimits, groupMs: 1000 }, () => clock.ms)
  return { clock, watch }
}

describe('the time limit of a row group', () => {
  it('counts work, and neither the wait for bytes nor for the reader', async () => {
    const { clock, watch } = world(5000)
    async function* batches() {
      for (let n = 0; n < 4; n++) {
        await watch.source.read(0, 1)
        clock.ms += 250
        yield [n]
      }
    }
    const rows: number[] = []
    for await (const batch of watch.during('here', batches())) {
      rows.push(...batch)
      clock.ms += 10_000
    }
    expect(rows).toEqual([0, 1, 2, 3])
  })

  it('ends a group that is worked on for longer, and closes its batches', async () => {
    const { clock, watch } = world(0)
    let closed = false
    async function* batches() {
      try {
        for (;;) {
          clock.ms += 400
          yield [1]
        }
      } finally {
        closed = true
      }
    }
    const error = await errorOf(() => collect(watch.during('a.parquet: row group 0', batches())))
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.message).toBe('a.parquet: row group 0: milliseconds of work: 1200 is above the limit of 1000')
    expect(error.fix).toContain('--limit-group-ms')
    expect(closed).toBe(true)
  })

  it('is looked at between pages too, where no batch ever comes', async () => {
    const { clock, watch } = world(0)
    async function* batches(): AsyncGenerator<number[]> {
      for (;;) {
        clock.ms += 400
        await watch.source.read(0, 1)
        if (clock.ms < 0) yield []
      }
    }
    await expect(collect(watch.during('here', batches()))).rejects.toThrow(/above the limit of 1000/)
  })

  it('begins anew with each group', async () => {
    const { clock, watch } = world(0)
    for (let group = 0; group < 3; group++) {
      const batches = async function* () {
        clock.ms += 900
        yield [group]
      }
      expect(await collect(watch.during('here', batches()))).toEqual([group])
    }
  })

  it('holds for a file', async () => {
    const path = join(import.meta.dirname, '../../fixtures/shards/flat-zstd.parquet')
    const error = await errorOf(() => collect(readParquet(path, { limits: { groupMs: -1 } })))
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.message).toMatch(/flat-zstd\.parquet: .*milliseconds of work: 0 is above/)
  })
})
