import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { arrowLimits } from '../../../src/formats/arrow/limits.js'
import { readArrow } from '../../../src/formats/arrow/read.js'
import { describeShard } from '../../../src/formats/index.js'
import { CorruptInputError, SluiceError, UsageError } from '../../../src/stream/errors.js'
import { uniform } from '../../../src/text/hash.js'
import { collect, errorOf, rowsAt, scratch } from '../shards.js'

const folder = join(import.meta.dirname, '../../../fixtures/shards')
const files = readdirSync(folder).filter((name) => /\.arrows?$/.test(name))

/** `SLUICE_MUTANTS=5000` tries that many; each is told by its number, so a bad one can be looked at again. */
const mutants = Number(process.env.SLUICE_MUTANTS ?? 700)

/** Bytes with one to four changes: bits, words of telling values, cuts, and pieces moved. */
function mutate(bytes: Buffer, id: string): Buffer {
  let draw = 0
  const below = (count: number) => Math.floor(uniform(7, id, `draw-${draw++}`) * count)
  let mutant = Buffer.from(bytes)
  for (let changes = 1 + below(4); changes > 0 && mutant.length > 16; changes--) {
    const at = below(mutant.length - 8)
    const kind = below(6)
    if (kind === 0) mutant[at]! ^= 1 << below(8)
    else if (kind === 1) mutant[at] = [0, 1, 0x7f, 0x80, 0xff][below(5)]!
    else if (kind === 2) mutant.writeInt32LE([-1, 0, 1, 2 ** 31 - 1, -(2 ** 31), 2 ** 24][below(6)]!, at & ~3)
    else if (kind === 3) mutant.writeBigInt64LE([-1n, 2n ** 62n, 2n ** 31n, 2n ** 40n, 0n][below(5)]!, at & ~7)
    else if (kind === 4) mutant = mutant.subarray(0, at)
    else mutant.copyWithin(at, below(mutant.length), mutant.length)
  }
  return mutant
}

describe('a damaged Arrow file', () => {
  it(`gives rows or says that it is corrupt, ${mutants} times`, async () => {
    const path = join(await scratch(), 'mutant.arrow')
    const met = { rows: 0, errors: 0 }
    for (let n = 0; n < mutants; n++) {
      const name = files[n % files.length]!
      await writeFile(path, mutate(readFileSync(join(folder, name)), `${name}-${n}`))
      for (const work of [() => collect(readArrow(path)), () => describeShard({ path, format: 'arrow' })]) {
        try {
          await work()
          met.rows++
        } catch (error) {
          met.errors++
          if (!(error instanceof SluiceError)) throw new Error(`mutant ${name}-${n}`, { cause: error })
        }
      }
    }
    expect(met.rows).toBeGreaterThan(mutants / 10)
    expect(met.errors).toBeGreaterThan(mutants / 2)
  }, 600_000)

  it('is refused wherever it was cut', async () => {
    const bytes = readFileSync(join(folder, 'delta.arrows'))
    const path = join(await scratch(), 'cut.arrows')
    for (let size = 0; size < bytes.length; size += 7) {
      await writeFile(path, bytes.subarray(0, size))
      expect(await errorOf(() => collect(readArrow(path))), `${size} bytes`).toBeInstanceOf(CorruptInputError)
    }
  })

  it.each([
    ['both-zstd.arrow', 1848],
    ['both-plain.arrows', 396],
  ])('%s with any value in byte %i ends soon', async (name, at) => {
    const path = join(await scratch(), name)
    for (let value = 0; value < 256; value += 5) {
      const bytes = Buffer.from(readFileSync(join(folder, name)))
      bytes[at] = value
      await writeFile(path, bytes)
      const error = await collect(readArrow(path)).catch((thrown: unknown) => thrown)
      if (!Array.isArray(error)) expect(error).toBeInstanceOf(CorruptInputError)
    }
  })

  it('says what is wrong and in which file', async () => {
    const bytes = Buffer.from(readFileSync(join(folder, 'views.arrows')))
    bytes.writeInt32LE(2 ** 30, 4)
    const path = join(await scratch({ 'a.arrows': bytes }), 'a.arrows')
    expect((await errorOf(() => rowsAt(path))).message).toMatch(/a\.arrows: .*1073741824 bytes of metadata/)
  })
})

describe('limits', () => {
  const read = (name: string, limits: Partial<typeof arrowLimits>) =>
    errorOf(() => collect(readArrow(join(folder, name), {}, { ...arrowLimits, ...limits })))

  it.each([
    ['both-plain.arrow', { fields: 5 }, /more than 5 fields/],
    ['both-plain.arrow', { depth: 2 }, /more than 2 deep/],
    ['both-plain.arrow', { body: 100 }, /body bytes, and at most 100/],
    ['both-plain.arrows', { metadata: 100 }, /at most 100 are read/],
    ['both-zstd.arrow', { plainBuffer: 16 }, /plain bytes in a compressed buffer, and at most 16/],
    ['both-lz4.arrow', { plainBatch: 100 }, /plain bytes in a compressed buffer/],
  ])('%s is refused beyond %o', async (name, limits, message) => {
    const error = await read(name, limits)
    expect(error).toBeInstanceOf(CorruptInputError)
    expect(error.message).toMatch(message)
  })
})

describe('streams one after another', () => {
  it('are told from one stream with something else behind it', async () => {
    const stream = readFileSync(join(folder, 'views.arrows'))
    const junk = Buffer.concat([stream, Buffer.from('not a message at all')])
    const other = Buffer.concat([stream, readFileSync(join(folder, 'delta.arrows'))])
    const place = await scratch({ 'junk.arrows': junk, 'other.arrows': other })
    expect(await errorOf(() => rowsAt(join(place, 'junk.arrows')))).toBeInstanceOf(CorruptInputError)
    const error = await errorOf(() => rowsAt(join(place, 'other.arrows')))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toMatch(/two streams whose columns differ: view: .*; then repeats: /)
  })
})

describe('the description', () => {
  it.each(files)('of %s counts its rows', async (name) => {
    const { rows } = await describeShard({ path: join(folder, name), format: 'arrow' })
    expect(rows).toBe(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')).length)
  })
})
