import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { writeProseShards } from '../prose.js'

const loop = fileURLToPath(new URL('./failing-fs-loop.mjs', import.meta.url))

/**
 * Every so many file-system calls one is made to fail; 1 fails each in its turn. Of the first 60, each fails with one of
 * the codes in any case.
 */
const step = Number(process.env.SLUICE_FAULT_STEP ?? 60)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-disk-'))
  await writeProseShards(join(folder, 'corpus'), 2, 20)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Trial = { n: number | null; failed?: string; error?: string; exit?: number; partial: string[]; same: boolean }

/** Runs the loop in a process of its own and gives its trials. */
function trials(job: string, code: string, from: number): Promise<{ trials: Trial[]; stderr: string }> {
  const out = join(folder, `${job}-${code}`)
  const args = [loop, job, join(folder, 'corpus'), out, code, String(from), String(step)]
  const child = spawn(process.execPath, args)
  onTestFinished(() => void child.kill())
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  }
  return new Promise((resolve) => {
    child.on('close', () => {
      const lines = texts.stdout.split('\n').filter((line) => line !== '')
      resolve({ trials: lines.map((line) => JSON.parse(line) as Trial), stderr: texts.stderr })
    })
  })
}

const codes = ['ENOSPC', 'EIO', 'EMFILE']
// Each code begins at another call, so that together they fail every one of the first.
const cases = ['run', 'dedup', 'convert'].flatMap((job) => codes.map((code, at) => [job, code, at + 1] as const))

describe('a disk that fails', () => {
  it.each(cases)(
    'at any call of `%s` with %s ends it with one plain error or none, and the same again gives the same bytes',
    async (job, code, from) => {
      const { trials: all, stderr } = await trials(job, code, from)
      expect(stderr).not.toMatch(/Error|garbage collection/)
      expect(all.length).toBeGreaterThan(3)
      // The last ones fail no call, since there are none left.
      expect(all.at(-1)!.error).toBeUndefined()
      for (const trial of all) {
        expect(trial, JSON.stringify(trial)).toMatchObject({ same: true, partial: [] })
        if (trial.error !== undefined) expect(trial, JSON.stringify(trial)).toMatchObject({ exit: 6 })
      }
      const stopped = all.filter(({ error }) => error !== undefined).length
      console.log(`${job}, ${code}: ${all.length} trials, ${stopped} stopped with exit 6, all the same when done again`)
    },
    600_000,
  )
})
