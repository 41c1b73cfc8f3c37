import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { writeRows } from '../../src/formats/index.js'
import { sluice } from '../cli/sluice.js'
import { paragraph } from '../prose.js'
import { collect, errorOf, inBatches, rowsAt, scratch } from './shards.js'

// The process that decodes is a built file, so the built library is what is tested.
const built = new URL('../../dist/formats/index.js', import.meta.url).href
const { describeShard, readShard } = (await import(built)) as typeof import('../../src/formats/index.js')
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const fixtures = join(import.meta.dirname, '../../fixtures/shards')
const hasProc = existsSync('/proc/self/stat')

/** The processes that `parent` has started and that are still there. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${Number(name)}/stat`, 'utf8')
      const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return state !== 'Z' && Number(ppid) === parent ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

function isThere(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]![0] !== 'Z'
  } catch {
    return false
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (let n = 0; n < 200 && !holds(); n++) await delay(50)
  expect(holds()).toBe(true)
}

async function manyRows(): Promise<{ path: string; format: string }> {
  const path = join(await scratch(), 'many.parquet')
  const rows = Array.from({ length: 40_000 }, (_, n) => ({ n, text: paragraph(`${n % 1000}`) }))
  await writeRows(path)(inBatches(rows, 1000))
  return { path, format: 'parquet' }
}

describe('a shard decoded in another process', () => {
  it.each(['flat-zstd.parquet', 'nested-pages-2.0.parquet', 'both-zstd.arrow', 'windows.jsonl'])(
    'has the same rows and says the same of itself: %s',
    async (name) => {
      const path = join(fixtures, name)
      const shard = { path, format: name.split('.').at(-1)! }
      expect(await collect(readShard(shard, { isolate: true }))).toEqual(await rowsAt(path))
      expect(await describeShard(shard, { isolate: true })).toEqual(await describeShard(shard))
      const range = { rows: { start: 2, end: 3 } }
      expect(await collect(readShard(shard, { ...range, isolate: true }))).toEqual(await rowsAt(path, range))
      const only = { only: [0, 2] }
      expect(await collect(readShard(shard, { ...only, isolate: true }))).toEqual(await rowsAt(path, only))
    },
  )

  it('keeps bytes, dates, big numbers and a key called __proto__ as they are', async () => {
    const text = '{"v":{"__proto__":{"a":1},"n":1}}\n'
    const path = join(await scratch({ 'a.jsonl': text }), 'a.jsonl')
    const [row] = await collect(readShard({ path, format: 'jsonl' }, { isolate: true }))
    const { v } = row as { v: object }
    expect(Object.keys(v)).toEqual(['__proto__', 'n'])
    expect(Object.getPrototypeOf(v)).toBe(Object.prototype)
  })

  it('gives the errors that reading it here gives', async () => {
    const folder = await scratch({ 'a.parquet': 'no Parquet', 'b.jsonl': '{"n":1}' })
    const broken = { path: join(folder, 'a.parquet'), format: 'parquet' }
    for (const work of [
      () => collect(readShard(broken, { isolate: true })),
      () => describeShard(broken, { isolate: true }),
    ]) {
      const error = await errorOf(work)
      expect(error).toMatchObject({ name: 'CorruptInputError', exitCode: 3 })
      expect(error.message).toBe((await errorOf(() => collect(readShard(broken)))).message)
    }
    const lacks = { path: join(folder, 'b.jsonl'), format: 'jsonl' }
    const error = await errorOf(() => collect(readShard(lacks, { columns: ['m'], isolate: true })))
    expect(error).toMatchObject({ name: 'UsageError', fix: expect.stringContaining('Its columns are: n.') })
  })

  it('is a corrupt input where the process runs out of memory', async () => {
    const line = `{"a":[${'"x",'.repeat(3_000_000)}"x"]}\n`
    const path = join(await scratch({ 'a.jsonl': line }), 'a.jsonl')
    const limits = { heapBytes: 20 << 20 }
    const error = await errorOf(() => collect(readShard({ path, format: 'jsonl' }, { isolate: true, limits })))
    expect(error).toMatchObject({ name: 'CorruptInputError' })
    expect(error.message).toMatch(/a\.jsonl: the process that decoded it died of it \(SIG\w+, FATAL ERROR: .*memory/)
    expect(error.fix).toContain('--limit-heap-bytes')
  })
})

describe.skipIf(!hasProc)('the process that decodes (skipped where there is no /proc)', () => {
  it.each(['SIGSEGV', 'SIGABRT'] as const)('is heard of when it dies of %s', async (signal) => {
    const shard = await manyRows()
    const before = childrenOf(process.pid)
    const rows = readShard(shard, { isolate: true })[Symbol.asyncIterator]()
    await rows.next()
    for (const pid of childrenOf(process.pid)) if (!before.includes(pid)) process.kill(pid, signal)
    const error = await errorOf(async () => {
      while (!(await rows.next()).done);
    })
    expect(error).toMatchObject({ name: 'CorruptInputError' })
    expect(error.message).toContain(`many.parquet: the process that decoded it died of it (${signal}`)
  })

  it('is ended when it says nothing for as long as a row group may take', async () => {
    const shard = await manyRows()
    const before = childrenOf(process.pid)
    const rows = readShard(shard, { isolate: true, limits: { groupMs: 4000 } })[Symbol.asyncIterator]()
    await rows.next()
    const [child] = childrenOf(process.pid).filter((pid) => !before.includes(pid))
    process.kill(child!, 'SIGSTOP')
    const error = await errorOf(async () => {
      while (!(await rows.next()).done);
    })
    expect(error).toMatchObject({ name: 'CorruptInputError' })
    expect(error.fix).toContain('--limit-group-ms')
    expect(isThere(child!)).toBe(false)
  })

  it('is ended by an abort, and where nobody wants more rows', async () => {
    const shard = await manyRows()
    const before = childrenOf(process.pid)
    const started = () => childrenOf(process.pid).filter((pid) => !before.includes(pid))
    const stop = new AbortController()
    const error = await errorOf(async () => {
      for await (const _ of readShard(shard, { isolate: true, signal: stop.signal })) stop.abort(new Error('enough'))
    })
    expect(error.message).toBe('enough')
    expect(started()).toEqual([])
    for await (const _ of readShard(shard, { isolate: true })) break
    expect(started()).toEqual([])
  })

  it('is used again for the next shard', async () => {
    const before = childrenOf(process.pid)
    const pids = new Set<number>()
    for (const name of ['flat-zstd.parquet', 'flat-none.parquet', 'flat-gzip.parquet']) {
      await collect(readShard({ path: join(fixtures, name), format: 'parquet' }, { isolate: true }))
      for (const pid of childrenOf(process.pid)) if (!before.includes(pid)) pids.add(pid)
    }
    expect(pids.size).toBe(1)
  })

  it('does not outlive its parent, however that ends', async () => {
    const out = join(await scratch(), 'out.jsonl')
    const parent = spawn(process.execPath, [cli, 'convert', '-', '--from', 'jsonl', '-o', out, '--isolate'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    parent.stdin.on('error', () => {})
    parent.stdin.write('{"n":1}\n')
    await until(() => childrenOf(parent.pid!).length === 1)
    const [child] = childrenOf(parent.pid!)
    parent.kill('SIGKILL')
    await until(() => !isThere(child!))
  })

  it('lets Ctrl-C be an interruption, also while nothing comes', async () => {
    const out = join(await scratch(), 'out.jsonl')
    for (const isolate of [['--isolate'], []]) {
      const parent = spawn(process.execPath, [cli, 'convert', '-', '--from', 'jsonl', '-o', out, ...isolate], {
        stdio: ['pipe', 'ignore', 'pipe'],
        detached: true,
      })
      parent.stdin.on('error', () => {})
      parent.stdin.write('{"n":1}\n')
      await until(() => readdirSync(join(out, '..')).length === 1)
      const ended = new Promise((resolve) => parent.on('close', resolve))
      // To the whole group, as a terminal does.
      process.kill(-parent.pid!, 'SIGINT')
      expect(await ended).toBe(130)
    }
  })
})

describe('--isolate', () => {
  it('goes on after a shard that ends the process, with --on-bad-shard skip', async () => {
    const folder = await scratch({
      'a.jsonl': `{"a":[${'{"b":1},'.repeat(2_000_000)}1]}\n`,
      'b.jsonl': '{"n":1}\n{"n":2}\n',
    })
    const out = join(folder, 'out.csv')
    const args = ['convert', join(folder, '*.jsonl'), '-o', out, '--isolate', '--limit-heap-bytes', '20mb']
    const failed = await sluice(args)
    expect(failed.code, failed.stderr).toBe(3)
    expect(failed.stderr).toContain('a.jsonl: the process that decoded it died of it')
    const { code, stderr } = await sluice([...args, '--on-bad-shard', 'skip'])
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('1 shard left out.')
    expect(readFileSync(out, 'utf8')).toBe('n\n1\n2\n')
  })

  it('serves every verb that reads shards, and stdin', async () => {
    const folder = await scratch({ 'a.jsonl': '{"n":1,"text":"x"}\n' })
    await writeFile(join(folder, 'b.jsonl'), '{"n":2,"text":"y"}\n')
    const head = await sluice(['head', '-', '--isolate'], { stdin: '{"n":1}\n{"n":2}\n' })
    expect(head).toMatchObject({ code: 0, stdout: '{"n":1}\n{"n":2}\n' })
    expect((await sluice(['stats', folder, '--full', '--isolate'])).stdout).toMatch(/2 shards/)
    const select = await sluice([
      'select',
      folder,
      '-o',
      `${await scratch()}/picked.jsonl`,
      '-n',
      '1',
      '--isolate',
      '--json',
    ])
    expect(select.code, select.stderr).toBe(0)
    expect(JSON.parse(select.stdout).tally).toMatchObject({ in: 2, out: 1 })
  })
})
