import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Embedder } from '../../src/embed/types.js'
import { applyWhitening, openWhitening, whitened } from '../../src/embed/whitening/apply.js'
import { decodeWhitening, encodeWhitening } from '../../src/embed/whitening/artifact.js'
import { fitWhitening, type Whitening } from '../../src/embed/whitening/fit.js'
import { CorruptInputError } from '../../src/stream/errors.js'
import { columnTexts } from '../../src/text/column.js'
import { uniform } from '../../src/text/hash.js'

/** n rows of length 1 whose axes are mixed and vary by very different amounts around a mean far from zero. */
function sample(n: number, d: number, seed = 1) {
  const vectors = new Float32Array(n * d)
  for (let i = 0; i < n; i++) {
    const row = Array.from({ length: d }, (_, k) => (uniform(seed, `${i}`, `${k}`) - 0.5) / (1 + k))
    const mixed = row.map((value, k) => value + 0.5 * row[(k + 1) % d]! + 0.3)
    const length = Math.hypot(...mixed)
    vectors.set(
      mixed.map((value) => value / length),
      i * d,
    )
  }
  return vectors
}

const rowsOf = (vectors: ArrayLike<number>, d: number) =>
  Array.from({ length: vectors.length / d }, (_, i) => Array.from({ length: d }, (_, k) => vectors[i * d + k]!))
const dot = (a: number[], b: number[]) => a.reduce((sum, value, k) => sum + value * b[k]!, 0)

/** Mean, turn and stretch, by the definition and without the last normalisation. */
function stretched({ dimensions, mean, rotation, scale }: Whitening, vectors: Float32Array) {
  const axes = rowsOf(rotation, dimensions)
  return rowsOf(vectors, dimensions).map((row) =>
    axes.map(
      (axis, k) =>
        scale[k]! *
        dot(
          axis,
          row.map((value, i) => value - mean[i]!),
        ),
    ),
  )
}

describe('fitWhitening', () => {
  const d = 8
  const vectors = sample(400, d)
  const whitening = fitWhitening(vectors, d)

  it('gives every axis mean 0, no covariance with another, and its former standard deviation as its variance', () => {
    const rows = stretched(whitening, vectors)
    for (let a = 0; a < d; a++) {
      expect(rows.reduce((sum, row) => sum + row[a]!, 0) / rows.length).toBeCloseTo(0, 5)
      for (let b = 0; b < d; b++) {
        const covariance = rows.reduce((sum, row) => sum + row[a]! * row[b]!, 0) / rows.length
        // scale = 1/√sd, so 1/scale² is the standard deviation; the last axis of unit rows is the weakest.
        expect(covariance).toBeCloseTo(a === b ? 1 / whitening.scale[a]! ** 2 : 0, 5)
      }
    }
  })

  it('turns without stretching: the axes are orthonormal', () => {
    const axes = rowsOf(whitening.rotation, d)
    for (let a = 0; a < d; a++)
      for (let b = 0; b < d; b++) expect(dot(axes[a]!, axes[b]!)).toBeCloseTo(a === b ? 1 : 0, 6)
  })

  it('orders axes by variance and makes the largest component of each positive', () => {
    expect([...whitening.scale]).toEqual([...whitening.scale].sort((a, b) => a - b))
    for (const axis of rowsOf(whitening.rotation, d)) {
      expect(axis.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most))).toBeGreaterThan(0)
    }
  })

  it('gives the same bits for the same rows', () => {
    expect(encodeWhitening(fitWhitening(vectors.slice(), d)).equals(encodeWhitening(whitening))).toBe(true)
  })

  it('passes over rows of zeros', () => {
    const padded = new Float32Array(vectors.length + 2 * d)
    padded.set(vectors, d)
    expect(encodeWhitening(fitWhitening(padded, d)).equals(encodeWhitening(whitening))).toBe(true)
  })

  it('gives axes that it has not seen vary scale 0, with fewer rows than dimensions as well', () => {
    const few = sample(4, d)
    const fitted = fitWhitening(few, d)
    expect([...fitted.scale].filter((scale) => scale > 0)).toHaveLength(3)
    expect([...applyWhitening(fitted, few)].every(Number.isFinite)).toBe(true)

    const flat = sample(50, d).map((value, i) => (i % d === 3 ? 0 : value))
    expect(fitWhitening(flat, d).scale[d - 1]).toBe(0)
  })

  it('changes nothing where there is nothing to learn: no row, one row, the same row again and again', () => {
    const one = sample(1, d)
    const same = Float32Array.from({ length: 30 * d }, (_, i) => one[i % d]!)
    for (const rows of [new Float32Array(0), new Float32Array(3 * d), one, same]) {
      const out = applyWhitening(fitWhitening(rows, d), vectors)
      out.forEach((value, i) => {
        expect(value).toBeCloseTo(vectors[i]!, 6)
      })
    }
  })

  it('refuses rows that are cut short or not finite', () => {
    expect(() => fitWhitening(new Float32Array(9), 8)).toThrow(/whole rows of 8/)
    expect(() => fitWhitening(Float32Array.of(0, 1, Number.NaN, 1), 2)).toThrow(/row 1/)
  })
})

