import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeProseShards } from '../prose.js'
import { toyReply } from '../recipes/toy-model.js'
import { rowsOf } from '../recipes/whole-run.js'
import { startFilesServer } from '../server/files-server.mjs'
import { startHubServer } from '../server/hub-server.mjs'
import { type Fault, startOpenAiServer } from '../server/openai-server.mjs'
import { startSluice } from './sluice.js'

/** With characters that a URL escapes. */
const key = 'CANARY/client+key&4711=secret'

let folder: string
let corpus: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-secrets-'))
  corpus = join(folder, 'corpus')
  await writeProseShards(corpus, 1, 60)
  await writeFile(join(folder, 'key'), `${key}\n`, { mode: 0o600 })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The key as it may be written: plain, escaped for a URL, and in base64 at each of its three alignments. */
const forms = [
  key,
  encodeURIComponent(key),
  ...[0, 1, 2].map((shift) => {
    const encoded = Buffer.from(' '.repeat(shift) + key).toString('base64')
    return encoded.slice(shift + 1, -4)
  }),
]
const hits = (text: string) => forms.filter((form) => text.includes(form))

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** Runs a command; gives everything that it said or wrote below `out`, and what `ps` showed. */
async function everythingOf(args: readonly string[], out: string, env: Record<string, string>) {
  const { child, finished } = startSluice(args, { env: { SLUICE_DEBUG: '1', ...env } })
  const shown = await readFile(`/proc/${child.pid}/cmdline`, 'utf8').catch(() => '')
  const { code, stdout, stderr } = await finished
  const files = await filesBelow(out)
  const texts = await Promise.all(files.map((path) => readFile(path, 'latin1')))
  return { code, files, said: stdout + stderr, everything: [shown, stdout, stderr, ...texts].join('\n') }
}

/** A whole run against a server of faults, recorded too, and the keys that the server was sent. */
async function runOf(
  name: string,
  script: (attempt: number) => Fault | undefined,
  args: string[] = [],
  env = {},
  model = 'openai:toy',
) {
  const server = await startOpenAiServer({ reply: toyReply, script })
  const out = join(folder, name)
  const command = [
    ...['run', 'reinstruct', corpus, '-o', join(out, 'run'), '--selector', 'light', '--select', '10'],
    ...['--model', model, '--endpoint', server.url, '--record', join(out, 'recording.jsonl'), ...args],
  ]
  await mkdir(out)
  const everything = await everythingOf(command, out, env)
  const sent = server.seen.map(({ headers }) => headers.authorization)
  await server.close()
  return { ...everything, sent }
}

const faults: [string, (attempt: number) => Fault | undefined, number][] = [
  ['answered', () => undefined, 0],
  ['refused', () => '401', 4],
  // Said back by the server in an error, plain and escaped, before it answers.
  ['echoed', (attempt) => (attempt < 3 ? 'echo-key' : undefined), 0],
]

describe('a key', () => {
  it('would be found in any of its forms', () => {
    for (const text of [key, encodeURIComponent(key)]) expect(hits(`token=${text}.`)).not.toEqual([])
    for (const before of ['', 'a', 'ab', 'Bearer ']) {
      expect(hits(Buffer.from(`${before}${key} and more`).toString('base64'))).not.toEqual([])
    }
  })

  it.each(faults)(
    'from the environment is nowhere in what a run says or writes: %s',
    async (name, script, exitCode) => {
      const { code, sent, everything } = await runOf(`env-${name}`, script, [], { OPENAI_API_KEY: key })
      expect(code).toBe(exitCode)
      expect(new Set(sent)).toEqual(new Set([`Bearer ${key}`]))
      expect(hits(everything)).toEqual([])
      expect(everything).not.toContain('LEAKCANARY')
    },
  )

  it.each(faults)('from a file is nowhere either: %s', async (name, script, exitCode) => {
    const { code, sent, everything } = await runOf(`file-${name}`, script, ['--api-key-file', join(folder, 'key')])
    expect(code).toBe(exitCode)
    expect(new Set(sent)).toEqual(new Set([`Bearer ${key}`]))
    expect(hits(everything)).toEqual([])
  })

  it.each(faults)('but for a model by Hugging Face is nowhere either: %s', async (name, script, exitCode) => {
    const { code, said, sent, everything } = await runOf(`hf-${name}`, script, [], { HF_TOKEN: key }, 'hf:us/toy')
    expect(code, said).toBe(exitCode)
    expect(new Set(sent)).toEqual(new Set([`Bearer ${key}`]))
    expect(hits(everything)).toEqual([])
    expect(everything).not.toContain('LEAKCANARY')
  })

  it('is refused from a file that others may read, or that holds more than a key', async () => {
    const open = join(folder, 'open-key')
    await writeFile(open, key, { mode: 0o644 })
    const others = await runOf('open', () => undefined, ['--api-key-file', open])
    expect([others.code, others.sent]).toEqual([2, []])
    expect(others.said).toMatch(/Others than its owner may read[\s\S]*chmod 600/)
    const two = join(folder, 'two-keys')
    await writeFile(two, `${key}\n${key}\n`, { mode: 0o600 })
    const more = await runOf('two', () => undefined, ['--api-key-file', two])
    expect(more.code).toBe(2)
    expect(hits(more.everything)).toEqual([])
  })
})

