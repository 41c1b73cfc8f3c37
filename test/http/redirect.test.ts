import { describe, expect, it, onTestFinished } from 'vitest'
import { isPrivateAddress } from '../../src/http/private-address.js'
import { nextHop, openFollowing } from '../../src/http/redirect.js'
import { remoteFile } from '../../src/http/remote-file.js'
import { open, readBody } from '../../src/http/request.js'
import { type FilesOptions, startFilesServer } from '../server/files-server.mjs'

async function serve(options: Partial<FilesOptions>) {
  const server = await startFilesServer({ files: { '/file': 'content' }, ...options })
  onTestFinished(() => server.close())
  return server
}

describe('where a redirect may lead', () => {
  const hub = new URL('https://hub.example/file')
  const led = (location: string, start = hub) => nextHop(start, start, location).href

  it('is the same host, or any public host over https', () => {
    expect(led('/other')).toBe('https://hub.example/other')
    expect(led('https://cdn.example/blob?sig=1#x')).toBe('https://cdn.example/blob?sig=1')
    expect(led('//cdn.example/a/')).toBe('https://cdn.example/a/')
  })

  it.each([
    ['http://cdn.example/blob', 'unencrypted'],
    ['http://127.0.0.1/blob', 'unencrypted'],
    ['ftp://cdn.example/blob', 'unencrypted'],
    ['file:///etc/passwd', 'unencrypted'],
    ['https://127.0.0.1/blob', 'private'],
    ['https://localhost/blob', 'private'],
    ['https://2130706433/blob', 'private'],
    ['https://169.254.169.254/latest/meta-data', 'private'],
    ['https://10.1.2.3/blob', 'private'],
    ['https://[::1]/blob', 'private'],
    ['https://[::ffff:192.168.1.1]/blob', 'private'],
    ['https://[fd00::1]/blob', 'private'],
    ['https://', 'no address'],
    ['https://user:password@cdn.example/blob', 'name or password'],
  ])('is not %s', (location, reason) => {
    expect(() => led(location)).toThrow(reason)
  })

  it('stays on this machine, or goes to https, from this machine', () => {
    const local = new URL('http://127.0.0.1:8080/file')
    expect(led('http://localhost:9090/blob', local)).toBe('http://localhost:9090/blob')
    expect(led('https://cdn.example/blob', local)).toBe('https://cdn.example/blob')
    expect(() => led('http://cdn.example/blob', local)).toThrow('not encrypted')
  })

  it('knows private addresses', () => {
    for (const address of [
      '127.9.9.9',
      '0.0.0.0',
      '172.31.0.1',
      '100.64.0.1',
      '::',
      'fe80::1',
      '::ffff:10.0.0.1',
      '255.255.255.255',
    ]) {
      expect(isPrivateAddress(address), address).toBe(true)
    }
    for (const address of ['1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8']) {
      expect(isPrivateAddress(address), address).toBe(false)
    }
  })

  it('is checked once more against what the name of a host leads to', async () => {
    const server = await serve({})
    const url = new URL(`http://localhost:${server.port}/file`)
    await expect(open({ url, publicOnly: true })).rejects.toThrow('private address')
    expect(server.seen).toEqual([])
  })
})

describe('following a redirect', () => {
  it('shows a key to the first host alone', async () => {
    const cdn = await serve({})
    const hub = await serve({
      script: ({ path }) => {
        if (path === '/start') return { status: 302, headers: { location: '/again' } }
        return { status: 307, headers: { location: `http://localhost:${cdn.port}/file` } }
      },
    })
    const start = new URL('/start', hub.url)
    const hostHeaders = { authorization: 'Bearer secret' }
    const { answer, url } = await openFollowing({ start, hostHeaders, headers: { range: 'bytes=0-2' } })
    expect((await readBody(answer, 100)).toString()).toBe('con')
    expect(url.href).toBe(`http://localhost:${cdn.port}/file`)
    expect(hub.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret', 'Bearer secret'])
    expect(cdn.seen.map(({ headers }) => [headers.authorization, headers.range])).toEqual([[undefined, 'bytes=0-2']])
  })

  it('ends after five', async () => {
    const server = await serve({ script: () => ({ status: 301, headers: { location: '/more' } }) })
    await expect(openFollowing({ start: new URL(server.url) })).rejects.toThrow('too many redirects')
    expect(server.seen).toHaveLength(6)
  })

  it('remembers where it was led, until that address stops working', async () => {
    let signature = 1
    const cdn = await serve({
      script: ({ path }) => (path === `/${signature}` ? undefined : { status: 403 }),
      files: { '/1': 'content', '/2': 'content' },
    })
    const hub = await serve({
      script: () => ({ status: 302, headers: { location: `http://localhost:${cdn.port}/${signature}` } }),
    })
    const file = remoteFile({ url: new URL(hub.url), name: 'file' })
    const read = async (start: number, end: number) => {
      let text = ''
      for await (const piece of file.bytes(start, end)) text += Buffer.from(piece).toString()
      return text
    }
    expect([await read(0, 2), await read(2, 4)]).toEqual(['co', 'nt'])
    expect(hub.seen).toHaveLength(1)
    signature = 2
    expect(await read(4, 7)).toBe('ent')
    expect(hub.seen).toHaveLength(2)
  })
})
