import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createSketch, decodeSketch } from '../../src/select/coreset.js'
import { nearestCentroid } from '../../src/select/kernel/nearest.js'
import { kmeans } from '../../src/select/kmeans.js'
import { createSensitivity, decodePilot, encodePilot, fitPilot, type Pilot } from '../../src/select/pilot.js'
import { CorruptInputError, UsageError } from '../../src/stream/errors.js'
import { arrivals, mergeAll, planted, randomNumbers, rowIds, take } from './vectors.js'

const dimensions = 5

describe('fitPilot', () => {
  test('gives the same pilot for any order of its rows', async () => {
    const { ids, vectors } = planted(9, 20, dimensions, 0.5)
    const pilot = await fitPilot(vectors, dimensions, { seed: 3, ids })
    const back = take(ids, vectors, dimensions, [...ids.keys()].reverse())
    expect(await fitPilot(back.vectors, dimensions, { seed: 3, ids: back.ids })).toEqual(pilot)
    expect(pilot.centroids).toHaveLength(64 * dimensions)
    expect((await fitPilot(vectors, dimensions, { seed: 4, ids })).hash).not.toBe(pilot.hash)
  })

  test('finds the average row about averagely important, and none less than a third', async () => {
    const ids = rowIds(2000)
    const vectors = randomNumbers(2000 * dimensions, 1)
    const found = createSensitivity(await fitPilot(vectors, dimensions, { seed: 3, ids }))(vectors, ids)
    expect(found.reduce((sum, value) => sum + value, 0) / 2000).toBeCloseTo(1, 1)
    expect(Math.min(...found)).toBeGreaterThan(1 / 3)
  })

  test.each([
    ['no row', 0, new Float32Array(0)],
    ['one row', 1, Float32Array.of(1, 2, 3, 4, 5)],
    ['rows that are all equal', 40, new Float32Array(40 * dimensions).fill(0.25)],
    ['rows that are all zero', 40, new Float32Array(40 * dimensions)],
  ])('judges other rows by a pilot of %s', async (_, rows, vectors) => {
    const pilot = await fitPilot(vectors, dimensions, { seed: 1, ids: rowIds(rows) })
    const found = createSensitivity(pilot)(randomNumbers(30 * dimensions, 5), rowIds(30))
    expect(found.every((value) => value > 1 / 3 && value < 1e6)).toBe(true)
  })

  test('comes back from its bytes, and refuses damaged ones', async () => {
    const ids = rowIds(100)
    const pilot = await fitPilot(randomNumbers(100 * dimensions, 1), dimensions, { seed: 3, ids })
    const bytes = encodePilot(pilot)
    expect(decodePilot(bytes)).toEqual(pilot)
    expect(() => decodePilot(bytes.subarray(0, -1))).toThrow(CorruptInputError)
    bytes[bytes.length >> 1]! ^= 1
    expect(() => decodePilot(bytes)).toThrow(/checksum/)
  })
})

