import { expect, test } from 'vitest'
import { clusterSums } from '../../../src/select/kernel/cluster-sums.js'
import { randomNumbers } from '../vectors.js'

test('clusterSums adds vectors up by their labels, the same bits in both kinds, over several tiles', () => {
  const [k, dimensions, rows] = [7, 5, 2500]
  const vectors = randomNumbers(rows * dimensions, 1)
  const weights = Float64Array.from(randomNumbers(rows, 2), (value) => 2 + value)
  const labels = Uint32Array.from({ length: rows }, (_, row) => (row * row) % k)
  for (const grid of [0, 2 ** -20]) {
    const [simd, plain] = (['simd', 'plain'] as const).map((kind) => clusterSums(k, dimensions, { kind, grid }))
    for (const sums of [simd!, plain!]) {
      sums.add(vectors, labels)
      sums.clear()
      sums.add(vectors, labels, weights)
      sums.add(vectors.subarray(0, 3 * dimensions), labels.subarray(0, 3))
    }
    const found = simd!.read()
    expect(found).toEqual(plain!.read())
    const weightOf = (row: number) => weights[row]! + (row < 3 ? 1 : 0)
    const expected = new Float64Array(k * dimensions)
    labels.forEach((label, row) => {
      for (let d = 0; d < dimensions; d++) {
        expected[label * dimensions + d]! += weightOf(row) * vectors[row * dimensions + d]!
      }
    })
    found.forEach((sum, at) => {
      expect(sum).toBeCloseTo(expected[at]!, grid === 0 ? 9 : 2)
    })
    if (grid > 0) expect(found.every((sum) => Number.isInteger(sum / grid))).toBe(true)
  }
})