describe('a key that is not for the model', () => {
  const embedding = (url: string) => [
    ...['run', 'select', corpus, '--select', '10'],
    ...['--embedder', 'openai:toy', '--embedder-endpoint', url],
  ]

  it.each(faults)('but for an embedding endpoint is nowhere: %s', async (name, script, exitCode) => {
    const server = await startOpenAiServer({ script })
    const out = join(folder, `embedding-${name}`)
    const { code, said, everything } = await everythingOf([...embedding(server.url), '-o', out], out, {
      OPENAI_API_KEY: key,
    })
    await server.close()
    expect(code, said).toBe(exitCode)
    expect(new Set(server.seen.map(({ headers }) => headers.authorization))).toEqual(new Set([`Bearer ${key}`]))
    expect(hits(everything)).toEqual([])
  })

  it.each([
    ['let in', key, 0],
    ['refused', 'hf_another-token', 4],
  ])('but for the hub is nowhere: %s', async (name, wanted, exitCode) => {
    const commit = 'a'.repeat(40)
    const text = await readFile(join(corpus, 'shard-0.jsonl'))
    const commits = { [commit]: { 'data/shard-0.jsonl': text } }
    const hub = await startHubServer({ repository: 'us/prose', commits, branches: { main: commit }, token: wanted })
    const out = join(folder, `hub-${name}`)
    const args = ['run', 'select', 'hf://datasets/us/prose/data', '--select', '10', '-o', out]
    const { code, said, everything } = await everythingOf(args, out, { HF_TOKEN: key, HF_ENDPOINT: hub.url })
    await hub.close()
    expect(code, said).toBe(exitCode)
    expect(new Set(hub.seen.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${key}`]))
    expect(hits(everything)).toEqual([])
  })

  it('but for a bucket that says it back is nowhere', async () => {
    const script = () => ({ status: 403, body: `<Error><Message>No: ${key} ${btoa(key)}</Message></Error>` })
    const bucket = await startFilesServer({ files: {}, script })
    const out = join(folder, 'bucket')
    const args = ['run', 'select', 's3://corpus/data/*.jsonl', '--select', '10', '-o', out]
    const { code, said, everything } = await everythingOf(args, out, {
      ...{ AWS_ENDPOINT_URL: bucket.url, AWS_REGION: 'eu-north-1' },
      ...{ AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: key, AWS_SESSION_TOKEN: `${key}/session` },
    })
    await bucket.close()
    expect(code, said).toBe(4)
    expect(bucket.seen.length).toBeGreaterThan(0)
    expect(hits(everything)).toEqual([])
  })
})

describe('a key of each endpoint', () => {
  const own = 'CANARY/embedder+key&4712=secret'

  /** A run whose model and embedder are asked at two servers, or at one, and the keys that each of them was sent. */
  async function runOfBoth(name: string, args: string[], env: Record<string, string>, atOne = false) {
    const model = await startOpenAiServer({ reply: toyReply })
    const embedder = atOne ? model : await startOpenAiServer()
    const out = join(folder, name)
    const command = [
      ...['run', 'reinstruct', corpus, '-o', out, '--selector', 'light', '--select', '10'],
      ...['--model', 'openai:toy', '--endpoint', model.url],
      ...['--embedder', 'openai:toy', '--embedder-endpoint', embedder.url, ...args],
    ]
    const all = await everythingOf(command, out, env)
    const sent = ({ seen }: typeof model, path: string) => [
      ...new Set(seen.filter((each) => each.path.endsWith(path)).map(({ headers }) => headers.authorization)),
    ]
    const keys = { model: sent(model, '/chat/completions'), embedder: sent(embedder, '/embeddings') }
    await model.close()
    if (!atOne) await embedder.close()
    return { ...all, keys }
  }

  it.each<[string, string[]]>([
    ['variable', ['--embedder-api-key-env', 'EMBEDDER_KEY']],
    ['file', ['--embedder-api-key-file', 'own-key']],
  ])('goes to that endpoint alone, and is nowhere in what a run says or writes: from a %s', async (name, given) => {
    const path = join(folder, 'own-key')
    await writeFile(path, own, { mode: 0o600 })
    const args = given.map((each) => (each === 'own-key' ? path : each))
    const env = { OPENAI_API_KEY: key, EMBEDDER_KEY: own }
    const { code, said, keys, everything } = await runOfBoth(`both-${name}`, args, env)
    expect(code, said).toBe(0)
    expect(keys).toEqual({ model: [`Bearer ${key}`], embedder: [`Bearer ${own}`] })
    expect(hits(everything)).toEqual([])
    expect(everything).not.toMatch(/CANARY|4712/)
  })

  it('is not sent to an embedder of another host where only the model has one', async () => {
    const args = ['--api-key-file', join(folder, 'key')]
    const { code, said, keys } = await runOfBoth('model-alone', args, { OPENAI_API_KEY: key })
    expect(code, said).toBe(0)
    expect(keys).toEqual({ model: [`Bearer ${key}`], embedder: [undefined] })
  })

  it('serves both where both are asked at one host', async () => {
    const { code, said, keys } = await runOfBoth('one-host', [], { OPENAI_API_KEY: key }, true)
    expect(code, said).toBe(0)
    expect(keys).toEqual({ model: [`Bearer ${key}`], embedder: [`Bearer ${key}`] })
  })

  it('is sent by `explain` only where it is named, whatever host the folder of a run names', async () => {
    const server = await startOpenAiServer({ reply: toyReply })
    const out = join(folder, 'explained')
    const command = [
      ...['run', 'reinstruct', corpus, '-o', out, '--selector', 'light', '--select', '5', '--samples', '2', '-q'],
      ...['--model', 'openai:toy', '--endpoint', server.url],
      ...['--embedder', 'openai:toy', '--embedder-endpoint', server.url, '--api-key-file', join(folder, 'key')],
    ]
    const { code, said } = await everythingOf(command, out, {})
    expect(code, said).toBe(0)
    const [row] = await rowsOf(join(out, 'data'))
    const sentBy = async (args: readonly string[]) => {
      const from = server.seen.length
      const env = { OPENAI_API_KEY: key, EMBEDDER_KEY: own }
      const explained = await everythingOf(['explain', out, String(row!.id), ...args], out, env)
      expect(explained.code, explained.said).toBe(0)
      return [...new Set(server.seen.slice(from).map(({ headers }) => headers.authorization))]
    }
    expect(await sentBy([])).toEqual([undefined])
    expect(await sentBy(['--embedder-api-key-env', 'EMBEDDER_KEY'])).toEqual([`Bearer ${own}`])
    await server.close()
  })
})

describe('what a run leaves', () => {
  it('may be read by others but for its journal, which holds prompts and replies', async () => {
    const { code, files } = await runOf('modes', () => undefined, [], { OPENAI_API_KEY: key })
    expect(code).toBe(0)
    const out = join(folder, 'modes', 'run')
    expect((await stat(join(out, '.sluice', 'journal'))).mode & 0o777).toBe(0o700)
    for (const path of files.filter((each) => each.startsWith(`${out}/`))) {
      const { mode } = await stat(path)
      expect([path, (mode & 0o777).toString(8)]).toEqual([path, path.includes('/journal/') ? '600' : '644'])
    }
  })
})
