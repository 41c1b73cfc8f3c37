import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.restoreAllMocks()
  vi.resetModules()
})

test('falls back to TypeScript where WebAssembly knows no SIMD, with the same vectors and the same id', async () => {
  const load = async () => (await import('../../../../src/embed/static/embed.js')).staticEmbedder
  const usual = await (await load())()
  vi.resetModules()
  vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)
  const staticEmbedder = await load()
  const fallen = await staticEmbedder()
  const texts = ['How do I sort a list?', '请解释一下光合作用的过程。']
  expect(await fallen.embed(texts)).toEqual(await usual.embed(texts))
  expect(fallen.id).toBe(usual.id)
  await expect(staticEmbedder({ kind: 'simd' })).rejects.toThrow('SIMD is not available')
})
