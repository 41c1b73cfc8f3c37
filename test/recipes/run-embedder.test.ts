import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openResources } from '../../src/recipes/resources.js'
import { requireSameEmbedder } from '../../src/recipes/run-embedder.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-embedder-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the embedder of a run', () => {
  it('stays the one that it began with', async () => {
    const out = join(folder, 'run')
    await mkdir(join(out, '.sluice'), { recursive: true })
    await requireSameEmbedder(out, 'onnx:mini:1234')
    await requireSameEmbedder(out, 'onnx:mini:1234')
    await expect(requireSameEmbedder(out, 'onnx:mini:5678')).rejects.toMatchObject({
      exitCode: 7,
      message: expect.stringContaining('onnx:mini:1234, and its embedder is now onnx:mini:5678'),
    })
    const { resources, close } = openResources({ embedder: 'static' }, out, {})
    await expect(resources.embedder()).rejects.toMatchObject({ exitCode: 7 })
    await close()
  })

  it('is noted by runs alone: where no run is, nothing is written', async () => {
    const out = join(folder, 'none')
    await requireSameEmbedder(out, 'static')
    expect(await readdir(folder)).not.toContain('none')
  })
})
