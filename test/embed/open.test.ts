import { describe, expect, it } from 'vitest'
import { openEmbedder } from '../../src/embed/index.js'
import { UsageError } from '../../src/stream/errors.js'

describe('openEmbedder', () => {
  it('opens the bundled embedder unless another is named', async () => {
    const [one, two, three] = [
      await openEmbedder(),
      await openEmbedder('static'),
      await openEmbedder('static', { maxPieces: 64 }),
    ]
    expect(two.id).toBe(one.id)
    expect(three.id).not.toBe(one.id)
    expect(one.dimensions).toBe(128)
  })

  it('suggests the embedder that was probably meant', async () => {
    await expect(openEmbedder('statik')).rejects.toMatchObject({ code: 'E_USAGE', fix: 'Did you mean `static`?' })
    await expect(openEmbedder('opena:text-embedding-3-small')).rejects.toMatchObject({ fix: 'Did you mean `openai`?' })
    await expect(openEmbedder('zzzzzzzz')).rejects.toThrow(/static, openai:NAME or onnx:FOLDER/)
    await expect(openEmbedder('constructor')).rejects.toBeInstanceOf(UsageError)
    await expect(openEmbedder('')).rejects.toBeInstanceOf(UsageError)
  })

  it('asks for what an endpoint needs', async () => {
    await expect(openEmbedder('openai')).rejects.toThrow(/name of an embedding model/)
    await expect(openEmbedder('openai:e5:small')).rejects.toThrow(/`openai:e5:small` needs the address/)
    await expect(openEmbedder('static:512')).rejects.toThrow(/alone/)
  })
})