describe('applyWhitening', () => {
  const d = 6
  const vectors = sample(60, d)
  const whitening = fitWhitening(vectors, d)

  it('agrees with its definition, at length 1', () => {
    const out = rowsOf(applyWhitening(whitening, vectors), d)
    stretched(whitening, vectors).forEach((row, i) => {
      row.forEach((value, k) => {
        expect(out[i]![k]).toBeCloseTo(value / Math.hypot(...row), 5)
      })
    })
  })

  it('keeps rows of zeros and leaves its input alone', () => {
    const input = new Float32Array(3 * d)
    input.set(vectors.subarray(0, d), d)
    const before = [...input]
    const out = applyWhitening(whitening, input)
    expect([...out.subarray(0, d), ...out.subarray(2 * d)]).toEqual(new Array(2 * d).fill(0))
    expect(Math.hypot(...out.subarray(d, 2 * d))).toBeCloseTo(1, 6)
    expect([...input]).toEqual(before)
  })

  it('gives the same bits in TypeScript and in WebAssembly, for any shape', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 19 }), fc.integer({ min: 0, max: 70 }), fc.nat(), (width, rows, seed) => {
        const given = sample(rows, width, seed)
        given.fill(0, 0, Math.min(width, given.length))
        const fitted = fitWhitening(sample(40, width, seed + 1), width)
        const [plain, simd] = (['plain', 'simd'] as const).map((kind) => openWhitening(fitted, { kind })(given))
        expect(Buffer.from(simd!.buffer).equals(Buffer.from(plain!.buffer))).toBe(true)
      }),
      { numRuns: 50 },
    )
    const many = sample(1100, 5)
    const fitted = fitWhitening(many, 5)
    expect(applyWhitening(fitted, many, { kind: 'simd' })).toEqual(applyWhitening(fitted, many, { kind: 'plain' }))
  })

  it('treats each row by itself, whatever the batch', () => {
    const whole = applyWhitening(whitening, vectors)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), (cut) => {
        const parts = [vectors.subarray(0, cut * d), vectors.subarray(cut * d)]
        expect(parts.flatMap((part) => [...applyWhitening(whitening, part)])).toEqual([...whole])
      }),
    )
  })
})

describe('encodeWhitening', () => {
  const whitening = fitWhitening(sample(20, 5), 5)

  it('is read back as exactly the same numbers, from the middle of another buffer too', () => {
    const bytes = encodeWhitening(whitening)
    expect(decodeWhitening(bytes)).toEqual(whitening)
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect(decodeWhitening(shifted.subarray(3))).toEqual(whitening)
  })

  it('is refused when cut, lengthened, foreign or not finite', () => {
    const bytes = encodeWhitening(whitening)
    const infinite = Buffer.from(bytes)
    infinite.writeFloatLE(Number.POSITIVE_INFINITY, bytes.length - 4)
    const longer = Buffer.concat([bytes, Buffer.alloc(4)])
    for (const bad of [bytes.subarray(0, -1), longer, Buffer.from('{}'), Buffer.alloc(0), infinite]) {
      expect(() => decodeWhitening(bad)).toThrow(CorruptInputError)
    }
  })
})

describe('whitened', () => {
  const d = 4
  const embedder: Embedder = {
    id: 'letters',
    dimensions: d,
    async embed(given) {
      const texts = 'offsets' in given ? columnTexts(given) : given
      return Float32Array.from(texts.flatMap((text) => ['a', 'b', 'c', 'd'].map((c) => text.split(c).length - 1)))
    },
  }

  it('has an id of its own for each whitening, and whitens what the embedder gives', async () => {
    const [one, two] = [fitWhitening(sample(20, d, 1), d), fitWhitening(sample(20, d, 2), d)]
    const ids = [one, two, one].map((whitening) => whitened(embedder, whitening).id)
    expect(ids[0]).toMatch(/^letters\+whitened@[0-9a-f]{16}$/)
    expect(new Set(ids).size).toBe(2)
    const texts = ['abba', '', 'dad']
    expect(await whitened(embedder, one).embed(texts)).toEqual(applyWhitening(one, await embedder.embed(texts)))
  })

  it('refuses a whitening of another size', () => {
    expect(() => whitened(embedder, fitWhitening(sample(20, 5), 5))).toThrow(/4 dimensions for letters, got 5/)
  })
})
