import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { densityClusters, noise } from '../../src/select/density-clusters.js'
import { farthestFirst } from '../../src/select/farthest-first.js'

type Golden = {
  sets: { points: number[][]; runs: { minClusterSize: number; minSamples: number; labels: number[] }[] }[]
}
const path = new URL('../../fixtures/values/hdbscan_golden.json', import.meta.url)
const golden = JSON.parse(readFileSync(path, 'utf8')) as Golden

describe('densityClusters', () => {
  it('finds the clusters and the noise that scikit-learn finds', async () => {
    for (const { points, runs } of golden.sets) {
      const vectors = Float32Array.from(points.flat())
      for (const { labels, ...options } of runs) {
        const found = await densityClusters({ vectors, dimensions: 2, ...options })
        expect(Array.from(found, (label) => (label === noise ? -1 : label))).toEqual(labels)
      }
    }
  })

  it('has an answer for equal rows, one row and none', async () => {
    const equal = await densityClusters({ vectors: new Float32Array(20), dimensions: 2 })
    expect(equal).toHaveLength(10)
    expect([...(await densityClusters({ vectors: new Float32Array(2), dimensions: 2 }))]).toEqual([noise])
    expect([...(await densityClusters({ vectors: new Float32Array(0), dimensions: 2 }))]).toEqual([])
  })
})

it('farthest-first begins with the row farthest from what is there already', async () => {
  const places = [0, 1, 5, 9]
  const found = await farthestFirst((row) => places.map((place) => (place - places[row]!) ** 2), {
    rows: 4,
    k: 3,
    nearest: places.map((place) => (place - 1) ** 2),
  })
  expect([...found.rows]).toEqual([3, 2, 0])
  expect([...found.gaps]).toEqual([8, 4, 1])
})
