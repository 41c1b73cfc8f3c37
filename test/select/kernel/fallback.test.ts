import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.restoreAllMocks()
  vi.resetModules()
})

test('falls back to TypeScript where WebAssembly knows no SIMD, and says so', async () => {
  vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)
  vi.resetModules()
  const { distancesFrom, nearestCentroid } = await import('../../../src/select/kernel/nearest.js')
  const kernel = nearestCentroid(Float32Array.of(0, 5), 1)
  expect(kernel.kind).toBe('plain')
  expect(kernel.assign(Float32Array.of(4), 1)).toEqual({
    labels: Uint32Array.of(1),
    distances: Float32Array.of(1),
    second: Float32Array.of(16),
  })
  expect(distancesFrom(Float32Array.of(1, 4), 1)(Float32Array.of(2))).toEqual(Float32Array.of(1, 4))
  expect(() => nearestCentroid(Float32Array.of(0), 1, { kind: 'simd' })).toThrow('SIMD is not available')
})
