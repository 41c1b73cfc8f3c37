import { createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openRanges } from '../../src/http/ranges.js'
import { type RemoteSource, remoteFile } from '../../src/http/remote-file.js'
import { CorruptInputError } from '../../src/stream/errors.js'
import { uniform } from '../../src/text/hash.js'
import { type FilesOptions, startFilesServer } from '../server/files-server.mjs'
import { fakeClock } from './fake-clock.js'

const content = Buffer.from(Array.from({ length: 6_000_000 }, (_, n) => (n * 7919 + (n >> 9)) % 251))

async function serve(options: Partial<FilesOptions> = {}) {
  const server = await startFilesServer({ files: { '/data.bin': content, '/empty': '' }, ...options })
  onTestFinished(() => server.close())
  const clock = fakeClock()
  const at = (path: string, more: Partial<RemoteSource> = {}) =>
    remoteFile({ url: new URL(path, server.url), name: path, clock, ...more })
  return { server, clock, at, file: at('/data.bin') }
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return Buffer.concat(pieces)
}

describe('a remote file from front to back', () => {
  it('comes by one plain request', async () => {
    const { server, file } = await serve()
    expect((await all(file.bytes())).equals(content)).toBe(true)
    expect(server.seen.map(({ range }) => range)).toEqual([undefined])
    expect(file.version.size).toBe(content.length)
  })

  it('is carried on by Range where the connection is cut, and byte for byte the same', async () => {
    const { server, clock, file } = await serve({
      script: ({ count }) => (count < 4 ? { cutAfter: 700_001 } : undefined),
    })
    expect((await all(file.bytes())).equals(content)).toBe(true)
    expect(server.seen.length).toBeGreaterThanOrEqual(3)
    for (const { range } of server.seen.slice(1)) expect(range).toMatch(/^bytes=[1-9]\d*-$/)
    expect(clock.slept.length).toBe(server.seen.length - 1)
  })

  it('is read again from the start where the server has no ranges', async () => {
    const { server, file } = await serve({
      ranges: false,
      script: ({ count }) => (count === 0 ? { cutAfter: 3_000_000 } : undefined),
    })
    expect((await all(file.bytes())).equals(content)).toBe(true)
    expect(server.seen).toHaveLength(2)
  })

  it('needs no announced length', async () => {
    const { file } = await serve({
      announce: false,
      ranges: false,
      script: ({ count }) => (count === 0 ? { cutAfter: 90_000 } : undefined),
    })
    expect((await all(file.bytes())).equals(content)).toBe(true)
  })

  it('gives up after six requests that bring nothing', async () => {
    const { server, clock, file } = await serve({
      script: ({ count }) => (count > 0 ? { status: 503 } : { cutAfter: 9 }),
    })
    await expect(all(file.bytes())).rejects.toThrow('status 503')
    expect(server.seen.length).toBeLessThanOrEqual(7)
    expect(clock.slept.length).toBe(server.seen.length - 1)
  })

  it('gives up on a server that trickles', async () => {
    const { server, file } = await serve({ script: () => ({ cutAfter: 10 }) })
    await expect(all(file.bytes())).rejects.toThrow(/connection cut/)
    expect(server.seen.length).toBeLessThanOrEqual(7)
  })

  it('gives up on a server whose bytes come too slowly', async () => {
    const { server, at } = await serve()
    let time = 0
    const slow = { ...fakeClock(), now: () => (time += 70_000) }
    await expect(all(at('/data.bin', { clock: slow }).bytes())).rejects.toThrow('answer is too slow')
    expect(server.seen.length).toBeLessThanOrEqual(7)
  })

  it('is right under faults drawn at random, in one piece or by ranges', async () => {
    const faults = [
      { status: 503 },
      { status: 429 },
      { cutAfter: 0 },
      { cutAfter: 70_000 },
      { contentRange: 'bytes 3-9/*' },
    ]
    for (let seed = 0; seed < 12; seed++) {
      const { server, file } = await serve({
        script: ({ count, range }) => {
          const draw = Math.floor(uniform(seed, String(count), 'faults') * 24)
          // A plain GET has no Content-Range to be wrong.
          return range === undefined && draw === 4 ? undefined : faults[draw]
        },
      })
      expect((await all(file.bytes())).equals(content), `seed ${seed}`).toBe(true)
      const reader = await openRanges(file)
      for (let n = 0; n < 8; n++) {
        const start = Math.floor(uniform(seed, String(n), 'start') * content.length)
        const end = Math.min(content.length, start + Math.floor(uniform(seed, String(n), 'length') * 3_000_000))
        const read = Buffer.from(await reader.read(start, end))
        expect(read.equals(content.subarray(start, end)), `seed ${seed}, bytes ${start} to ${end}`).toBe(true)
      }
      expect(server.mostInFlight).toBeLessThanOrEqual(4)
      await reader.close()
    }
  })

  it('goes on after a stall', async () => {
    const { server, at } = await serve({ script: ({ count }) => (count === 0 ? { stallAfter: 400_000 } : undefined) })
    const file = at('/data.bin', { timeouts: { idleMs: 100 } })
    expect((await all(file.bytes())).equals(content)).toBe(true)
    expect(server.seen).toHaveLength(2)
  })

  it('is corrupt where its ETag, its date or its size changes on the way', async () => {
    for (const change of [{ etag: '"new"' }, { contentRange: `bytes 50000-${content.length}/${content.length + 1}` }]) {
      const { file } = await serve({ script: ({ count }) => (count === 0 ? { cutAfter: 50_000 } : change) })
      const error = await all(file.bytes()).catch((thrown) => thrown)
      expect(error).toBeInstanceOf(CorruptInputError)
      expect(error.message).toMatch(/data.bin: it changed while being read/)
    }
  })

  it('closes its connection when the reader stops', async () => {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => {}).resume())
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nabc')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    for await (const piece of remoteFile({ url: new URL(`http://127.0.0.1:${port}/`), name: 'x' }).bytes()) {
      expect(Buffer.from(piece).toString()).toBe('abc')
      break
    }
    const [socket] = sockets
    await new Promise((resolve) => (socket!.closed ? resolve(true) : socket!.once('close', resolve)))
    server.close()
  })

  it('stops with the reason of its signal', async () => {
    const { file } = await serve({ script: () => ({ stallAfter: 10 }) })
    const stop = new AbortController()
    const pieces = file.bytes(0, undefined, stop.signal)
    await pieces.next()
    const next = pieces.next()
    stop.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
  })
})

