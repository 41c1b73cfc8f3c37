import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createExactFingerprint, type Fingerprinter } from '../../src/select/fingerprint.js'
import { createMeetings } from '../../src/select/meetings.js'
import { createMinHash } from '../../src/select/minhash.js'
import { createSemanticDuplicates } from '../../src/select/semantic-duplicates.js'
import { uniform } from '../../src/text/hash.js'

function fingerprint(of: Fingerprinter, text: string): { keys: string[]; bytes: Uint8Array } {
  const keys = new Uint32Array(2 * of.bands)
  const bytes = new Uint8Array(of.bytes)
  of.mark(text, keys, bytes)
  return { bytes, keys: Array.from({ length: of.bands }, (_, band) => `${keys[2 * band]} ${keys[2 * band + 1]}`) }
}

const meet = (a: readonly string[], b: readonly string[]) => a.some((key, band) => key === b[band] && key !== '0 0')

/** Words that no other place has, so that shingles are told apart by where they stand. */
const document = (id: string, length: number) =>
  Array.from({ length }, (_, n) => `w${Math.floor(uniform(1, id, `${n}`) * 1e6)}`)

describe('the exact fingerprint', () => {
  const exact = createExactFingerprint()
  it('is the same for texts equal but for white space and compatible forms', () => {
    expect(fingerprint(exact, ' a  b\n')).toEqual(fingerprint(exact, 'a b'))
    expect(fingerprint(exact, 'ｅ\u0301')).toEqual(fingerprint(exact, 'é'))
    expect(fingerprint(exact, 'A b').keys).not.toEqual(fingerprint(exact, 'a b').keys)
    expect(exact.likeness(fingerprint(exact, 'a').bytes, fingerprint(exact, 'b').bytes)).toBe(0)
  })
})

describe('MinHash', () => {
  it('estimates the Jaccard similarity of shingles without bias', () => {
    const minhash = createMinHash()
    let [bias, square] = [0, 0]
    for (let n = 0; n < 200; n++) {
      const words = document(`d${n}`, 120)
      const cut = 5 + (n % 100)
      // The first `cut` words of one in the other: cut − 4 shingles shared of 232 − (cut − 4).
      const other = [...words.slice(0, cut), ...document(`e${n}`, 120 - cut)]
      const shared = cut - 4
      const likeness = minhash.likeness(
        fingerprint(minhash, words.join(' ')).bytes,
        fingerprint(minhash, other.join(' ')).bytes,
      )
      const error = likeness - shared / (232 - shared)
      bias += error / 200
      square += error ** 2 / 200
    }
    expect(Math.abs(bias)).toBeLessThan(0.012)
    // √(J(1 − J) / 100) is 0.05 at most.
    expect(Math.sqrt(square)).toBeLessThan(0.055)
  })

  it('brings texts together as often as banding promises', () => {
    const minhash = createMinHash({ bands: 20, rows: 5 })
    let met = 0
    for (let n = 0; n < 400; n++) {
      const words = document(`f${n}`, 200)
      const other = [...words.slice(0, 142), ...document(`g${n}`, 58)]
      if (meet(fingerprint(minhash, words.join(' ')).keys, fingerprint(minhash, other.join(' ')).keys)) met++
    }
    // 138 of 254 shingles shared: 1 − (1 − 0.543^5)^20 is 0.618, give or take three times 0.024.
    expect(met / 400).toBeGreaterThan(0.54)
    expect(met / 400).toBeLessThan(0.69)
  })

  it('takes a text shorter than a shingle for one, and one without words for like no other', () => {
    const minhash = createMinHash()
    const short = fingerprint(minhash, 'Hello, world!')
    expect(fingerprint(minhash, 'hello world')).toEqual(short)
    expect(meet(fingerprint(minhash, 'hello there').keys, short.keys)).toBe(false)
    expect(fingerprint(minhash, '?!').keys).toEqual(Array(20).fill('0 0'))
  })

  it('depends on the seed and on the length of a shingle', () => {
    const text = document('h', 50).join(' ')
    const keys = (options: object) => fingerprint(createMinHash(options), text).keys
    expect(keys({ seed: 1 })).not.toEqual(keys({ seed: 2 }))
    expect(keys({ ngram: 3 })).not.toEqual(keys({ ngram: 5 }))
    expect(() => createMinHash({ ngram: 0 })).toThrow('Expected `ngram` to be an integer from 1 up, got `0`')
  })
})