describe('createSketch', () => {
  const count = 160
  const ids = rowIds(count)
  const vectors = randomNumbers(count * dimensions, 7)
  let pilot: Pilot
  beforeAll(async () => {
    pilot = await fitPilot(vectors.subarray(0, 90 * dimensions), dimensions, { seed: 3, ids: ids.slice(0, 90) })
  })

  test('gives the same bytes for any order of rows, any batches, any shards and any tree of merges', () => {
    fc.assert(
      fc.property(
        arrivals(count),
        fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(1, 7, 40, 159, 160, 500),
        (shards, tree, size) => {
          const whole = createSketch({ pilot, size, seed: 3 })
          whole.push(ids, vectors)
          const sketches = shards.map((batches) => {
            const sketch = createSketch({ pilot, size, seed: 3 })
            for (const rows of batches) {
              const batch = take(ids, vectors, dimensions, rows)
              sketch.push(batch.ids, batch.vectors)
            }
            return decodeSketch(sketch.encode(), { pilot })
          })
          const merged = mergeAll(sketches, tree)
          expect(merged.encode().equals(whole.encode())).toBe(true)
          expect(merged.finish()).toEqual(whole.finish())
        },
      ),
    )
  })

  test('keeps the rows of highest priority and weighs each by the first that is left out', () => {
    const size = 25
    const sketch = createSketch({ pilot, size, seed: 3 })
    sketch.push(ids, vectors)
    const all = createSketch({ pilot, size: count, seed: 3 })
    all.push(ids, vectors)
    const rows = all.rows()
    const order = [...rows.ids.keys()].sort((a, b) => rows.priorities[b]! - rows.priorities[a]!)
    const threshold = rows.priorities[order[size]!]!
    const kept = order.slice(0, size).sort((a, b) => a - b)
    expect(sketch.finish()).toEqual({
      ...take(rows.ids, rows.vectors, dimensions, kept),
      weights: Float64Array.from(kept, (row) => Math.max(1, threshold / rows.sensitivities[row]!)),
      dimensions,
    })
  })

  test('estimates the number of rows and the sum of squares without bias', () => {
    const runs = Array.from({ length: 200 }, (_, seed) => {
      const sketch = createSketch({ pilot, size: 30, seed })
      sketch.push(ids, vectors)
      const { weights, vectors: kept } = sketch.finish()
      const squares = kept.reduce((sum, value, at) => sum + weights[Math.floor(at / dimensions)]! * value * value, 0)
      return { rows: weights.reduce((sum, weight) => sum + weight, 0), squares }
    })
    const mean = (of: (run: (typeof runs)[number]) => number) =>
      runs.reduce((sum, run) => sum + of(run), 0) / runs.length
    const squares = vectors.reduce((sum, value) => sum + value * value, 0)
    expect(mean((run) => run.rows) / count).toBeCloseTo(1, 1)
    expect(mean((run) => run.squares) / squares).toBeCloseTo(1, 1)
  })

  test('costs what the corpus costs within 5 %, at 200 rows a cluster and any solution', async () => {
    // Distortion as Schwiegelshohn and Sheikh-Omar (2022) measure it: the larger of the two costs over the smaller.
    const k = 10
    const { ids: all, vectors: corpus } = planted(300, 100, 16, 6)
    const first = take(
      all,
      corpus,
      16,
      [...Array(8192).keys()].map((row) => (row * 3) % all.length),
    )
    const judge = await fitPilot(first.vectors, 16, { seed: 3, ids: first.ids })
    const sketch = createSketch({ pilot: judge, size: 200 * k, seed: 3 })
    sketch.push(all, corpus)
    const coreset = sketch.finish()
    const cost = (centroids: Float32Array, rows: Float32Array, weights?: Float64Array) =>
      nearestCentroid(centroids, 16)
        .assign(rows, rows.length / 16)
        .distances.reduce((sum, distance, row) => sum + (weights?.[row] ?? 1) * distance, 0)
    const solved = await kmeans({ ...coreset, k, seed: 3, iterations: 20 })
    for (const centroids of [solved.centroids, corpus.slice(0, k * 16), randomNumbers(k * 16, 9)]) {
      const [real, core] = [cost(centroids, corpus), cost(centroids, coreset.vectors, coreset.weights)]
      expect(Math.max(real / core, core / real)).toBeLessThan(1.05)
    }
  })

  test('keeps every row at weight 1 while they are no more than its size', () => {
    for (const rows of [0, 1, 159, 160]) {
      const sketch = createSketch({ pilot, size: 160, seed: 3 })
      sketch.push(ids.slice(0, rows), vectors.subarray(0, rows * dimensions))
      const found = sketch.finish()
      expect(found.ids).toEqual(ids.slice(0, rows).sort())
      expect(found.weights).toEqual(new Float64Array(rows).fill(1))
    }
  })

  test('takes rows of one id and one vector without growing', () => {
    const sketch = createSketch({ pilot, size: 3, seed: 3 })
    for (let turn = 0; turn < 100; turn++) sketch.push(['same', 'same'], new Float32Array(2 * dimensions).fill(1))
    expect(sketch.rows().ids).toEqual(['same', 'same', 'same', 'same'])
    expect(sketch.finish().ids).toHaveLength(3)
  })

  test('goes on after it was finished', () => {
    const sketch = createSketch({ pilot, size: 20, seed: 3 })
    sketch.push(ids.slice(0, 100), vectors.subarray(0, 100 * dimensions))
    sketch.finish().vectors.fill(0)
    sketch.push(ids.slice(100), vectors.subarray(100 * dimensions))
    const whole = createSketch({ pilot, size: 20, seed: 3 })
    whole.push(ids, vectors)
    expect(sketch.encode().equals(whole.encode())).toBe(true)
  })

  test('names the row whose vector is not finite', () => {
    const sketch = createSketch({ pilot, size: 20, seed: 3 })
    const faulty = vectors.slice()
    faulty[43 * dimensions] = Number.NaN
    expect(() => sketch.push(ids, faulty)).toThrow(`got one that is not: ${ids[43]}`)
  })

  test('merges only with its like, and reads only whole bytes', async () => {
    const sketch = createSketch({ pilot, size: 20, seed: 3 })
    const other = await fitPilot(vectors, dimensions, { seed: 8, ids })
    expect(() => sketch.merge(createSketch({ pilot, size: 21, seed: 3 }))).toThrow(/size 20, got one of size 21/)
    expect(() => sketch.merge(createSketch({ pilot, size: 20, seed: 4 }))).toThrow(UsageError)
    expect(() => decodeSketch(sketch.encode(), { pilot: other })).toThrow(UsageError)
    expect(() => decodeSketch(encodePilot(pilot), { pilot })).toThrow(/Expected a sketch of format 1/)
    expect(() => decodeSketch(sketch.encode().subarray(0, 30), { pilot })).toThrow(CorruptInputError)
    expect(() => sketch.push(['a'], new Float32Array(2 * dimensions))).toThrow('Expected 1 vectors of 5 dimensions')
    expect(() => createSketch({ pilot, size: 0, seed: 3 })).toThrow('Expected `size`')
  })
})