describe('ranges of a remote file', () => {
  it('are the bytes at their place, large or small, and bounded in number', async () => {
    const { server, file } = await serve()
    const reader = await openRanges(file)
    expect(reader.size).toBe(content.length)
    const spans = [
      [0, 0],
      [0, 10],
      [5_999_990, 6_000_000],
      [524_287, 524_289],
      [100, 5_500_000],
      [0, 6_000_000],
      [600_000, 2_300_000],
    ] as const
    const read = await Promise.all(spans.map(([start, end]) => reader.read(start, end)))
    for (const [index, [start, end]] of spans.entries()) {
      expect(Buffer.from(read[index]!).equals(content.subarray(start, end))).toBe(true)
    }
    expect(server.mostInFlight).toBeLessThanOrEqual(4)
    expect(server.mostInFlight).toBeGreaterThan(1)
    await reader.close()
  })

  it('share blocks, and are fetched ahead where reads go on', async () => {
    const { server, file } = await serve()
    const reader = await openRanges(file)
    for (let at = 0; at < content.length; at += 10_000) {
      expect(Buffer.from(await reader.read(at, at + 10_000)).equals(content.subarray(at, at + 10_000))).toBe(true)
    }
    // The first byte, then each block of 512 KiB once.
    expect(server.seen).toHaveLength(1 + Math.ceil(content.length / 524_288))
    expect(new Set(server.seen.map(({ range }) => range)).size).toBe(server.seen.length)
    await reader.close()
  })

  it('use their connections again', async () => {
    const { server, file } = await serve()
    const reader = await openRanges(file)
    for (const at of [0, 1_100_000, 2_200_000, 3_300_000, 4_400_000, 5_500_000]) await reader.read(at, at + 10)
    expect(server.seen).toHaveLength(7)
    expect(new Set(server.seen.map(({ connection }) => connection)).size).toBeLessThanOrEqual(2)
    expect(server.seen.every(({ headers }) => headers['accept-encoding'] === 'identity')).toBe(true)
    await reader.close()
  })

  it('are tried again after a 503, a cut, a reset and a wrong Content-Range', async () => {
    const faults = [
      { status: 503, headers: { 'retry-after': '2' } },
      { cutAfter: 1000 },
      { cutAfter: 0 },
      { contentRange: 'bytes 0-9/6000000' },
      { contentRange: 'bytes 7-1/6000000' },
    ]
    const { clock, file } = await serve({ script: ({ count }) => (count > 0 ? faults[count - 1] : undefined) })
    const reader = await openRanges(file)
    expect(Buffer.from(await reader.read(1_100_000, 1_200_000)).equals(content.subarray(1_100_000, 1_200_000))).toBe(
      true,
    )
    expect(clock.slept).toHaveLength(5)
    expect(clock.slept[0]).toBeGreaterThanOrEqual(2000)
    await reader.close()
  })

  it('are refused where the Content-Range stays wrong', async () => {
    const { file } = await serve({
      script: ({ count }) => (count > 0 ? { contentRange: 'bytes 1-2/6000000' } : undefined),
    })
    const reader = await openRanges(file)
    await expect(reader.read(0, 10)).rejects.toThrow(/wrong range.*bytes 1-2/)
  })

  it('are corrupt where the file changes between two of them', async () => {
    const { file } = await serve({ script: ({ count }) => (count > 1 ? { etag: '"other"' } : undefined) })
    const reader = await openRanges(file)
    await reader.read(0, 10)
    await expect(reader.read(4_000_000, 4_000_010)).rejects.toThrow(CorruptInputError)
  })

  it('come out of memory where a server has none, and are refused for a large file', async () => {
    const { server, file, at } = await serve({ ranges: false })
    const reader = await openRanges(file)
    expect(Buffer.from(await reader.read(5_000_000, 5_000_100)).equals(content.subarray(5_000_000, 5_000_100))).toBe(
      true,
    )
    expect(server.seen).toHaveLength(2)
    const large = await serve({ ranges: false, files: { '/data.bin': Buffer.alloc(70_000_000) } })
    await expect(openRanges(large.file)).rejects.toThrow(/no ranges.*70000000 bytes/)
    expect((await openRanges(at('/empty'))).size).toBe(0)
  })

  it('of an empty file are none, and beyond the end an error', async () => {
    const { at, file } = await serve()
    const reader = await openRanges(at('/empty'))
    expect((await reader.read(0, 0)).byteLength).toBe(0)
    await expect((await openRanges(file)).read(0, content.length + 1)).rejects.toThrow(CorruptInputError)
  })

  it('end when the reader is closed', async () => {
    const { file } = await serve({ script: ({ count }) => (count > 0 ? { stallAfter: 5 } : undefined) })
    const reader = await openRanges(file)
    const read = reader.read(0, 100)
    await reader.close()
    await expect(read).rejects.toThrow('was closed')
  })
})