describe('meetings', () => {
  it('give the first row of a key and the last before this one, however many keys there are', () => {
    const word = fc.integer({ min: 0, max: 3 })
    const key = fc.tuple(word, word).filter(([low, high]) => low + high > 0)
    fc.assert(
      fc.property(fc.array(key, { maxLength: 60 }), (given) => {
        const meetings = createMeetings()
        const before = new Map<string, number[]>()
        for (const [row, [low, high]] of given.entries()) {
          const rows = before.get(`${low} ${high}`) ?? []
          expect(meetings.meet(low, high, row)).toEqual(
            [...new Set([rows[0], rows.at(-1)])].filter((n) => n !== undefined),
          )
          before.set(`${low} ${high}`, [...rows, row])
        }
      }),
    )
    const many = createMeetings()
    for (let row = 0; row < 20_000; row++) expect(many.meet(row * 1024, 7, row)).toEqual([])
    for (let row = 0; row < 20_000; row++) expect(many.meet(row * 1024, 7, 20_000 + row)).toEqual([row])
  })
})

describe('semantic duplicates', () => {
  it('give for every row the earlier one of the largest cosine', () => {
    const dimensions = 8
    const rows = Array.from({ length: 300 }, (_, row) => {
      const vector = Float32Array.from({ length: dimensions }, (_, n) => uniform(9, `${row % 250}`, `${n}`) - 0.5)
      const length = Math.hypot(...vector)
      return vector.map((value) => value / length)
    })
    const duplicates = createSemanticDuplicates<number>(dimensions)
    const found = [...rows.flatMap((vector, row) => duplicates.push(10 + row, vector)), ...duplicates.finish()]
    const cosine = (a: number, b: number) => rows[a]!.reduce((sum, value, n) => sum + value * rows[b]![n]!, 0)
    expect(found.map(({ row }) => row)).toEqual(Array.from({ length: 299 }, (_, n) => n + 11))
    expect(duplicates.size).toBe(250)
    for (const { row, of, score } of found) {
      const best = Math.max(...Array.from({ length: row - 10 }, (_, n) => cosine(row - 10, n)))
      expect(score).toBeCloseTo(best, 5)
      expect(cosine(row - 10, of - 10)).toBeCloseTo(best, 5)
      if (row - 10 >= 250) expect(of).toBe(row - 250)
    }
  })

  it('tell of rows that are only compared what they tell of rows taken in', () => {
    const dimensions = 8
    const unit = (row: number) => {
      const vector = Float32Array.from({ length: dimensions }, (_, n) => uniform(3, `${row}`, `${n}`) - 0.5)
      return vector.map((value) => value / Math.hypot(...vector))
    }
    const alone = createSemanticDuplicates<number>(dimensions)
    const some = Array.from({ length: 150 }, (_, row) => unit(row))
    for (const [row, vector] of some.entries()) alone.push(row, vector)
    const later = Array.from({ length: 100 }, (_, n) => unit(1000 + n))
    const found = [...later.flatMap((vector, n) => alone.compare(1000 + n, vector)), ...alone.finish()]
    const compared = found.filter(({ row }) => row >= 1000)
    expect(compared.map(({ row }) => row)).toEqual(later.map((_, n) => 1000 + n))
    for (const { row, of, score } of compared) {
      const cosines = some.map((vector) => vector.reduce((sum, value, n) => sum + value * later[row - 1000]![n]!, 0))
      expect(score).toBeCloseTo(Math.max(...cosines), 5)
      expect(cosines[of]).toBeCloseTo(Math.max(...cosines), 5)
    }
  })
})
