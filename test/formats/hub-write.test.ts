import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { writeRows } from '../../src/formats/index.js'
import { createOnHub } from '../../src/formats/places/hub-write.js'
import { EndpointError, RefusedError, UsageError } from '../../src/stream/errors.js'
import { sluice } from '../cli/sluice.js'
import { type HubOptions, startHubServer } from '../server/hub-server.mjs'
import { errorOf, inBatches, rowsAt, scratch } from './shards.js'

const first = 'a'.repeat(40)
const token = 'hf_CANARY12345'
const address = 'hf://datasets/us/prose/data/train.parquet'
const rows = [
  { n: 1, text: 'é' },
  { n: 2, text: null },
]

async function serve(options: Partial<HubOptions> = {}) {
  const branches: Record<string, string> = { main: first, 'refs/pr/1': first }
  const commits: HubOptions['commits'] = { [first]: { 'README.md': '# Data' } }
  const server = await startHubServer({ repository: 'us/prose', commits, branches, token, ...options })
  onTestFinished(() => server.close())
  vi.stubEnv('HF_ENDPOINT', server.url)
  const files = () => Object.keys(commits[branches.main!]!).sort()
  return { ...server, branches, commits, files }
}

const write = (path: string) => writeRows(path)(inBatches(rows))

beforeEach(async () => {
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('HF_HOME', await scratch())
  for (const name of ['HUGGING_FACE_HUB_TOKEN', 'HF_TOKEN_PATH']) vi.stubEnv(name, '')
  vi.stubEnv('HF_TOKEN', token)
})

describe('a file written to the hub', () => {
  it('is one commit of one large file, and reads back the same', async () => {
    const { commits, branches, uploads, files } = await serve()
    expect(await write(address)).toMatchObject({ rows: 2 })
    expect(Object.keys(commits)).toHaveLength(2)
    expect(files()).toEqual(['README.md', 'data/train.parquet'])
    expect(uploads.seen).toHaveLength(1)
    const content = commits[branches.main!]!['data/train.parquet']!
    expect(uploads.seen[0]!.path).toBe(`/objects/${createHash('sha256').update(content).digest('hex')}`)
    expect(await rowsAt(address)).toEqual(rows)
  })

  it('comes by the command line, from one place to another', async () => {
    const { commits } = await serve()
    await write(address)
    const copy = 'hf://datasets/us/prose/a b/#copy.jsonl'
    const { code, stderr } = await sluice(['convert', address, '-o', copy])
    expect(code, stderr).toBe(0)
    expect(await rowsAt(copy)).toEqual(rows)
    expect(Object.keys(commits)).toHaveLength(3)
  })

  it('lies in git itself where the hub wants it there, empty or not', async () => {
    const { uploads, commits, branches } = await serve()
    await write('hf://datasets/us/prose@main/small.jsonl')
    await writeRows('hf://datasets/us/prose/none.jsonl')(inBatches([]))
    expect(uploads.seen).toEqual([])
    expect([...uploads.inGit]).toEqual(['small.jsonl', 'none.jsonl'])
    expect(String(commits[branches.main!]!['small.jsonl'])).toBe('{"n":1,"text":"é"}\n{"n":2,"text":null}\n')
  })

  it('goes to the branch that is named', async () => {
    const { branches } = await serve()
    await write('hf://datasets/us/prose@refs/pr/1/data/train.parquet')
    expect(branches.main).toBe(first)
    expect(await rowsAt('hf://datasets/us/prose@refs/pr/1/data/train.parquet')).toEqual(rows)
  })

  it('goes up in parts where the hub says so, and the same bytes are not sent twice', async () => {
    const { uploads, commits, branches } = await serve({ upload: { chunkBytes: 1 << 20 } })
    const block = Buffer.from(Array.from({ length: 700_001 }, (_, n) => n * 31))
    const send = async (path: string) => {
      const output = await createOnHub(path)
      for (let n = 0; n < 5; n++) await output.write(block)
      await output.commit()
      expect(output.bytes).toBe(5 * block.length)
    }
    await send('hf://datasets/us/prose/a.parquet')
    expect(uploads.seen.map(({ bytes }) => bytes)).toEqual([1 << 20, 1 << 20, 1 << 20, 3500005 - 3 * (1 << 20)])
    await send('hf://datasets/us/prose/b.parquet')
    expect(uploads.seen).toHaveLength(4)
    const { 'a.parquet': a, 'b.parquet': b } = commits[branches.main!]!
    expect(Buffer.concat(Array(5).fill(block)).equals(a as Buffer)).toBe(true)
    expect((b as Buffer).equals(a as Buffer)).toBe(true)
  })

  it('makes no commit where the branch has it already', async () => {
    const { commits } = await serve()
    for (let n = 0; n < 2; n++) {
      await write(address)
      await write('hf://datasets/us/prose/small.jsonl')
    }
    expect(Object.keys(commits)).toHaveLength(3)
  })

  it('shows the token to the hub and not to its storage', async () => {
    const { seen, uploads } = await serve({ upload: { chunkBytes: 300 } })
    await write(address)
    expect(seen.every(({ authorization }) => authorization === `Bearer ${token}`)).toBe(true)
    expect(uploads.seen.length).toBeGreaterThan(1)
    for (const { headers } of uploads.seen) expect(JSON.stringify(headers)).not.toContain(token)
  })

  it('waits in no file that anybody sees, and nothing of it is left', async () => {
    const { branches } = await serve()
    const temporary = await scratch()
    vi.stubEnv('TMPDIR', temporary)
    const output = await createOnHub(address)
    await output.write(Buffer.from('x'))
    expect(await readdir(temporary)).toEqual([])
    await output.abort()
    await output.abort()
    expect(branches.main).toBe(first)
  })
})

