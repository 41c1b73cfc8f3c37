import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { staticEmbedder } from '../../../src/embed/static/embed.js'

const golden: { text: string; vector: number[] }[] = JSON.parse(
  readFileSync(new URL('../../../fixtures/values/static_embedding_golden.json', import.meta.url), 'utf8'),
)
const nasty = {
  'no-break space': 'How\u00a0do\u00a0I sort',
  'full width': 'Ｈｏｗ　ｄｏ　Ｉ',
  'combining marks': 'Cafe\u0301 nai\u0308ve',
  emoji: 'hello \u{1F642}\u{1F468}\u200d\u{1F469}\u200d\u{1F467} there',
  'a lone surrogate': 'broken \ud83d here and \udc00',
  'Hangul jamo': '\u1112\u1161\u11ab\u1100\u116e\u11a8',
  'a word of 3,000 characters': 'antidisestablishment'.repeat(150),
  'code of zero': 'a\0b',
  'a ligature that grows': '\ufdfa\ufdfa',
  Chinese: '请解释一下光合作用的过程。今天天气很好。',
  'unknown script': 'የኢትዮጵያ ሕዝብ',
  empty: '',
  'only white space': ' \n\t\r  ',
}

const embedder = await staticEmbedder()
const lengthOf = (vector: Float32Array) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, k) => sum + value * b[k]!, 0)

describe('staticEmbedder', () => {
  it.each(golden.map(({ text, vector }) => [text.slice(0, 40), text, vector] as const))(
    'gives the golden vector of %j',
    async (_, text, expected) => {
      const vector = await embedder.embed([text])
      expect(vector).toHaveLength(expected.length)
      expected.forEach((value, k) => {
        expect(Math.abs(vector[k]! - value)).toBeLessThan(1e-4)
      })
    },
  )

  it.each(Object.entries(nasty))('gives %s a vector of length 1 or, where nothing is known, 0', async (name, text) => {
    const vector = await embedder.embed([text])
    const length = lengthOf(vector)
    if (name === 'empty' || name === 'only white space') expect(length).toBe(0)
    else expect(length).toBeCloseTo(1, 6)
  })

  it('sees through compatibility forms', async () => {
    const [a, b, c, d] = await Promise.all(
      ['How do I', 'Ｈｏｗ　ｄｏ\u00a0Ｉ', 'Café naïve', 'Cafe\u0301 nai\u0308ve'].map((text) =>
        embedder.embed([text]),
      ),
    )
    expect(b).toEqual(a)
    expect(d).toEqual(c)
  })

  it('gives a text the same bytes in any batch, and with a cache that is full, empty or tiny', async () => {
    const texts = [...golden.map(({ text }) => text), ...Object.values(nasty)]
    const whole = await embedder.embed(texts)
    const tiny = await staticEmbedder({ cachedWords: 4 })
    await embedder.embed([Array.from({ length: 200_000 }, (_, i) => i.toString(36)).join(' ')])
    expect(await embedder.embed(texts)).toEqual(whole)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: texts.length }), fc.constantFrom(embedder, tiny), async (cut, one) => {
        const parts = [await one.embed(texts.slice(0, cut)), await one.embed(texts.slice(cut))]
        expect(parts.flatMap((part) => [...part])).toEqual([...whole])
      }),
      { numRuns: 30 },
    )
  })

  it('serves two calls at once', async () => {
    const long = Array.from({ length: 900 }, (_, i) => `text ${i} ${'lorem ipsum dolor '.repeat(100)}`)
    const apart = [await embedder.embed(long), await embedder.embed(long.toReversed())]
    expect(await Promise.all([embedder.embed(long), embedder.embed(long.toReversed())])).toEqual(apart)
  })

  it('puts texts of one subject near each other, in Chinese too', async () => {
    const texts = [
      'a recipe for tomato soup',
      'how to cook a stew',
      'the treaty was signed',
      '番茄汤的做法',
      '条约已经签署',
    ]
    const v = await embedder.embed(texts)
    const row = (i: number) => v.subarray(i * 128, (i + 1) * 128)
    expect(cosine(row(0), row(1))).toBeGreaterThan(cosine(row(0), row(2)))
    expect(cosine(row(0), row(3))).toBeGreaterThan(cosine(row(0), row(4)))
    expect(cosine(row(2), row(4))).toBeGreaterThan(cosine(row(2), row(3)))
  })

  it('counts the first 512 pieces unless told otherwise, and says so in its id', async () => {
    const beginning = 'the cat sat on the mat '.repeat(200)
    const [one, two] = [`${beginning} alpha`, `${beginning} entirely different ending`]
    expect(await embedder.embed([one])).toEqual(await embedder.embed([two]))
    const all = await staticEmbedder({ maxPieces: Number.POSITIVE_INFINITY })
    expect(await all.embed([one])).not.toEqual(await all.embed([two]))
    expect(embedder.id).toBe('static:use_enzh_32k_128@f133ee0a828f854c3e:512')
    expect(all.id).toBe('static:use_enzh_32k_128@f133ee0a828f854c3e:Infinity')
    await expect(staticEmbedder({ maxPieces: 0 })).rejects.toThrow(/maxPieces/)
  })

  it('embeds a word of a megabyte, of one letter or of combining marks, all of it', async () => {
    const all = await staticEmbedder({ maxPieces: Number.POSITIVE_INFINITY })
    for (const word of ['a'.repeat(1_000_000), `e${'\u0301\u0323'.repeat(500_000)}`, '中'.repeat(1_000_000)]) {
      expect(lengthOf(await all.embed([word]))).toBeCloseTo(1, 6)
      expect(lengthOf(await embedder.embed([word]))).toBeCloseTo(1, 6)
    }
  })

  it('answers no texts with no vectors', async () => {
    expect(await embedder.embed([])).toHaveLength(0)
  })

  it('stops between slices of a batch when it is aborted', async () => {
    const texts = new Array(400).fill('some words to embed '.repeat(1000))
    const abort = new AbortController()
    const work = embedder.embed(texts, { signal: abort.signal })
    setImmediate(() => abort.abort(new Error('enough')))
    await expect(work).rejects.toThrow('enough')
    await expect(embedder.embed(['a'], { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before')
  })
})
