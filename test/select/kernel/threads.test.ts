import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { SharedRows } from '../../../src/select/kernel/shared-tiles.js'
import type { startThreads } from '../../../src/select/kernel/threads.js'
import type { kmeans } from '../../../src/select/kmeans.js'
import { randomNumbers, rowIds } from '../vectors.js'

// A thread is started from its file, which only what is built has.
const built = (path: string) => new URL(`../../../dist/select/${path}`, import.meta.url).href
const [rows, dimensions, k] = [20_500, 32, 1000]

describe('k-means in threads', () => {
  test('gives the bytes of one thread, whatever their number', async () => {
    const { kmeans: run }: { kmeans: typeof kmeans } = await import(built('kmeans.js'))
    const given = { ids: rowIds(rows), vectors: randomNumbers(rows * dimensions, 5), dimensions, k, seed: 3 }
    const weights = Float64Array.from(given.ids, (_, row) => 1 + (row % 7))
    const [one, two, three] = await Promise.all(
      [1, 2, 3].map((workers) => run({ ...given, weights, workers, iterations: 3 })),
    )
    expect(one!.iterations).toBe(3)
    expect(two).toEqual(one)
    expect(three).toEqual(one)
  })

  test('leaves no thread behind when it is told to stop, and the process ends', async () => {
    const script = `
      import { kmeans } from ${JSON.stringify(built('kmeans.js'))}
      const vectors = Float32Array.from({ length: ${rows * dimensions} }, (_, at) => Math.sin(at * at))
      const ids = Array.from({ length: ${rows} }, (_, row) => String(row))
      const stop = new AbortController()
      setTimeout(() => stop.abort(new Error('enough')), 300)
      const run = { ids, vectors, dimensions: ${dimensions}, k: ${k}, seed: 1, iterations: 10000 }
      await kmeans({ ...run, workers: 3, signal: stop.signal }).catch((error) => console.log(error.message))
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
    expect(stdout.trim()).toBe('enough')
  })

  test('tells what a thread failed of', async () => {
    const { startThreads: start }: { startThreads: typeof startThreads } = await import(built('kernel/threads.js'))
    const found = { labels: new Uint32Array(1), distances: new Float32Array(1), second: new Float32Array(1) }
    const shared: SharedRows = { vectors: new Float32Array(1), dimensions: 2 ** 20, capacity: 2 ** 20, found }
    const threads = start(1, shared)
    await expect(threads.until(() => false)).rejects.toThrow('Memory')
    await threads.close()
  })
})