describe('a write to the hub that meets faults', () => {
  it('is one commit in spite of errors that pass, at the hub and at its storage', async () => {
    const faults = [503, 429, 500, 502]
    const { commits, uploads } = await serve({
      script: ({ count }) => (count % 3 === 0 ? faults[(count / 3) % 4] : undefined),
      upload: { chunkBytes: 300, storageScript: ({ count }) => (count % 2 === 0 ? 503 : undefined) },
    })
    await write(address)
    expect(uploads.seen.length).toBeGreaterThan(2)
    expect(Object.keys(commits)).toHaveLength(2)
    expect(await rowsAt(address)).toEqual(rows)
  }, 30_000)

  it('is committed once where the answer is lost', async () => {
    const { commits, seen } = await serve({ upload: { lostAnswers: 1 } })
    await write(address)
    expect(Object.keys(commits)).toHaveLength(2)
    expect(seen.filter(({ path }) => path.includes('/commit/'))).toHaveLength(1)
  })

  it('is committed on top of what others commit meanwhile', async () => {
    const { commits, files } = await serve({ upload: { moves: 2 } })
    await write(address)
    expect(files()).toEqual(['README.md', 'data/train.parquet', 'other.md'])
    expect(Object.keys(commits)).toHaveLength(4)
  }, 30_000)

  it.each([409, 403])(
    'ends where the hub answers a commit with %i for good',
    async (status) => {
      const { branches } = await serve({ script: ({ path }) => (path.includes('/commit/') ? status : undefined) })
      const error = await errorOf(() => write(address))
      expect(error).toBeInstanceOf(status === 403 ? RefusedError : EndpointError)
      expect(error.message).toContain(`Cannot write hf://datasets/us/prose@main/data/train.parquet: status ${status}`)
      expect(branches.main).toBe(first)
    },
    60_000,
  )

  it('ends where the storage refuses, without blaming the token', async () => {
    await serve({ upload: { storageScript: () => 403 } })
    const error = await errorOf(() => write(address))
    expect(error).toBeInstanceOf(RefusedError)
    expect(error.message).toContain('storage fault')
    expect(error.fix).not.toContain('HF_TOKEN')
  })

  it.each(['http://example.com/objects/1', 'ftp://localhost/1', 'http://a:b@localhost/1', 'nowhere://'])(
    'ends where it is to be sent to %s',
    async (wrongHref) => {
      const { branches } = await serve({ upload: { wrongHref } })
      expect((await errorOf(() => write(address))).name).toMatch(/EndpointError|UsageError/)
      expect(branches.main).toBe(first)
    },
  )
})

describe('a write to the hub that cannot be', () => {
  it('wants a token, and repeats none', async () => {
    const { seen } = await serve()
    vi.stubEnv('HF_TOKEN', '')
    const none = await errorOf(() => write(address))
    expect(none).toBeInstanceOf(UsageError)
    expect(none.fix).toContain('HF_TOKEN')
    expect(seen).toEqual([])
    vi.stubEnv('HF_TOKEN', 'hf_WRONGCANARY')
    const wrong = await errorOf(() => write(address))
    expect(wrong).toBeInstanceOf(RefusedError)
    expect(wrong.message).not.toMatch(/CANARY/)
    expect(wrong.fix).toMatch(/write/)
  })

  it('says how to make the data set before a row is read', async () => {
    await serve()
    for (const missing of ['hf://datasets/us/none/a.parquet', 'hf://datasets/us/prose@none/a.parquet']) {
      let asked = false
      const source = (async function* () {
        asked = true
        yield rows
      })()
      const error = await errorOf(() => writeRows(missing)(source))
      expect(error).toBeInstanceOf(UsageError)
      expect(error.fix).toMatch(/\/new-dataset/)
      expect(asked).toBe(false)
    }
  })

  it.each([
    'hf://datasets/us/prose',
    `hf://datasets/us/prose@${first}/a.parquet`,
    'hf://datasets/us/prose/../a.parquet',
  ])('is a usage error for %s', async (path) => {
    const { seen } = await serve()
    expect(await errorOf(() => createOnHub(path))).toBeInstanceOf(UsageError)
    expect(seen).toEqual([])
  })

  it('is a usage error where the folder is full or the file is ignored', async () => {
    const entries = Array.from({ length: 10_000 }, (_, n) => ({ type: 'file', path: `data/${n}.parquet`, size: 1 }))
    await serve({ entries, pageSize: 10_000 })
    const full = await errorOf(() => write(address))
    expect(full).toBeInstanceOf(UsageError)
    expect(full.message).toContain('holds 10000 entries')
    await serve({ upload: { ignored: ['data/train.parquet'] } })
    expect((await errorOf(() => write(address))).message).toContain('.gitignore')
  })
})
