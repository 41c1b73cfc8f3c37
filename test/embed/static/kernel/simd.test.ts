import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { staticEmbedder } from '../../../../src/embed/static/embed.js'
import { columnTexts } from '../../../../src/text/column.js'
import { columnOf } from '../../column.js'

const all = { maxPieces: Number.POSITIVE_INFINITY }
const [simd, plain, simdAll, plainAll, tiny] = await Promise.all([
  staticEmbedder({ kind: 'simd' }),
  staticEmbedder({ kind: 'plain' }),
  staticEmbedder({ kind: 'simd', ...all }),
  staticEmbedder({ kind: 'plain', ...all }),
  staticEmbedder({ kind: 'simd', cachedWords: 4 }),
])
const root = new URL('../../../../', import.meta.url)
const t0 = new URL('../shared/data/t0/', root)

/** Bytes, so that a difference in any bit is seen, and seen quickly. */
const bits = (vectors: Float32Array) => Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength)

async function expectSame(texts: readonly string[]): Promise<void> {
  const expected = bits(await plain.embed(texts))
  const expectedAll = bits(await plainAll.embed(texts))
  // Twice: the first time most words are met, the second time they are remembered.
  for (const given of [texts, columnOf(texts), texts]) {
    expect(bits(await simd.embed(given)).equals(expected)).toBe(true)
    expect(bits(await tiny.embed(given)).equals(expected)).toBe(true)
    expect(bits(await simdAll.embed(given)).equals(expectedAll)).toBe(true)
  }
  expect(bits(await plain.embed(columnOf(texts))).equals(expected)).toBe(true)
}

const character = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...'etaoinshrdlu') },
  { weight: 4, arbitrary: fc.constantFrom(' ', ' ', '\n', '\0') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('今', '天', '气', '，', '。', 'é', 'ü', '´', '\u00a0', '\u3000', 'ﬁ', 'Ａ', '①'),
  },
  fc.constantFrom(
    'e\u0301',
    '\u0301',
    '\u{1F642}',
    '\ud83d',
    '\udc00',
    '한',
    '\u1112\u1161\u11ab',
    '\ufeff',
    '\ufdfa',
    '\x7f',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
)
const text = fc.array(character, { maxLength: 120 }).map((parts) => parts.join(''))

