import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeRows } from '../../src/formats/index.js'
import { paragraph, writeProseShards } from '../prose.js'
import { type OpenAiServer, startOpenAiServer } from '../server/openai-server.mjs'
import { type Finished, sluice } from './sluice.js'

let folder: string
let corpus: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-errors-'))
  corpus = join(folder, 'corpus')
  await writeProseShards(corpus, 2, 60)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** One plain error: what, where, how to mend it, the right exit code, and no stack trace. */
function expectPlainError({ code, stdout, stderr }: Finished, exitCode: number, says: readonly (string | RegExp)[]) {
  for (const text of says) expect(stderr).toMatch(text)
  expect(code).toBe(exitCode)
  expect(stderr.match(/error E_/g)).toHaveLength(1)
  expect(stderr).not.toMatch(/\n\s+at |node:internal|\bundefined\b|\[object/)
  expect(stdout).toBe('')
}

let runs = 0
const select = (inputs: string[], ...more: string[]) =>
  sluice(['run', 'select', ...inputs, '-o', join(folder, `out-${runs++}`), '--select', '10', '-q', ...more])

describe('an address for an output that is written here', () => {
  it.each([['run', 'reinstruct'], ['run', 'select'], ['select'], ['dedup'], ['filter'], ['embed']])(
    'is refused by `%s`, and no folder of that name is made',
    async (...verb) => {
      const cwd = await mkdtemp(join(folder, 'cwd-'))
      for (const out of ['s3://bucket/picked.parquet', 'hf://datasets/us/prose/out']) {
        const finished = await sluice([...verb, corpus, '-o', out], { cwd })
        expectPlainError(finished, 2, [`on this machine, got ${out}`, /fix:.*sluice convert/])
      }
      expect(await readdir(cwd)).toEqual([])
    },
    60_000,
  )
})

describe('bad input', () => {
  it('names a file that is not there', async () => {
    expectPlainError(await select([join(folder, 'nope.parquet')]), 2, [/No such file.*nope\.parquet/, /fix:/])
  })

  it('suggests the column that was meant, and lists the columns', async () => {
    expectPlainError(await select([corpus], '--text-column', 'txt'), 2, [/`txt`/, /`text`/, /fix:/])
  })

  it('leaves no output folder behind when it refuses at once', async () => {
    await select([corpus], '--text-column', 'txt')
    expect(await stat(join(folder, `out-${runs - 1}`)).catch(() => 'absent')).toBe('absent')
  })

  it('says so when every shard is empty', async () => {
    const empty = join(folder, 'empty.jsonl')
    await writeFile(empty, '')
    expectPlainError(await select([empty]), 2, [/no rows/, /empty\.jsonl/])
  })

  it('reads an empty shard among others as no rows', async () => {
    const mixed = join(folder, 'mixed')
    await mkdir(mixed)
    await writeProseShards(mixed, 1, 40)
    await writeFile(join(mixed, 'zero.jsonl'), '')
    const { code } = await sluice(['run', 'select', mixed, '-o', join(folder, 'mixed-out'), '--select', '10', '-q'])
    expect(code).toBe(0)
  })

  it('names a truncated Parquet file', async () => {
    const whole = join(folder, 'whole.parquet')
    await writeRows(whole)(rows())
    const bytes = await import('node:fs/promises').then((fs) => fs.readFile(whole))
    for (const [name, cut] of [
      ['tail', bytes.length - 20],
      ['half', bytes.length >> 1],
    ] as const) {
      const broken = join(folder, `${name}.parquet`)
      await writeFile(broken, bytes.subarray(0, cut))
      expectPlainError(await select([broken]), 3, [new RegExp(`${name}\\.parquet`)])
    }
    async function* rows() {
      yield Array.from({ length: 50 }, (_, n) => ({ text: paragraph(`t${n}`) }))
    }
  })

  it('names the line of a JSONL file that is not JSON', async () => {
    const bad = join(folder, 'bad.jsonl')
    await writeFile(bad, `{"text":"${paragraph('x')}"}\n{"text": oops}\n`)
    expectPlainError(await select([bad]), 3, [/bad\.jsonl:2/])
  })

  it('names a folder that cannot be written', async () => {
    const file = join(folder, 'a-file')
    await writeFile(file, '')
    const run = await sluice(['run', 'select', corpus, '-o', join(file, 'out'), '-q'])
    expectPlainError(run, 6, [/a-file/, /fix:/])
    const out = join(file, 'picked.parquet')
    expectPlainError(await sluice(['select', corpus, '-n', '5', '-o', out]), 6, [out, /fix:/])
    expectPlainError(await sluice(['convert', corpus, '-o', out]), 6, [out, /fix:/])
    const pulled = await sluice(['models', 'pull', 'smollm2'], { env: { XDG_CACHE_HOME: file } })
    expectPlainError(pulled, 6, [/a-file/, /fix:/])
  })
})

describe('wrong usage', () => {
  it('writes no colours into a pipe, in CI either, unless they are forced', async () => {
    for (const env of [{ CI: 'true' }, { TERM: 'dumb' }, { FORCE_COLOR: '1', NO_COLOR: '1' }]) {
      // Not the first line: Node 22 and 24 say before it that of two contrary settings they take one.
      const { stderr } = await sluice(['head', 'nowhere'], { env })
      expect(stderr).toMatch(/^error E_USAGE: No such file or folder/m)
      expect(stderr).not.toContain('\u001b')
    }
    const forced = await sluice(['head', 'nowhere'], { env: { FORCE_COLOR: '1' } })
    expect(forced.stderr).toContain('\u001b[31merror E_USAGE:')
  })

  it('suggests a verb, a recipe, a flag and a choice', async () => {
    expectPlainError(await sluice(['slect']), 2, [/slect/, /select/])
    expectPlainError(await sluice(['run', 'reinstrut', 'x']), 2, [/reinstruct/])
    expectPlainError(await select([corpus], '--sed', '1'), 2, [/--sed/, /--seed/])
    expectPlainError(await select([corpus], '--inside', 'middle'), 2, [/random, nearest, farthest/])
    expectPlainError(await select([corpus], '--alpha', '3'), 2, [/--alpha/])
  })

  it('refuses numbers out of bounds before any work', async () => {
    for (const [flag, value] of [
      ['--concurrency', '0'],
      ['--max-failed', '200'],
    ] as const) {
      const run = await sluice(['run', 'reinstruct', corpus, '-o', join(folder, 'n'), '--model', 'x', flag, value])
      expectPlainError(run, 2, [flag])
    }
    expectPlainError(await sluice(['convert', corpus, '-o', join(folder, 'n'), '--shard-rows', '0']), 2, [
      /--shard-rows/,
    ])
    expectPlainError(await sluice(['head', corpus, '--columns', '']), 2, [/columns/])
    const select = ['select', corpus, '-n', '5', '-o', join(folder, 'n.parquet'), '--max-memory', '512']
    expectPlainError(await sluice(select), 2, [/--max-memory to be a size of at least 1048576 bytes/, /512mb/])
    const filter = ['filter', corpus, '-o', join(folder, 'n'), '--min-chars', '50', '--max-chars', '40']
    expectPlainError(await sluice(filter), 2, [/--min-chars.*more than --max-chars/])
  })

  it('never writes shards over its own input or over anything else', async () => {
    const parts = join(folder, 'parts')
    expect((await sluice(['convert', corpus, '-o', parts, '--shard-rows', '40', '-q'])).code).toBe(0)
    expect(await readdir(parts)).toEqual([0, 1, 2].map((shard) => `train-0000${shard}-of-00003.parquet`))
    expectPlainError(await sluice(['convert', parts, '-o', parts, '--shard-rows', '10']), 2, [/not empty/])
    expect(await readdir(parts)).toHaveLength(3)
  })

  it('never writes a file over one that it reads, by whatever path', async () => {
    const own = join(folder, 'own')
    await mkdir(own)
    await writeProseShards(own, 1, 40)
    const shard = join(own, 'shard-0.jsonl')
    await symlink(shard, join(folder, 'other-name.jsonl'))
    const before = await readFile(shard)
    for (const out of [shard, join(folder, 'other-name.jsonl')]) {
      expectPlainError(await sluice(['convert', own, '-o', out]), 2, [/is one of the inputs/, /another file/])
      expectPlainError(await sluice(['select', shard, '-n', '5', '-o', out]), 2, [/is one of the inputs/])
    }
    expect((await readFile(shard)).equals(before)).toBe(true)
    expect(await readdir(own)).toEqual(['shard-0.jsonl'])
  })

  it('refuses an output inside its input, and stdout for a folder', async () => {
    expectPlainError(await sluice(['run', 'select', corpus, '-o', join(corpus, 'out')]), 2, [/lies inside the input/])
    expectPlainError(await sluice(['run', 'select', corpus, '-o', '-']), 2, [/output folder/])
  })

  it('looks for the seed data before it asks a model', async () => {
    const run = await sluice(
      [
        'run',
        'reinstruct',
        corpus,
        '-o',
        join(folder, 's'),
        '--model',
        'openai:x',
        '--endpoint',
        'http://127.0.0.1:9/v1',
      ].concat(['--seed-data', join(folder, 'seedz.jsonl'), '-q']),
    )
    expectPlainError(run, 2, [/seedz\.jsonl/])
  })

  it('asks for the model and the output', async () => {
    const run = await sluice(['run', 'reinstruct', corpus, '-o', join(folder, 'm'), '-q'])
    expectPlainError(run, 2, [/--model/, /smollm2/])
    expectPlainError(await sluice(['run', 'select', corpus]), 2, [/output folder/, /-o/])
  })

  it('names file, line and column of a broken config file, and the key it does not know', async () => {
    const config = join(folder, 'run.yaml')
    await writeFile(config, 'select: 10\nselect: 20\n')
    expectPlainError(await select([corpus], '--config', config), 2, [/run\.yaml:2:1/])
    await writeFile(config, 'clustrs: 10\n')
    expectPlainError(await select([corpus], '--config', config), 2, [/clustrs/, /clusters/])
  })

  it('prints help for every verb and recipe', async () => {
    const help = await sluice(['--help'])
    const verbs = [...help.stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, verb]) => verb!)
    expect(verbs).toEqual(expect.arrayContaining(['run', 'select', 'convert', 'head', 'stats', 'models', 'demo']))
    for (const words of [...verbs.filter((verb) => verb !== 'help').map((verb) => [verb]), ['run', 'reinstruct']]) {
      const { code, stdout } = await sluice([...words, '--help'])
      expect(code, words.join(' ')).toBe(0)
      expect(stdout, words.join(' ')).toContain('Example:')
    }
  })
})

