// Names that lead elsewhere, from wherever a run takes names: nothing is written outside its output.
import {
  appendFile,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paragraph } from '../prose.js'
import { toyReply } from '../recipes/toy-model.js'
import { startFilesServer } from '../server/files-server.mjs'
import { startHubServer } from '../server/hub-server.mjs'
import { startOpenAiServer } from '../server/openai-server.mjs'
import { sluice } from './sluice.js'

const hostile = [
  '../up',
  '../../../../up',
  '/up',
  '..\\..\\up',
  '%2e%2e%2fup',
  '..%2f..%2fup',
  'data/../../up',
  'nul\0up',
  'CON',
  '~/up',
  '..',
  'x'.repeat(300),
  'line\nbreak',
]

/** Holds the corpus, the working folder and the home of each command, three folders down from the root that is watched. */
let root: string
let place: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-outside-'))
  place = join(root, 'a', 'b', 'c')
  await mkdir(join(place, 'corpus'), { recursive: true })
  await mkdir(join(place, 'home'))
  // Those of the names that can be one of a file.
  const names = hostile.filter((name) => !/[/\0]|^\.\.$/.test(name) && name.length < 200)
  for (const [at, name] of names.entries()) {
    const rows = hostile.map((id, n) => ({
      id: `${id}${at}`,
      text: paragraph(`${at}-${n}`),
      source: id,
      instruction: id,
    }))
    await writeFile(join(place, 'corpus', `${name}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  }
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** Every file and folder below the root but those of `out`, with what would change if it were written. */
async function outside(out: string): Promise<string[]> {
  const names = (await readdir(root, { recursive: true }))
    .map((name) => join(root, name))
    .filter((path) => !path.startsWith(out))
  const files = await Promise.all(names.map(async (path) => [path, await lstat(path)] as const))
  return files
    .map(([path, { size, mtimeMs }]) => `${path} ${path === join(out, '..') ? '' : `${size} ${mtimeMs}`}`)
    .sort()
}

let runs = 0
/** A run whose folder is copied for each link. */
let made: ReturnType<typeof expectInside> | undefined

/** Runs a command with an output of its own, which is all that may have changed after it; gives its exit code. */
async function expectInside(
  args: (out: string) => string[],
  env = {},
): Promise<{ out: string; code: number | null; stderr: string }> {
  const out = join(place, `out-${runs++}`)
  const before = await outside(out)
  const home = join(place, 'home')
  const done = await sluice(args(out), { cwd: place, env: { HOME: home, XDG_CACHE_HOME: home, HF_HOME: home, ...env } })
  expect(await outside(out)).toEqual(before)
  return { out, ...done }
}

describe('names that lead elsewhere write nothing there', () => {
  it.each([
    ['select', '--select', '5', '--id-column', 'id'],
    ['dedup', '--id-column', 'id'],
    ['embed', '--id-column', 'id'],
    ['filter', '--rules', 'length', '--id-column', 'id'],
  ])('as shards and ids: run %s', async (...args) => {
    const { code, stderr } = await expectInside((out) => ['run', ...args, 'corpus', '-o', out, '-q'])
    expect(code, stderr).toBe(0)
  })

  it('as shards, ids and instructions of a run that asks a model, explained by them too', async () => {
    const server = await startOpenAiServer({ reply: toyReply })
    const model = ['--model', 'openai:toy', '--endpoint', server.url, '--id-column', 'id', '--selector', 'light']
    const { out, code, stderr } = await expectInside((out) => [
      'run',
      'reinstruct',
      'corpus',
      '-o',
      out,
      ...model,
      '--select',
      '9',
    ])
    expect(code, stderr).toBe(0)
    for (const id of ['../up1', '../../up#0', `${'../'.repeat(9)}etc/passwd#1`]) {
      expect((await expectInside(() => ['explain', out, id])).code).toBeLessThan(3)
    }
    await server.close()
  })

  it('as shards that convert cuts', async () => {
    const { code, stderr } = await expectInside((out) => [
      'convert',
      'corpus',
      '-o',
      out,
      '--shard-rows',
      '20',
      '--to',
      'jsonl',
      '-q',
    ])
    expect(code, stderr).toBe(0)
  })

  it('as what a hub lists', async () => {
    const commit = 'a'.repeat(40)
    const text = `${JSON.stringify({ text: paragraph('hub') })}\n`
    const paths = hostile.map((name) => `${name}.jsonl`)
    const hub = await startHubServer({
      ...{
        repository: 'us/prose',
        branches: { main: commit },
        commits: { [commit]: Object.fromEntries(paths.map((path) => [path, text])) },
      },
      entries: paths.map((path) => ({ type: 'file', path, size: text.length, oid: 'b'.repeat(40) })),
    })
    for (const command of [
      ['run', 'select', '--select', '2'],
      ['convert', '--shard-rows', '1', '--to', 'jsonl'],
    ]) {
      const { code } = await expectInside((out) => [...command, 'hf://datasets/us/prose', '-o', out, '-q'], {
        HF_ENDPOINT: hub.url,
      })
      expect([0, 2, 3, 5]).toContain(code)
    }
    await hub.close()
  })

  it('as what a bucket lists', async () => {
    const keys = hostile
      .filter((name) => !name.includes('\0'))
      .map((name) => `<Contents><Key>data/${name}.jsonl</Key><Size>12</Size></Contents>`)
    const script = () => ({
      status: 200,
      body: `<ListBucketResult><IsTruncated>false</IsTruncated>${keys.join('')}</ListBucketResult>`,
    })
    const bucket = await startFilesServer({ files: {}, script })
    const env = {
      AWS_ENDPOINT_URL: bucket.url,
      AWS_REGION: 'eu-north-1',
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
    }
    const { code } = await expectInside(
      (out) => ['run', 'select', 's3://corpus/data/*.jsonl', '--select', '2', '-o', out, '-q'],
      env,
    )
    expect(bucket.seen.length).toBeGreaterThan(0)
    expect([0, 2, 3, 5]).toContain(code)
    await bucket.close()
  })

  it('as what the folder of a run says of itself, which somebody else may have made', async () => {
    const { out } = await expectInside((out) => ['run', 'select', 'corpus', '--select', '5', '-o', out, '-q'])
    const state = (of: string, name: string) => join(of, '.sluice', name)
    const published = JSON.parse(await readFile(state(out, 'published.json'), 'utf8'))
    const [line] = (await readFile(state(out, 'manifest.jsonl'), 'utf8')).split('\n')
    const entry = JSON.parse(line!)
    for (const name of ['../home', '/home', 'data/../../home']) {
      const resume = (of: string) => ['run', 'select', join(place, 'corpus'), '--select', '5', '-o', of, '-q']
      const shown = await expectInside((of) => ['verify', of])
      await cp(out, shown.out, { recursive: true, preserveTimestamps: true })
      await writeFile(
        state(shown.out, 'published.json'),
        JSON.stringify({ version: 'another', names: [...published.names, name] }),
      )
      const before = await outside(shown.out)
      expect((await sluice(resume(shown.out))).code, name).toBe(3)
      await writeFile(state(shown.out, 'published.json'), JSON.stringify(published))
      await appendFile(
        state(shown.out, 'manifest.jsonl'),
        `${JSON.stringify({ ...entry, task: { id: name }, files: [{ name, bytes: 1, sha256: '' }] })}\n`,
      )
      for (const args of [resume(shown.out), ['verify', shown.out], ['status', shown.out]])
        expect((await sluice(args)).code, name).toBe(3)
      expect(await outside(shown.out)).toEqual(before)
    }
  })

  it.each([
    '.sluice',
    '.sluice/artifacts',
    '.sluice/journal',
    '.sluice/manifest.jsonl',
    '.sluice/plan.json',
    '.sluice/spent.json',
    'data',
  ])('as symbolic links in the folder of a run: %s', async (name) => {
    made ??= expectInside((out) => ['run', 'select', 'corpus', '--select', '5', '-o', out, '-q'])
    for (const isDangling of [false, true]) {
      const out = join(place, `out-${runs++}`)
      await cp((await made).out, out, { recursive: true, preserveTimestamps: true })
      const elsewhere = join(root, `elsewhere-${runs}`)
      // A selection has no journal, and has spent nothing.
      await rename(join(out, name), elsewhere).catch(() => {})
      await symlink(elsewhere, join(out, name))
      // Of the result something must be left to show.
      if (isDangling || name === 'data') await rm(elsewhere, { recursive: true, force: true })
      if (!isDangling && name === 'data') await mkdir(elsewhere)
      const before = await outside(out)
      const { code, stderr } = await sluice(['run', 'select', join(place, 'corpus'), '--select', '5', '-o', out, '-q'])
      expect([code, stderr]).toEqual([3, expect.stringContaining('symbolic link')])
      expect(await outside(out)).toEqual(before)
      await rm(elsewhere, { recursive: true, force: true })
    }
  })
})
