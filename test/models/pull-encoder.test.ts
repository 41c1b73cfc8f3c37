import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readSettings } from '../../src/embed/onnx/folder.js'
import { pullEncoder } from '../../src/models/pull-encoder.js'
import { UsageError } from '../../src/stream/errors.js'
import { sluice } from '../cli/sluice.js'
import { errorOf } from './calls.js'

const weights = Buffer.from(Array.from({ length: 200_000 }, (_, n) => (n * 7919) % 251))
const usual: Readonly<Record<string, Buffer>> = {
  'config.json': Buffer.from('{"model_type":"bert"}'),
  'tokenizer.json': Buffer.from('{"model":{}}'),
  '1_Pooling/config.json': Buffer.from('{"pooling_mode_mean_tokens":true}'),
  'onnx/model.onnx': weights,
  'onnx/model.onnx_data': weights.subarray(0, 1000),
  'onnx/model_quantized.onnx': weights.subarray(0, 5000),
  'README.md': Buffer.from('# A model'),
}

let served: Record<string, Buffer>
let cache: string
let env: NodeJS.ProcessEnv
let asked: string[]
/** What the hub gives instead of the bytes that it lists. */
let instead: Record<string, Buffer>
/** How many entries the hub lists on a page, and whether its pages ever end. */
let pageSize: number
let endless: boolean
let close = async () => {}

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'sluice-encoder-'))
  asked = []
  instead = {}
  served = { ...usual }
  pageSize = 100
  endless = false
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://hub')
    const { pathname } = url
    if (pathname === '/api/models/org/tiny/tree/main') {
      const start = Number(url.searchParams.get('cursor') ?? 0)
      url.searchParams.set('cursor', String(endless ? start : start + pageSize))
      const isLast = !endless && start + pageSize >= listing().length
      const link = isLast ? {} : { link: `<https://elsewhere${url.pathname}${url.search}>; rel="next"` }
      const page = JSON.stringify(listing().slice(start, start + pageSize))
      response.writeHead(200, { 'content-type': 'application/json', ...link }).end(page)
      return
    }
    const path = /^\/org\/tiny\/resolve\/main\/(.*)$/.exec(pathname)?.[1] ?? ''
    asked.push(path)
    const bytes = instead[path] ?? served[path]
    if (bytes === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const { port } = server.address() as { port: number }
  env = { HF_ENDPOINT: `http://127.0.0.1:${port}`, XDG_CACHE_HOME: cache }
})
afterEach(async () => {
  await close()
  await rm(cache, { recursive: true, force: true })
})

/** As the hub lists files: large ones by their SHA-256, the others as git knows them. */
function listing() {
  const files = Object.entries(served).map(([path, bytes]) => {
    const blob = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
    const lfs = { oid: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }
    return { type: 'file', path, size: bytes.length, oid: blob, ...(path.startsWith('onnx/') && { lfs }) }
  })
  return [{ type: 'directory', path: 'onnx', size: 0, oid: 'x' }, ...files]
}

it('brings what an encoder is run by, laid out as on the hub, and nothing else', async () => {
  const folder = await pullEncoder('hf:org/tiny', { env })
  expect(folder).toBe(join(cache, 'sluice', 'models', 'org--tiny'))
  const wanted = Object.keys(served).filter((path) => path !== 'README.md' && !path.includes('quantized'))
  expect(asked.toSorted()).toEqual(wanted.toSorted())
  for (const path of wanted) expect((await readFile(join(folder, path))).equals(served[path]!), path).toBe(true)
})

it('reads every page of the list of files, and no list without an end', async () => {
  pageSize = 2
  const folder = await pullEncoder('hf:org/tiny', { env })
  expect((await readFile(join(folder, 'onnx/model.onnx'))).equals(weights)).toBe(true)
  endless = true
  const error = await errorOf(pullEncoder('hf:org/tiny', { env }))
  expect(error).toBeInstanceOf(UsageError)
  expect(error.message).toBe("The hub's list of the files of org/tiny does not end")
})

it('asks for no file again that is whole, and for a damaged one', async () => {
  const folder = await pullEncoder('hf:org/tiny', { env })
  await writeFile(join(folder, 'config.json'), '{"model_type":"BERT"}')
  asked = []
  await pullEncoder('hf:org/tiny', { env })
  expect(asked).toEqual(['config.json'])
  asked = []
  const said: string[] = []
  await pullEncoder('hf:org/tiny/onnx/model_quantized.onnx', { env, log: (text) => said.push(text) })
  expect(asked).toEqual(['onnx/model_quantized.onnx'])
  expect(said.join()).toContain(`--embedder "onnx:${folder}?dtype=q8"`)
})

// Folders of one layer do not import each other: each of the two has its own list of weights.
it('names weights as they are opened', async () => {
  const unknown = await errorOf(readSettings(`${cache}?dtype=none`))
  const all = unknown.message.match(/\b(?:fp|q|u?int)\d+\b/g)!
  const refused = (await errorOf(pullEncoder('hf:org/tiny/onnx/none.onnx', { env }))) as UsageError
  const names = refused.fix!.match(/onnx\/\w+\.onnx/g)!
  const opened: string[] = []
  for (const name of names) {
    served[name] = weights
    const said: string[] = []
    const folder = await pullEncoder(`hf:org/tiny/${name}`, { env, log: (text) => said.push(text) })
    const spec = /--embedder "onnx:([^"]*)"/.exec(said.join())?.[1] ?? folder
    await expect(readSettings(spec), name).resolves.toMatchObject({ folder })
    opened.push((await readSettings(spec)).dtype)
    await rm(folder, { recursive: true })
  }
  expect(opened.toSorted()).toEqual(all.toSorted())
})

it.each(['onnx/model.onnx', 'tokenizer.json'])('takes no other bytes of %s than the hub lists', async (path) => {
  instead = { [path]: Buffer.from(served[path]!).fill(1, 2, 4) }
  const error = await errorOf(pullEncoder('hf:org/tiny', { env }))
  expect(error).toBeInstanceOf(UsageError)
  expect(error.message).toBe(`org/tiny: ${path} is not the file that the hub lists`)
  instead = {}
  await pullEncoder('hf:org/tiny', { env })
})

it('says which weights there are, that there is no such model, and what a name looks like', async () => {
  const other = await errorOf(pullEncoder('hf:org/tiny/onnx/model_q4.onnx', { env }))
  expect(other.message).toBe('org/tiny has no onnx/model_q4.onnx')
  expect((other as UsageError).fix).toContain('onnx/model.onnx, onnx/model_quantized.onnx')
  const odd = await errorOf(pullEncoder('hf:org/tiny/onnx/model_O3.onnx', { env }))
  expect(odd.message).toBe('No embedder opens weights called onnx/model_O3.onnx')
  expect((await errorOf(pullEncoder('hf:org/none', { env }))).message).toContain('404')
  for (const name of ['hf:tiny', 'hf:../tiny', 'hf:org/tiny/../x']) {
    expect((await errorOf(pullEncoder(name, { env }))).message, name).toContain('Expected `hf:ORG/NAME`')
  }
})

it('prints the folder that --embedder onnx: takes', async () => {
  const { stdout, code } = await sluice(['models', 'pull', 'hf:org/tiny', '-q'], { env })
  expect(stdout.trim()).toBe(join(cache, 'sluice', 'models', 'org--tiny'))
  expect(code).toBe(0)
})
