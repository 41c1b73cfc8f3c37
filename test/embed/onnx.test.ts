import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEmbedder } from '../../src/embed/index.js'
import { onnxEmbedder } from '../../src/embed/onnx/embed.js'
import { findShards } from '../../src/formats/index.js'
import { readShards } from '../../src/formats/shards.js'
import { sluice } from '../cli/sluice.js'
import { collect } from '../laws.js'
import { columnOf } from './column.js'

const encoder = fileURLToPath(new URL('../../fixtures/onnx/tiny-encoder', import.meta.url))
/** A folder in which `npm install --ignore-scripts sluice-….tgz @huggingface/transformers@4.3.1` was run. */
const installed = process.env.SLUICE_TEST_ONNX
if (installed === undefined) {
  console.warn(
    'ONNX models are not tested: SLUICE_TEST_ONNX names no folder that has @huggingface/transformers and sluice',
  )
}
const modules = join(installed ?? '', 'node_modules')
const load = () =>
  import(pathToFileURL(join(modules, '@huggingface/transformers/dist/transformers.node.mjs')).href) as Promise<unknown>

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-onnx-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Golden = { text: string; mean: number[]; cls: number[] }
const readGolden = async () => JSON.parse(await readFile(`${encoder}.golden.json`, 'utf8')) as Golden[]

function expectNear(vectors: Float32Array, expected: readonly number[]): void {
  expect(vectors).toHaveLength(expected.length)
  for (const [at, value] of expected.entries()) expect(Math.abs(vectors[at]! - value), `${at}`).toBeLessThan(1e-5)
}

