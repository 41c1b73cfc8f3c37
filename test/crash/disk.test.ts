import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sluice } from '../cli/sluice.js'
import { writeProseShards } from '../prose.js'
import { toyReply } from '../recipes/toy-model.js'
import { startOpenAiServer } from '../server/openai-server.mjs'

const loop = fileURLToPath(new URL('./failing-fs-loop.mjs', import.meta.url))

/**
 * Every so many file-system calls one is made to fail; 1 fails each in its turn. Of the first 60, each fails with one of
 * the codes in any case.
 */
const step = Number(process.env.SLUICE_FAULT_STEP ?? 40)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-disk-'))
  await writeProseShards(join(folder, 'corpus'), 2, 20)
  const server = await startOpenAiServer({ reply: toyReply })
  const { code, stderr } = await sluice([
    ...['run', 'reinstruct', join(folder, 'corpus'), '-o', join(folder, 'asked'), '--selector', 'light', '-q'],
    ...['--select', '6', '--coreset-rows', '64', '--model', 'openai:toy', '--endpoint', server.url],
    ...['--record', join(folder, 'recording.jsonl')],
  ])
  await server.close()
  expect(code, stderr).toBe(0)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Trial = { n: number; failed?: string; error?: string; exit?: number; same: boolean; resumed?: string }

/** Runs the loop in a process of its own and gives its trials. */
function trials(code: string, from: number): Promise<{ trials: Trial[]; stderr: string }> {
  const child = spawn(process.execPath, [loop, folder, code, String(from), String(step)])
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

describe('a disk that fails', () => {
  it.each(['ENOSPC', 'EIO', 'EMFILE'].map((code, from) => [code, from + 1] as const))(
    'with %s at any call ends the run with one plain error or none, and the run resumes with the same bytes',
    async (code, from) => {
      const { trials: all, stderr } = await trials(code, from)
      expect(stderr).not.toMatch(/Error/)
      expect(all.length).toBeGreaterThan(3)
      // The last ones fail no call, since there are none left.
      expect(all.at(-1)!.error).toBeUndefined()
      for (const trial of all) {
        expect(trial, JSON.stringify(trial)).toMatchObject({ same: true })
        if (trial.error !== undefined) expect(trial, JSON.stringify(trial)).toMatchObject({ exit: 6 })
      }
      const stopped = all.filter(({ error }) => error !== undefined).length
      console.log(`${code}: ${all.length} trials, ${stopped} stopped with exit 6, all resumed with the same bytes`)
    },
    600_000,
  )
})