describe('a bad endpoint', () => {
  let server: OpenAiServer
  const ask = (endpoint: string, out: string, env: NodeJS.ProcessEnv = {}) =>
    sluice(
      ['run', 'reinstruct', corpus, '-o', join(folder, out), '--selector', 'light', '--select', '20', '-q'].concat(
        ...[['--model', 'openai:toy', '--endpoint', endpoint]],
      ),
      { env: { OPENAI_API_KEY: 'sk-CANARY-client', ...env } },
    )

  it('is refused when nobody listens', async () => {
    server = await startOpenAiServer()
    const { url } = server
    await server.close()
    const run = await ask(url, 'nobody')
    expectPlainError(run, 5, [/127\.0\.0\.1/, /fix:/])
    expect(await readdir(join(folder, 'nobody'))).toEqual(['.sluice'])
  }, 60_000)

  it('is refused when it does not take the key, at once and without naming the key', async () => {
    server = await startOpenAiServer({ faults: { 401: 1 } })
    const run = await ask(server.url, 'refused')
    const calls = server.seen.length
    await server.close()
    expectPlainError(run, 4, [/401/, /fix:/])
    expect(run.stderr).not.toMatch(/CANARY/)
    expect(calls).toBeLessThanOrEqual(8)
    expect(await readdir(join(folder, 'refused'))).toEqual(['.sluice'])
  })

  it('is refused within seconds even while other calls hang', async () => {
    let asked = 0
    server = await startOpenAiServer({ script: () => (++asked < 10 ? undefined : asked === 14 ? '401' : 'hang') })
    const began = Date.now()
    const run = await ask(server.url, 'hanging')
    const tookMs = Date.now() - began
    await server.close()
    expect(run.code).toBe(4)
    // A hung call alone would be waited for a minute.
    expect(tookMs).toBeLessThan(30_000)
  }, 90_000)

  it('must be https unless it is this machine', async () => {
    expectPlainError(await ask('http://models.example.com/v1', 'plain'), 2, [/https/, /--allow-http/])
  })
})

describe('a promise that is never settled', () => {
  it('is a bug that is told, not an end in silence', async () => {
    const lost = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module'
      fs.promises.open = () => new Promise(() => {}); syncBuiltinESMExports()`
    const preload = `data:text/javascript,${encodeURIComponent(lost)}`
    const finished = await sluice(['head', join(corpus, 'shard-0.jsonl')], { preload })
    expectPlainError(finished, 70, [/error E_BUG: nothing is left to wait for/])
  })
})
