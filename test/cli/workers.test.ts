import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeProseShards } from '../prose.js'
import { startOpenAiServer } from '../server/openai-server.mjs'
import { sluice, startSluice } from './sluice.js'

let folder: string
let corpus: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-workers-'))
  corpus = join(folder, 'corpus')
  await writeProseShards(corpus, 5, 60)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const at = (name: string) => join(folder, name)
const select = (out: string, ...flags: string[]) =>
  sluice(['select', corpus, '-n', '40', '--seed', '7', '-q', '-o', at(out), ...flags])
const rowsOf = (out: string) => readFile(join(at(out), 'data', 'train-00000-of-00001.parquet'))

describe('--workers', () => {
  it('gives the same bytes for one thread and for three', async () => {
    for (const workers of ['1', '3']) {
      expect(await select(`by-${workers}`, '--workers', workers)).toMatchObject({ code: 0 })
    }
    expect((await rowsOf('by-3')).equals(await rowsOf('by-1'))).toBe(true)
  })

  it('gives the same bytes after a stop in the middle, gone on with by one thread', async () => {
    const { child, finished } = startSluice([
      'select',
      corpus,
      '-n',
      '40',
      '--seed',
      '7',
      '-o',
      at('stopped'),
      '--workers',
      '2',
    ])
    const manifest = join(at('stopped'), '.sluice', 'manifest.jsonl')
    const lines = () => {
      try {
        return readFileSync(manifest, 'utf8').split('\n').length - 1
      } catch {
        return 0
      }
    }
    while (lines() < 3 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5))
    child.kill('SIGINT')
    expect([0, 130]).toContain((await finished).code)
    expect(await select('stopped')).toMatchObject({ code: 0 })
    expect((await rowsOf('stopped')).equals(await rowsOf('by-1'))).toBe(true)
  })

  it('tells of a shard that does not decode as one thread does, and leaves nothing half done', async () => {
    const bad = at('bad')
    await writeProseShards(bad, 3, 20)
    await appendFile(join(bad, 'shard-1.jsonl'), '\n{"text": ')
    const run = (workers: string) =>
      sluice(['select', bad, '-n', '5', '-q', '-o', at(`bad-${workers}`), '--workers', workers, '--keep', 'light'])
    const [one, two] = [await run('1'), await run('2')]
    expect(two.code).toBe(3)
    expect(two.stderr).toBe(one.stderr)
  })

  it('embeds side by side too, and refuses a number that is none', async () => {
    const embed = (out: string, workers: string) =>
      sluice(['embed', corpus, '-q', '-o', at(out), '--precision', 'int8', '--workers', workers])
    expect(await embed('vectors-1', '1')).toMatchObject({ code: 0 })
    expect(await embed('vectors-2', '2')).toMatchObject({ code: 0 })
    expect((await rowsOf('vectors-2')).equals(await rowsOf('vectors-1'))).toBe(true)
    expect(await embed('vectors-0', '0')).toMatchObject({ code: 2 })
  })

  it.each([
    ['dedup', '--by', 'minhash'],
    ['dedup', '--by', 'semantic', '--threshold', '0.8'],
    ['filter', '--rules', 'gopher-quality,length', '--min-chars', '200'],
  ])('gives the same bytes of %s %s %s', async (verb, ...flags) => {
    const name = `${verb}-${flags[1]!.slice(0, 8)}`
    for (const workers of ['1', '2']) {
      const done = await sluice([verb, corpus, '-q', '-o', at(`${name}-${workers}`), '--workers', workers, ...flags])
      expect(done).toMatchObject({ code: 0 })
    }
    for (const file of ['data/train-00000-of-00001.parquet', 'rejects.parquet']) {
      const [one, two] = [await readFile(join(at(`${name}-1`), file)), await readFile(join(at(`${name}-2`), file))]
      expect(two.equals(one)).toBe(true)
    }
  })

  it('asks an endpoint no more at once than one thread would', async () => {
    const server = await startOpenAiServer({ latencyMs: 50 })
    const texts = at('many')
    await writeProseShards(texts, 12, 300)
    const done = await sluice([
      ...['embed', texts, '-q', '-o', at('asked'), '--workers', '2', '--concurrency', '4'],
      ...['--embedder', 'openai:toy', '--embedder-endpoint', server.url],
    ])
    await server.close()
    expect(done).toMatchObject({ code: 0 })
    expect(server.mostInFlight).toBeGreaterThan(1)
    expect(server.mostInFlight).toBeLessThanOrEqual(4)
  })

  it('takes its number from a config file as well', async () => {
    await writeFile(at('config.yaml'), 'workers: 2\nselect: 40\nseed: 7\n')
    const done = await sluice(['select', corpus, '-q', '-o', at('configured'), '--config', at('config.yaml')])
    expect(done).toMatchObject({ code: 0 })
    expect((await rowsOf('configured')).equals(await rowsOf('by-1'))).toBe(true)
  })

  it('tells of a disk that takes no more from a thread as of one that takes no more at all', async () => {
    const long = at('long')
    await writeProseShards(long, 2, 600)
    const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
    const words = ['select', long, '-n', '5', '-q', '-o', at('no-room'), '--workers', '2', '--coreset-rows', '64']
    const limited = await promisify(execFile)('bash', [
      ...['-c', 'ulimit -f 120 && exec "$0" "$@"', process.execPath, cli, ...words],
    ]).catch((error) => error)
    expect(limited).toMatchObject({ code: 6, stderr: expect.stringMatching(/^error E_DISK: Cannot write .*EFBIG/) })
  })
})