describe.skipIf(installed === undefined)('an ONNX embedder', () => {
  it.each(['mean', 'cls'] as const)('gives the vectors of onnxruntime in Python, pooled by %s', async (pooling) => {
    const golden = await readGolden()
    const embedder = await onnxEmbedder(`${encoder}?pooling=${pooling}`, { load })
    expect(embedder.dimensions).toBe(16)
    const vectors = await embedder.embed(golden.map(({ text }) => text))
    expectNear(
      vectors,
      golden.flatMap((each) => each[pooling]),
    )
    await embedder.close!()
  })

  it('gives a text the same bits alone, beside others, from bytes and by any number of threads', async () => {
    const texts = (await readGolden()).map(({ text }) => text)
    const one = await onnxEmbedder(encoder, { load, threads: 1 })
    const whole = await one.embed(texts)
    const two = await onnxEmbedder(encoder, { load, threads: 2 })
    expect(await two.embed(columnOf(texts))).toEqual(whole)
    for (const [n, text] of texts.entries()) {
      expect(await one.embed([text])).toEqual(whole.slice(16 * n, 16 * (n + 1)))
    }
    expect(await one.embed([])).toHaveLength(0)
  })

  it('puts the prefix before each text, and keeps as many tokens as it may', async () => {
    const golden = await readGolden()
    const prefixed = await onnxEmbedder(`${encoder}?prefix=query: `, { load })
    expectNear(await prefixed.embed(['the night train']), golden.find(({ text }) => text.startsWith('query'))!.mean)
    const short = await onnxEmbedder(`${encoder}?tokens=8`, { load })
    // What ends every text is kept, and what is over is cut before it.
    expect(await short.embed(['a cold frame is old and painted in the harbour'])).toEqual(
      await short.embed(['a cold frame is old and']),
    )
  })

  it('has an id that tells of its files and settings, and not of where it lies', async () => {
    const moved = join(folder, 'moved')
    await cp(encoder, moved, { recursive: true })
    const idOf = async (spec: string) => (await onnxEmbedder(spec, { load })).id
    const id = await idOf(encoder)
    expect(id).toMatch(/^onnx:[0-9a-f]{16}$/)
    expect(await idOf(moved)).toBe(id)
    expect(await idOf(`${moved}?pooling=cls`)).not.toBe(id)
    expect(await idOf(`${moved}?tokens=20`)).not.toBe(id)
    const tokenizer = join(moved, 'tokenizer.json')
    await writeFile(tokenizer, `${await readFile(tokenizer, 'utf8')} `)
    expect(await idOf(moved)).not.toBe(id)
  })

  it('takes the pooling that sentence-transformers noted, and refuses what it does not know', async () => {
    const noting = join(folder, 'noting')
    await cp(encoder, noting, { recursive: true })
    const pooling = join(noting, '1_Pooling', 'config.json')
    const golden = await readGolden()
    await writeFile(pooling, '{"pooling_mode_cls_token": true}')
    const embedder = await onnxEmbedder(noting, { load })
    expectNear(await embedder.embed([golden[0]!.text]), golden[0]!.cls)
    await writeFile(pooling, '{"pooling_mode_max_tokens": true}')
    await expect(onnxEmbedder(noting, { load })).rejects.toThrow(/pools its tokens/)
    await writeFile(join(noting, 'modules.json'), '[{"type": "sentence_transformers.models.Dense"}]')
    await expect(onnxEmbedder(noting, { load })).rejects.toThrow(/layer sentence_transformers.models.Dense/)
  })

  it('says that a model cannot be read, and stops where it is told to', async () => {
    const broken = join(folder, 'broken')
    await cp(encoder, broken, { recursive: true })
    await writeFile(join(broken, 'onnx', 'model.onnx'), 'no graph')
    await expect(onnxEmbedder(broken, { load })).rejects.toMatchObject({ exitCode: 3 })
    const embedder = await onnxEmbedder(encoder, { load })
    await expect(embedder.embed(['a'], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
  })

  it('embeds on the command line by threads, the same bytes by one and two, and keeps what it made', async () => {
    const cli = join(modules, 'sluice/dist/cli.js')
    const shards = ['a', 'b'].map((name) => join(folder, `${name}.jsonl`))
    const lines = (await readGolden()).map(({ text }) => JSON.stringify({ text }))
    for (const shard of shards) await writeFile(shard, lines.join('\n'))
    const bytes: Buffer[] = []
    for (const workers of ['1', '2']) {
      const out = join(folder, `out-${workers}`)
      const flags = ['--embedder', `onnx:${encoder}`, '--vectors', join(folder, 'kept'), '--workers', workers]
      const { code, stderr } = await sluice(['embed', ...shards, '-o', out, ...flags], { cli })
      expect(stderr).toContain('Wrote')
      expect(code).toBe(0)
      bytes.push(await readFile(join(out, 'data', 'train-00000-of-00001.parquet')))
      expect(await readFile(join(out, 'README.md'), 'utf8')).not.toContain(encoder)
    }
    expect(bytes[1]!.equals(bytes[0]!)).toBe(true)
    const rows = await collect(readShards(await findShards([join(folder, 'out-1', 'data')])))
    expectNear(rows[0]!.vector as Float32Array, (await readGolden())[0]!.mean)
  })
})

describe('without the package', () => {
  it('an ONNX embedder is refused with the command that installs it', async () => {
    const { code, stderr } = await sluice([
      'embed',
      `${encoder}/config.json`,
      '-o',
      join(folder, 'no'),
      '--embedder',
      `onnx:${encoder}`,
    ])
    expect(stderr).toContain('npm install --ignore-scripts @huggingface/transformers@')
    expect(code).toBe(2)
  })

  it.each([
    ['onnx', /folder of an ONNX model/],
    ['onnx:/nowhere', /There is no ONNX model at \/nowhere/],
    [`onnx:${encoder}?dtype=q8`, /model_quantized\.onnx is missing/],
    [`onnx:${encoder}?dtype=q9`, /Expected the dtype/],
    [`onnx:${encoder}?pooling=max`, /Expected the pooling/],
    [`onnx:${encoder}?tokens=none`, /Expected `tokens`/],
    [`onnx:${encoder}?pool=cls`, /got `pool`/],
  ])('says what is wrong with %s', async (spec, message) => {
    await expect(openEmbedder(spec)).rejects.toThrow(message)
  })
})