describe('the kernel in WebAssembly gives the bits of the one in TypeScript', () => {
  it('for random Unicode of every kind, in batches of any size', async () => {
    await fc.assert(fc.asyncProperty(fc.array(text, { maxLength: 12 }), expectSame), { numRuns: 150 })
  })

  it('for words of every length around its blocks, caches and windows', async () => {
    const texts: string[] = []
    for (const length of [1, 2, 15, 16, 17, 47, 48, 49, 63, 64, 65, 127, 128, 129, 4094, 4095, 4096, 4097, 9000]) {
      for (const unit of ['a', 'xq', '中', '\u0416', '\u{1F642}', 'é', 'e\u0301', '\ufdfa']) {
        texts.push(unit.repeat(length), ` ${unit.repeat(length)} end`, `${'w '.repeat(length)}${unit.repeat(length)}`)
      }
    }
    await expectSame(texts)
  })

  it('for hostile texts: no white space, nothing but white space, marks, jamo, what NFKC makes longer', async () => {
    const many = 40_000
    await expectSame([
      'a'.repeat(many),
      ' '.repeat(many),
      'ab '.repeat(many / 3),
      '中'.repeat(many / 2),
      `e${'\u0301\u0323'.repeat(many / 4)}`,
      '\u1112\u1161\u11ab'.repeat(many / 6),
      '\ufdfa'.repeat(many / 8),
      '\u00a0'.repeat(many / 4),
      `x\u00a0`.repeat(many / 8),
      '\u{1F642}'.repeat(many / 8),
      '\udc00'.repeat(many / 8),
      Array.from({ length: many / 4 }, (_, i) => (i * 7919).toString(36)).join(';'),
      Array.from({ length: many / 4 }, (_, i) => (i * 7919).toString(36)).join(' '),
    ])
  })

  it.each(['simd', 'plain'] as const)('and remembers no word of which the cap has cut some off (%s)', async (kind) => {
    const text = 'x\u00a0y\u00a0z'
    const long = `x\u00a0${'y'.repeat(20)}\u00a0z`
    const one = await staticEmbedder({ kind, maxPieces: 2 })
    const expected = await one.embed([text, long])
    const other = await staticEmbedder({ kind, maxPieces: 2 })
    await other.embed([`a ${text}`, `a ${long}`])
    expect(await other.embed([text, long])).toEqual(expected)
  })

  it('for a long word where a part ends, and short ones behind it', async () => {
    const part = `${'ab '.repeat(5200)}${'xq7'.repeat(300)} ${'\ufdfa'.repeat(21)} ${'\u00a0x'.repeat(15)} after`
    await expectSame([part, part.repeat(3), '\ufdfa'.repeat(21), '\u00a0x'.repeat(15)])
  })

  it('for a stretch that is left to the other', async () => {
    const text = `the first words, then ${'q'.repeat(1_100_000)} and what follows`
    const expected = bits(await plainAll.embed([text]))
    for (const given of [[text], columnOf([text])]) expect(bits(await simdAll.embed(given)).equals(expected)).toBe(true)
  })

  it('for texts that are taken in parts, cut anywhere', async () => {
    const words = Array.from({ length: 20_000 }, (_, i) => (i * 104_729).toString(36))
    const long = words.join(' ')
    await expectSame([long, long.slice(3), `${'z'.repeat(40_000)} ${long}`, 'short', `${long}${'z'.repeat(40_000)}`])
  })

  it.skipIf(!existsSync(t0))('for T0 prompts and completions (where ../shared has them)', async () => {
    const texts = readdirSync(t0).flatMap((name) =>
      readFileSync(new URL(name, t0), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .filter((_, line) => line % 4 === 0)
        .flatMap((line) => Object.values(JSON.parse(line) as Record<string, unknown>).map(String)),
    )
    expect(texts.length).toBeGreaterThan(4000)
    await expectSame(texts)
  })
})

describe('a column', () => {
  it('may begin in the middle of its bytes, have empty texts, and be empty', async () => {
    const texts = ['', 'one text', '', 'another 文本', '']
    expect(await simd.embed(columnOf(texts, 5))).toEqual(await simd.embed(texts))
    expect(await simd.embed(columnOf([]))).toHaveLength(0)
  })

  it('of bytes that are no UTF-8 is read as the Encoding Standard says', async () => {
    const byte = fc.oneof(
      fc.constantFrom(0x20, 0x61, 0xc0, 0xc2, 0xe0, 0xe4, 0xed, 0xf0, 0xf4, 0xf5, 0x80, 0x9f, 0xa0, 0xbf),
      fc.integer({ min: 0, max: 255 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(byte, { maxLength: 40 })), async (rows) => {
        const column = columnOf(rows.map((row) => Uint8Array.from(row)))
        const expected = bits(await plainAll.embed(columnTexts(column)))
        expect(bits(await simdAll.embed(column)).equals(expected)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('whose offsets go backwards or beyond its bytes is refused', async () => {
    const values = Buffer.from('some text')
    for (const offsets of [
      [4, 2],
      [0, 10],
      [-1, 3],
    ]) {
      await expect(simd.embed({ values, offsets: Int32Array.from(offsets) })).rejects.toThrow(/offsets/)
      await expect(plain.embed({ values, offsets: Int32Array.from(offsets) })).rejects.toThrow(/offsets/)
    }
    await expect(simd.embed({ values, offsets: new Int32Array(0) })).rejects.toThrow(/offsets/)
  })
})
