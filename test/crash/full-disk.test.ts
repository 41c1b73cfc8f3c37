// A disk that is really full: a small file system in memory, where this user may mount one, and a limit on the size of files.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sluice } from '../cli/sluice.js'
import { toyEvolution } from '../recipes/toy-model.js'
import { type OpenAiServer, startOpenAiServer } from '../server/openai-server.mjs'

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const exec = promisify(execFile)

let folder: string
let server: OpenAiServer
let expected: Record<string, string>
let perRun: number
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-full-'))
  const rows = Array.from({ length: 1000 }, (_, n) =>
    JSON.stringify({ instruction: `Describe item ${n} of the list.` }),
  )
  await writeFile(join(folder, 'instructions.jsonl'), `${rows.join('\n')}\n`)
  server = await startOpenAiServer({ reply: toyEvolution })
  const calm = await sluice(command(join(folder, 'calm')))
  expect(calm.code, calm.stderr).toBe(0)
  expected = await outputOf(join(folder, 'calm'))
  perRun = server.totalPaid
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const command = (out: string) => [
  ...['run', 'evol-instruct', join(folder, 'instructions.jsonl'), '-o', out, '--rounds', '2', '-q'],
  ...['--model', 'openai:toy', '--endpoint', server.url],
]

/** What a reader of the run's folder sees. */
async function outputOf(out: string): Promise<Record<string, string>> {
  const names = (await readdir(out, { recursive: true })).filter((name) => !/^\.sluice|^data$/.test(name)).sort()
  return Object.fromEntries(await Promise.all(names.map(async (n) => [n, await readFile(join(out, n), 'base64')])))
}

/** A run that stopped with exit code 6 for want of room is valid so far, and the same command completes it. */
async function expectResume(out: string, { code, stderr }: { code: number | null; stderr: string }, why: RegExp) {
  expect(code, stderr).toBe(6)
  expect(stderr).toMatch(why)
  expect(stderr).toContain(out)
  const verified = await sluice(['verify', out, '--json'])
  expect(JSON.parse(verified.stdout)).toMatchObject({ damaged: [], missing: 0 })
  const resumed = await sluice(command(out))
  expect(resumed.code, resumed.stderr).toBe(0)
  expect(await outputOf(out)).toEqual(expected)
}

describe('a run on a disk that is full', () => {
  it.each(['300k', '1m'])('of %s stops with exit code 6, and completes when there is room', async (size) => {
    const disk = join(folder, size)
    await mkdir(disk)
    const mounted = await exec('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]).catch((error) => error)
    if (mounted instanceof Error) return console.warn(`not tested, as this user may not mount: ${mounted.message}`)
    try {
      const paid = server.totalPaid
      const full = await sluice(command(join(disk, 'out')))
      await exec('mount', ['-o', 'remount,size=64m', disk])
      await expectResume(join(disk, 'out'), full, /ENOSPC/)
      // Beyond what a run needs, no more than the replies to the rows under way, four for each call in flight, that found no room.
      expect(server.totalPaid - paid).toBeLessThanOrEqual(perRun + 4 * 8)
      console.log(`${size}: ${full.stderr.split('\n')[0]!.replace(disk, '')}`)
    } finally {
      await exec('umount', [disk])
    }
  })

  it('that takes no file of more than 200 KB stops with exit code 6, and completes when it does', async () => {
    const out = join(folder, 'small-files')
    const limited = await exec('bash', [
      '-c',
      'ulimit -f 200 && exec "$0" "$@"',
      process.execPath,
      cli,
      ...command(out),
    ]).catch((error) => error)
    await expectResume(out, limited, /EFBIG/)
  })
})
