import { afterEach, describe, expect, it } from 'vitest'
import { type EndpointEmbedderOptions, endpointEmbedder } from '../../src/embed/endpoint.js'
import { EndpointError, RefusedError, UsageError } from '../../src/stream/errors.js'
import { fakeClock } from '../http/fake-clock.js'
import { type Fault, type OpenAiServer, type ServerOptions, startOpenAiServer } from '../server/openai-server.mjs'
import { columnOf } from './column.js'

const servers: OpenAiServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function start(options: ServerOptions = {}): Promise<OpenAiServer> {
  const server = await startOpenAiServer(options)
  servers.push(server)
  return server
}

const open = (endpoint: string, options: Partial<EndpointEmbedderOptions> = {}) =>
  endpointEmbedder({ endpoint, model: 'tiny', retry: { clock: fakeClock() }, ...options })

describe('an endpoint embedder', () => {
  it('gives each text its own vector of length 1, although they come in another order', async () => {
    const server = await start()
    const embedder = await open(server.url)
    const [both, first, second] = await Promise.all([['a', 'b'], ['a'], ['b']].map((texts) => embedder.embed(texts)))
    expect(embedder.dimensions).toBe(16)
    expect([...both!]).toEqual([...first!, ...second!])
    expect(first!.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 6)
    expect([...first!]).not.toEqual([...second!])
  })

  it('splits many texts into requests of `batchRows`, with the same vectors', async () => {
    const server = await start()
    const texts = Array.from({ length: 10 }, (_, n) => `text ${n}`)
    const whole = await (await open(server.url)).embed(texts)
    const before = server.seen.length
    const split = await (await open(server.url, { batchRows: 4 })).embed(texts)
    const sizes = server.seen.slice(before + 1).map(({ body }) => (body.input as string[]).length)
    // They are under way together, and may come in any order.
    expect(sizes.toSorted()).toEqual([2, 4, 4])
    expect([...split]).toEqual([...whole])
  })

  it('has so many requests under way at once, and no more', async () => {
    const server = await start({ latencyMs: 20 })
    const texts = Array.from({ length: 60 }, (_, n) => `text ${n}`)
    await (await open(server.url, { batchRows: 2, concurrency: 3 })).embed(texts)
    expect(server.mostInFlight).toBe(3)
  })

  it('starts no more requests in a minute than it may', async () => {
    const server = await start()
    const clock = fakeClock()
    const embedder = await open(server.url, { batchRows: 1, requestsPerMinute: 30, retry: { clock } })
    const before = clock.now()
    await embedder.embed(['a', 'b', 'c', 'd', 'e'])
    // One every two seconds, the first of them after the one that told the dimensions.
    expect(clock.now() - before).toBeGreaterThanOrEqual(8000)
  })

  it('sends nothing more once one request is refused', async () => {
    let requests = 0
    const server = await start({ latencyMs: 10, script: () => (++requests > 1 ? '401' : undefined) })
    const embedder = await open(server.url, { batchRows: 1, concurrency: 2 })
    const texts = Array.from({ length: 40 }, (_, n) => `text ${n}`)
    await expect(embedder.embed(texts)).rejects.toThrow(RefusedError)
    expect(server.seen.length).toBeLessThanOrEqual(4)
  })

  it('embeds nothing, and an empty text', async () => {
    const embedder = await open((await start()).url)
    expect((await embedder.embed([])).length).toBe(0)
    expect((await embedder.embed([''])).length).toBe(16)
  })

  it('gives a column the vectors of its texts', async () => {
    const embedder = await open((await start()).url)
    const texts = ['a', '', '文本']
    expect(await embedder.embed(columnOf(texts, 3))).toEqual(await embedder.embed(texts))
    const backwards = { values: Buffer.from('text'), offsets: Int32Array.of(3, 1) }
    await expect(embedder.embed(backwards)).rejects.toThrow(/offsets/)
  })

  it.each<Fault>([
    '429',
    '503',
    'reset',
    'cut',
    'html',
    'empty',
    'bad-json',
    'wrong-count',
    'wrong-size',
    'not-finite',
  ])('gets its vectors after %s', async (fault) => {
    const good = await open((await start()).url)
    const server = await start({ script: (attempt) => (attempt === 2 ? undefined : fault) })
    const embedder = await open(server.url).catch((error) => error)
    if (fault === 'wrong-size') {
      // A first answer of the wrong size cannot be told from a right one; later ones can.
      await expect(embedder.embed(['a'])).resolves.toHaveLength(17)
      await expect(embedder.embed(['a'])).rejects.toThrow('answers with 16 dimensions, and before with 17')
    } else {
      expect([...(await embedder.embed(['a']))]).toEqual([...(await good.embed(['a']))])
    }
  })

  it('stops the run at a refused key, which no error repeats', async () => {
    const server = await start({ script: () => '401' })
    const error = await open(server.url, { apiKey: 'sk-CANARY-1234' }).catch((error) => error)
    expect(error).toBeInstanceOf(RefusedError)
    expect(error.message).not.toContain('CANARY')
    expect(server.seen).toHaveLength(1)
    expect(server.seen[0]!.headers.authorization).toBe('Bearer sk-CANARY-1234')
  })

  it('stops the run where a server fails again and again', async () => {
    const server = await start({ script: () => '500' })
    await expect(open(server.url)).rejects.toThrow(EndpointError)
    expect(server.seen).toHaveLength(8)
  })

  it('names the flag of a server that does not embed', async () => {
    const error = await open((await start({ script: () => '501' })).url).catch((error) => error)
    expect(error).toBeInstanceOf(EndpointError)
    expect(error.fix).toContain('--embeddings')
  })

  it('refuses an unencrypted endpoint elsewhere', async () => {
    await expect(open('http://192.0.2.7/v1')).rejects.toThrow(UsageError)
  })

  it('has an id with host and model, and without the key', async () => {
    const server = await start()
    const { id } = await open(server.url, { apiKey: 'sk-CANARY-1234' })
    expect(id).toBe(`endpoint:${server.url.slice('http://'.length)}:tiny`)
  })
})
